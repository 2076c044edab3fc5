"""The root template keeps what the local stack drops without a word: recovery, encryption, retries, rights."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

from sosw.aws.sqs import MAX_DELAY
from sosw.settings import Names

TEMPLATE = Path(__file__).parents[2] / "cloudformation" / "sosw.yaml"
FUNCTIONS = ("Scheduler", "Orchestrator", "WorkerAssistant", "Scavenger")
TABLES = ("TasksTable", "SlotsTable", "JobsTable", "LabourersTable", "ConfigTable")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    # Through JSON: plain dictionaries and lists, the short forms of functions spelt out.
    loaded: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATE))))
    return loaded


@pytest.fixture(scope="module")
def deployed(template: dict[str, Any]) -> dict[str, Any]:
    """The resources as CloudFormation gets them: what SAM makes of the template."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    plain = json.loads(json.dumps(template))
    plain["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    resources: dict[str, Any] = transform(plain, {"Runtime": "python3.13"}, _NoManagedPolicies())["Resources"]
    return resources


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def test_the_linter_finds_nothing() -> None:
    assert [str(match) for match in lint_file(TEMPLATE)] == []


def test_every_table_is_billed_on_demand_recoverable_encrypted_and_outlives_the_stack(template: dict[str, Any]) -> None:
    for name in TABLES:
        resource = template["Resources"][name]
        table = resource["Properties"]
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_bucket_is_encrypted_private_over_tls_only_emptied_in_time_and_outlives_the_stack(
    template: dict[str, Any],
) -> None:
    resource, policy = template["Resources"]["Bucket"], template["Resources"]["BucketPolicy"]["Properties"]
    bucket = resource["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "BucketEncryption" in bucket
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", {"Ref": "ArchiveDays"})
    (denied,) = policy["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert policy["Bucket"] == {"Ref": "Bucket"}


def test_functions_are_named_as_the_code_calls_them(template: dict[str, Any]) -> None:
    named = [template["Resources"][name]["Properties"]["FunctionName"]["Fn::Sub"] for name in FUNCTIONS]

    assert named == [name.replace("sosw-", "${Prefix}-", 1) for name in Names("sosw").functions]


def test_retries_of_attempts_are_ours_and_only_what_may_come_twice_is_retried_by_lambda(
    deployed: dict[str, Any],
) -> None:
    configs = {
        config["FunctionName"]["Ref"]: (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"])
        for config in of_type(deployed, "AWS::Lambda::EventInvokeConfig")
    }

    assert configs == {
        "Scheduler": (2, 21_600),
        "Orchestrator": (0, 60),
        "WorkerAssistant": (2, 21_600),
        "Scavenger": (0, 60),
    }


def test_the_stream_passes_on_all_but_running_tasks_and_drops_what_keeps_failing(deployed: dict[str, Any]) -> None:
    (mapping,) = (m for m in of_type(deployed, "AWS::Lambda::EventSourceMapping") if "FilterCriteria" in m)
    (pattern,) = (json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"])

    assert pattern["dynamodb"] == {"NewImage": {"state": {"S": [{"anything-but": ["running"]}]}}}
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["TasksTable", "StreamArn"]}
    assert (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"]) == (2, 60)
    assert "BisectBatchOnFunctionError" not in mapping  # a batch comes again whole: its totals count once


def test_a_wake_that_waited_in_the_queue_goes_to_the_orchestrator(deployed: dict[str, Any]) -> None:
    queue = deployed["WakeQueue"]["Properties"]
    (mapping,) = (m for m in of_type(deployed, "AWS::Lambda::EventSourceMapping") if "FilterCriteria" not in m)

    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["WakeQueue", "Arn"]}
    assert mapping["FunctionName"] == {"Ref": "Orchestrator"}
    assert queue["MessageRetentionPeriod"] > MAX_DELAY
    assert queue["VisibilityTimeout"] >= 6 * deployed["Orchestrator"]["Properties"]["Timeout"]


def test_who_hands_over_to_itself_is_not_stopped_as_a_loop(deployed: dict[str, Any]) -> None:
    allowed = {name for name in FUNCTIONS if deployed[name]["Properties"].get("RecursiveLoop") == "Allow"}

    assert allowed == {"Scheduler", "Orchestrator"}


def test_orchestrator_and_scavenger_run_every_minute(deployed: dict[str, Any]) -> None:
    rules = of_type(deployed, "AWS::Events::Rule")

    assert [rule["ScheduleExpression"] for rule in rules] == ["rate(1 minute)"] * 2
    assert {target["Arn"]["Fn::GetAtt"][0] for rule in rules for target in rule["Targets"]} == {
        "Orchestrator",
        "Scavenger",
    }


def statements_of(deployed: dict[str, Any], function: str) -> list[dict[str, Any]]:
    """What the function may do."""
    (policy,) = deployed[f"{function}Role"]["Properties"]["Policies"]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in policy["PolicyDocument"]["Statement"]]


def test_each_function_has_a_role_of_its_own_and_no_right_but_those_that_are_written_down(
    deployed: dict[str, Any], template: dict[str, Any]
) -> None:
    roles = {
        name: resource["Properties"] for name, resource in deployed.items() if resource["Type"] == "AWS::IAM::Role"
    }

    assert set(roles) == {f"{name}Role" for name in FUNCTIONS}
    assert not [name for name, role in roles.items() if "ManagedPolicyArns" in role]
    for name in FUNCTIONS:
        assert deployed[name]["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
        (trust,) = roles[f"{name}Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Principal"], trust["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")
    exported = template["Outputs"]["OrchestratorRoleArn"]
    assert exported["Value"] == deployed["Orchestrator"]["Properties"]["Role"]


def test_each_function_writes_into_its_own_log_group_alone(deployed: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        (group,) = [s["Resource"] for s in statements_of(deployed, name) if "logs:PutLogEvents" in s["Action"]]
        assert group == {"Fn::GetAtt": [f"{name}Logs", "Arn"]}
        assert deployed[name]["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}


@pytest.mark.parametrize(
    ("function", "source", "actions"),
    [
        (
            "Orchestrator",
            ["WakeQueue", "Arn"],
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        ),
        (
            "Scavenger",
            ["TasksTable", "StreamArn"],
            {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        ),
    ],
)
def test_who_is_fed_by_a_queue_or_a_stream_may_read_that_one(
    deployed: dict[str, Any], function: str, source: list[str], actions: set[str]
) -> None:
    allowed = [s for s in statements_of(deployed, function) if set(s["Action"]) & actions]

    assert [(s["Resource"], set(s["Action"])) for s in allowed] == [({"Fn::GetAtt": source}, actions)]


def test_the_scavenger_may_publish_to_the_topic_of_the_dead_alone(
    template: dict[str, Any], deployed: dict[str, Any]
) -> None:
    topic = {"Fn::If": ["MakesDeadTopic", {"Ref": "DeadTopic"}, {"Ref": "DeadTopicArn"}]}
    statements = [statement for name in FUNCTIONS for statement in statements_of(deployed, name)]

    assert [s["Resource"] for s in statements if "sns:Publish" in s["Action"]] == [topic]
    assert deployed["Scavenger"]["Properties"]["Environment"]["Variables"]["SOSW_DEAD_TOPIC"] == topic
    assert template["Outputs"]["DeadTopic"]["Value"] == topic
    assert template["Outputs"]["ScavengerRoleArn"]["Value"] == {"Fn::GetAtt": ["ScavengerRole", "Arn"]}


def test_the_orchestrator_may_have_totals_checked_anew_and_write_nothing_else_of_a_job(
    deployed: dict[str, Any],
) -> None:
    jobs = [s for s in statements_of(deployed, "Orchestrator") if s["Resource"] == {"Fn::GetAtt": ["JobsTable", "Arn"]}]
    rights = {action: s.get("Condition") for s in jobs for action in s["Action"]}
    totals = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#totals"]}}

    assert rights == {"dynamodb:GetItem": None, "dynamodb:UpdateItem": totals}


def test_no_right_is_a_wildcard(deployed: dict[str, Any]) -> None:
    statements = [statement for name in FUNCTIONS for statement in statements_of(deployed, name)]

    assert not [s for s in statements if "*" in json.dumps(s["Action"])]
    assert {s["Sid"]: s["Action"] for s in statements if s["Resource"] == "*"} == {
        # Metrics have no ARN: AWS knows no smaller right to read them. Neither of both changes anything.
        "MeasureHealth": ["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"]
    }


def test_traces_are_sent_where_they_are_asked_for_alone_and_by_a_right_that_does_nothing_else(
    template: dict[str, Any], deployed: dict[str, Any]
) -> None:
    policy = template["Resources"]["TracePolicy"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

    assert template["Parameters"]["Tracing"]["Default"] == "PassThrough"
    for name in FUNCTIONS:
        assert deployed[name]["Properties"]["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}
    assert (policy["Condition"], template["Conditions"]["Traces"]) == (
        "Traces",
        {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]},
    )
    assert policy["Properties"]["Roles"] == [{"Ref": f"{name}Role"} for name in FUNCTIONS]
    assert statement["Action"] == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


def test_logs_are_kept_for_a_stated_time(template: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        function = template["Resources"][name]["Properties"]
        group = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["LogGroupName"]["Fn::Sub"] == "/aws/lambda/" + function["FunctionName"]["Fn::Sub"]
