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
OURS = {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
"""The key of the one who deploys, where one is given."""
KEPT = ("RetainExceptOnCreate", "Retain")
"""It outlives the stack, but for a first deployment that fails: what that has made is empty, and goes with it."""
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
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": OURS}
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == KEPT
    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_the_bucket_is_encrypted_private_over_tls_only_emptied_in_time_and_outlives_the_stack(
    template: dict[str, Any],
) -> None:
    resource = template["Resources"]["Bucket"]
    bucket = resource["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == KEPT
    (encrypted,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encrypted["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": {"Fn::If": ["HasKey", "aws:kms", "AES256"]}, "KMSMasterKeyID": OURS,
    }  # fmt: skip
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", {"Ref": "ArchiveDays"})


def test_bucket_queues_and_topic_are_reached_over_tls_alone(deployed: dict[str, Any]) -> None:
    of_kind = {"AWS::S3::BucketPolicy": "Bucket", "AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}
    denied: dict[str, str] = {}
    for kind, names in of_kind.items():
        for policy in of_type(deployed, kind):
            (statement,) = policy["PolicyDocument"]["Statement"]
            assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
            assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            (about,) = policy[names] if isinstance(policy[names], list) else [policy[names]]
            denied[about["Ref"]] = statement["Action"]

    assert denied == {"Bucket": "s3:*", "WakeQueue": "sqs:*", "FailedEvents": "sqs:*", "DeadTopic": "sns:Publish"}


def test_one_key_encrypts_all_that_keeps_something(deployed: dict[str, Any]) -> None:
    keys = {
        "AWS::DynamoDB::Table": lambda p: p["SSESpecification"]["KMSMasterKeyId"],
        "AWS::S3::Bucket": lambda p: p["BucketEncryption"]["ServerSideEncryptionConfiguration"][0][
            "ServerSideEncryptionByDefault"
        ]["KMSMasterKeyID"],
        "AWS::SQS::Queue": lambda p: p["KmsMasterKeyId"],
        "AWS::SNS::Topic": lambda p: {"Fn::If": [*p["KmsMasterKeyId"]["Fn::If"][:2], {"Ref": "AWS::NoValue"}]},
        "AWS::Logs::LogGroup": lambda p: p["KmsKeyId"],
    }
    found = [(kind, key(each)) for kind, key in keys.items() for each in of_type(deployed, kind)]

    assert len(found) == 5 + 1 + 2 + 1 + 4
    assert [key for _, key in found] == [OURS] * len(found)
    for queue in of_type(deployed, "AWS::SQS::Queue"):
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", {"Ref": "AWS::NoValue"}, True]}
    for name in FUNCTIONS:
        (use,) = [s for s in statements_of(deployed, name) if s["Sid"] == "UseKey"]
        assert use["Resource"] == {"Ref": "KmsKeyArn"}
        assert all("*" not in action for action in use["Action"])
        assert set(use["Condition"]["StringEquals"]) == {"kms:ViaService"}


def test_what_lambda_gives_up_is_kept_and_an_alarm_tells_of_it(deployed: dict[str, Any]) -> None:
    kept = {"Fn::GetAtt": ["FailedEvents", "Arn"]}
    destinations = {
        config["FunctionName"]["Ref"]: config["DestinationConfig"]["OnFailure"]["Destination"]
        for config in of_type(deployed, "AWS::Lambda::EventInvokeConfig")
    }
    (stream,) = (m for m in of_type(deployed, "AWS::Lambda::EventSourceMapping") if "FilterCriteria" in m)
    (alarm,) = (a for a in of_type(deployed, "AWS::CloudWatch::Alarm") if a["Namespace"] == "AWS/SQS")
    (queue,) = (q for q in of_type(deployed, "AWS::SQS::Queue") if q["QueueName"]["Fn::Sub"] == "${Prefix}-failed")

    assert destinations == dict.fromkeys(FUNCTIONS, kept)
    assert stream["DestinationConfig"]["OnFailure"]["Destination"] == kept
    for name in FUNCTIONS:
        assert [s["Resource"] for s in statements_of(deployed, name) if s["Sid"] == "KeepFailedEvents"] == [kept]
    assert queue["MessageRetentionPeriod"] == 14 * 86_400
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["FailedEvents", "QueueName"]}}]
    assert alarm["AlarmActions"] == {"Fn::If": ["TellsAlarms", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}


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
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
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


def test_who_may_be_invoked_by_whom_is_three_essentials_and_nobody_else(deployed: dict[str, Any]) -> None:
    may = {
        name: [s["Resource"] for s in statements_of(deployed, name) if "lambda:InvokeFunction" in s["Action"]]
        for name in FUNCTIONS
    }
    itself = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Prefix}-%s"

    assert may == {
        "Scheduler": [{"Fn::Sub": itself % "scheduler"}],
        "Orchestrator": [{"Fn::Sub": itself % "orchestrator"}],  # a labourer's own stack lets it invoke that one
        "WorkerAssistant": [],
        "Scavenger": [{"Fn::GetAtt": ["Scheduler", "Arn"]}, {"Fn::GetAtt": ["Orchestrator", "Arn"]}],
    }


def test_each_rule_may_invoke_its_function_by_its_own_arn(deployed: dict[str, Any]) -> None:
    permissions = of_type(deployed, "AWS::Lambda::Permission")

    assert [p["Principal"] for p in permissions] == ["events.amazonaws.com"] * 2
    assert [list(p["SourceArn"]) for p in permissions] == [["Fn::GetAtt"]] * 2


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


def test_no_right_is_a_wildcard_but_those_that_are_explained(deployed: dict[str, Any]) -> None:
    statements = [statement for name in FUNCTIONS for statement in statements_of(deployed, name)]

    assert not [s for s in statements if "*" in json.dumps(s["Action"])]
    assert {s["Sid"]: s["Action"] for s in statements if s["Resource"] == "*"} == {
        # Metrics have no ARN: AWS knows no smaller right to read them. Neither of both changes anything.
        "MeasureHealth": ["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"]
    }
    assert {
        json.dumps(s["Resource"]) for s in statements if "*" in json.dumps(s["Resource"]) and s["Resource"] != "*"
    } == {
        # Objects are named after jobs: a folder of the stack's own bucket is the smallest thing that can be named.
        *(json.dumps({"Fn::Sub": f"${{Bucket.Arn}}/{folder}/*"}) for folder in ("payloads", "results", "archive")),
        # A stream's name is the moment of its making: the streams of that one table.
        json.dumps({"Fn::Sub": "${TasksTable.Arn}/stream/*"}),
    }


def test_logs_are_kept_for_a_stated_time(template: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        function = template["Resources"][name]["Properties"]
        group = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["LogGroupName"]["Fn::Sub"] == "/aws/lambda/" + function["FunctionName"]["Fn::Sub"]
