"""AWS as the doctor looks at it: what is asked, what is made of the answers, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sosw.aws.inspector import AwsInspector, expected_tables
from sosw.domain.surroundings import CouldNotLook, FeedFacts, FunctionFacts, QueueFacts, RuleFacts

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:sales"
ROLE = "arn:aws:iam::123456789012:role/sosw-orchestrator"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/sosw-nightly-undelivered"


class Aws:
    """Answers by operation: a value, an error's code, or an exception; notes what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked, self.made = answers, list[tuple[str, dict[str, Any]]](), list[str]()

    def client(self, service: str) -> Any:
        self.made.append(service)
        make: Any = boto3.client
        client = make(service, region_name="eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
        client._make_api_call = self._answer
        return client

    def _answer(self, operation: str, asked: dict[str, Any]) -> Any:
        self.asked.append((operation, asked))
        answer = self.answers[operation]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": "as the test says"}}, operation)
        return answer


def inspector(**answers: Any) -> AwsInspector:
    return AwsInspector(client=Aws(**answers).client)


CONFIGURATION = {"FunctionArn": FUNCTION, "Role": ROLE, "Timeout": 60, "State": "Active"}


def test_a_function_of_which_nothing_was_said_is_invoked_as_lambda_does_by_itself() -> None:
    found = inspector(GetFunctionConfiguration=CONFIGURATION, ListFunctionEventInvokeConfigs={}).function("sales")
    assert found == FunctionFacts(
        arn=FUNCTION, role=ROLE, timeout=timedelta(seconds=60), retries=2, max_age=timedelta(hours=6)
    )


@pytest.mark.parametrize(
    ("name", "asked", "retries"),
    [
        ("sales", "sales", 0), (FUNCTION, FUNCTION, 0), (f"{FUNCTION}:live", FUNCTION, 1), ("sales:live", "sales", 1),
        ("123456789012:function:sales:live", "123456789012:function:sales", 1), ("sales:old", "sales", 2),
    ],
)  # fmt: skip
def test_how_events_wait_is_that_of_the_version_that_is_invoked(name: str, asked: str, retries: int) -> None:
    dead = "arn:aws:sqs:eu-west-1:123456789012:dead"
    configs = [
        {
            "FunctionArn": f"{FUNCTION}:$LATEST", "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60,
            "DestinationConfig": {"OnFailure": {"Destination": dead}},
        },
        {"FunctionArn": f"{FUNCTION}:live", "MaximumRetryAttempts": 1},
    ]  # fmt: skip
    aws = Aws(
        GetFunctionConfiguration={**CONFIGURATION, "DeadLetterConfig": {"TargetArn": f"{dead}-too"}},
        ListFunctionEventInvokeConfigs={"FunctionEventInvokeConfigs": configs},
    )
    found = AwsInspector(client=aws.client).function(name)
    assert found is not None
    assert (found.retries, aws.asked[1][1], aws.made) == (retries, {"FunctionName": asked}, ["lambda"])
    assert found.dead_letters == ((dead, f"{dead}-too") if retries == 0 else (f"{dead}-too",))


@pytest.mark.parametrize(
    ("look", "operation", "code", "nothing"),
    [
        (lambda i: i.function("sales"), "GetFunctionConfiguration", "ResourceNotFoundException", None),
        (lambda i: i.rules(FUNCTION), "ListRuleNamesByTarget", "ResourceNotFoundException", []),
        (lambda i: i.feeds(FUNCTION), "ListEventSourceMappings", "ResourceNotFoundException", []),
        (lambda i: i.queues("sosw-"), "ListQueues", "QueueDoesNotExist", []),
        (lambda i: i.queue(QUEUE), "GetQueueAttributes", "AWS.SimpleQueueService.NonExistentQueue", None),
        (lambda i: i.queue("arn:aws:sqs:eu-west-1:1:gone"), "GetQueueUrl", "QueueDoesNotExist", None),
        (lambda i: i.table("sosw-tasks"), "DescribeTable", "ResourceNotFoundException", None),
    ],
)
def test_what_is_not_there_is_none_and_what_may_not_be_seen_is_told(
    look: Callable[[AwsInspector], Any], operation: str, code: str, nothing: Any
) -> None:
    assert look(inspector(**{operation: code})) == nothing
    with pytest.raises(CouldNotLook, match=rf":{operation}: the credentials in use do not allow it \(AccessDenied"):
        look(inspector(**{operation: "AccessDeniedException"}))
    with pytest.raises(CouldNotLook, match="as the test says"):
        look(inspector(**{operation: "InternalFailure"}))
    with pytest.raises(CouldNotLook, match="Could not connect"):
        look(inspector(**{operation: EndpointConnectionError(endpoint_url="http://aws")}))


def test_rules_are_those_that_start_the_function() -> None:
    aws = Aws(
        ListRuleNamesByTarget={"RuleNames": ["every-minute"]},
        DescribeRule={"Name": "every-minute", "ScheduleExpression": "rate(1 minute)", "State": "ENABLED"},
    )
    found = AwsInspector(client=aws.client).rules(FUNCTION)
    assert found == [RuleFacts(name="every-minute", schedule="rate(1 minute)", is_enabled=True)]
    assert aws.asked[0] == ("ListRuleNamesByTarget", {"TargetArn": FUNCTION})
    gone = inspector(ListRuleNamesByTarget={"RuleNames": ["r"]}, DescribeRule="ResourceNotFoundException")
    assert gone.rules(FUNCTION) == []


def test_only_a_problem_of_the_last_batch_is_told() -> None:
    feeds = [
        {"UUID": "1", "EventSourceArn": "a", "State": "Enabled", "LastProcessingResult": "OK"},
        {"UUID": "2", "EventSourceArn": "b", "State": "Disabled", "LastProcessingResult": "PROBLEM: no rights"},
        {"UUID": "3"},
    ]
    assert inspector(ListEventSourceMappings={"EventSourceMappings": feeds}).feeds(FUNCTION) == [
        FeedFacts(uuid="1", source="a", state="Enabled"),
        FeedFacts(uuid="2", source="b", state="Disabled", problem="PROBLEM: no rights"),
        FeedFacts(uuid="3", source="", state=""),
    ]


def test_a_queue_is_found_by_its_url_and_by_its_arn() -> None:
    aws = Aws(
        ListQueues={"QueueUrls": [QUEUE]},
        GetQueueUrl={"QueueUrl": QUEUE},
        GetQueueAttributes={"Attributes": {"ApproximateNumberOfMessages": "7"}},
    )
    each = AwsInspector(client=aws.client)
    assert each.queues("sosw-") == [QUEUE]
    found = [each.queue(name) for name in (QUEUE, "arn:aws:sqs:eu-west-1:123456789012:sosw-nightly-undelivered")]
    assert found == [QueueFacts(name="sosw-nightly-undelivered", url=QUEUE, waiting=7)] * 2
    by_name = {"QueueName": "sosw-nightly-undelivered", "QueueOwnerAWSAccountId": "123456789012"}
    assert ("GetQueueUrl", by_name) in aws.asked


def test_a_table_off_its_stream_and_its_end_of_items_has_none() -> None:
    table = {"TableStatus": "ACTIVE", "KeySchema": []}
    off = inspector(DescribeTable={"Table": table}, DescribeTimeToLive={"TimeToLiveDescription": {}}).table("t")
    ends = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires_at"}}
    ending = inspector(DescribeTable={"Table": table}, DescribeTimeToLive=ends).table("t")
    assert off is not None
    assert ending is not None
    assert (off.stream, off.ttl, ending.ttl) == (None, None, None)


def test_what_is_not_allowed_is_simulated() -> None:
    results = [
        {"EvalActionName": "dynamodb:GetItem", "EvalDecision": "allowed"},
        {"EvalActionName": "dynamodb:PutItem", "EvalDecision": "implicitDeny"},
        {"EvalActionName": "dynamodb:Query", "EvalDecision": "explicitDeny"},
    ]
    aws = Aws(SimulatePrincipalPolicy={"EvaluationResults": results})
    actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
    assert AwsInspector(client=aws.client).forbidden(ROLE, actions, "arn") == actions[1:]
    asked = {"PolicySourceArn": ROLE, "ActionNames": actions, "ResourceArns": ["arn"]}
    assert aws.asked == [("SimulatePrincipalPolicy", asked)]
    with pytest.raises(CouldNotLook, match="there is no such role"):
        inspector(SimulatePrincipalPolicy="NoSuchEntity").forbidden(ROLE, actions, "arn")


def _statement(**fields: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "lambda:InvokeFunction", "Resource": FUNCTION}
    return {**given, **fields}


@pytest.mark.parametrize(
    ("statement", "allows"),
    [
        (_statement(), True),
        (_statement(Principal={"AWS": ["arn:other", ROLE]}, Action=["lambda:*"]), True),
        (_statement(Principal="*"), True),
        (_statement(Principal={"AWS": "arn:other"}), False),
        (_statement(Principal={"Service": "lambda.amazonaws.com"}), False),
        (_statement(Effect="Deny"), False),
        (_statement(Action="lambda:GetFunction"), False),
        (_statement(Condition={"StringEquals": {"aws:SourceAccount": "1"}}), False),
    ],
)
def test_a_function_is_invoked_by_who_its_own_policy_allows_or_whose_role_does(
    statement: dict[str, Any], *, allows: bool
) -> None:
    import json  # noqa: PLC0415

    function = FunctionFacts(arn=FUNCTION, role="", timeout=timedelta(seconds=1))
    policy = {"Policy": json.dumps({"Statement": [statement]})}
    for decision, expected in (("implicitDeny", allows), ("allowed", True)):
        simulated = {"EvaluationResults": [{"EvalActionName": "lambda:InvokeFunction", "EvalDecision": decision}]}
        each = inspector(GetPolicy=policy, SimulatePrincipalPolicy=simulated)
        assert each.may_invoke(ROLE, function) is expected
        without = inspector(GetPolicy="ResourceNotFoundException", SimulatePrincipalPolicy=simulated)
        assert without.may_invoke(ROLE, function) is (decision == "allowed")


def test_the_tables_are_those_of_the_stores() -> None:
    tables = expected_tables("east")
    assert sorted(tables) == ["east-config", "east-jobs", "east-labourers", "east-slots", "east-tasks"]
    assert (tables["east-tasks"].ttl, sorted(tables["east-jobs"].indexes)) == ("expires_at", ["month", "open"])


def test_all_tables_are_listed_and_the_place_is_told_by_its_account_and_region() -> None:
    pages = [{"TableNames": ["a", "b"], "LastEvaluatedTableName": "b"}, {"TableNames": ["c"]}]
    aws = Aws(GetCallerIdentity={"Account": "123456789012"})
    client = aws.client("dynamodb")
    client._make_api_call = lambda _operation, asked: pages[bool(asked)]
    assert AwsInspector(client=lambda _service: client).table_names() == ["a", "b", "c"]
    assert AwsInspector(client=aws.client).here() == ("123456789012", "eu-west-1")
