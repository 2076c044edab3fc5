"""The root template keeps what the local stack drops without a word: recovery, encryption, retries, rights."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]

from sosw.aws.sqs import MAX_DELAY
from sosw.settings import Names
from tests.integration import root_template
from tests.integration.root_template import FUNCTIONS, TEMPLATE, of_type, statements_of

OURS = {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
"""The key of the one who deploys, where one is given."""
KEPT = ("RetainExceptOnCreate", "Retain")
"""It outlives the stack, but for a first deployment that fails: what that has made is empty, and goes with it."""
TABLES = ("TasksTable", "SlotsTable", "JobsTable", "LabourersTable", "ConfigTable")


@pytest.fixture
def template() -> dict[str, Any]:
    return root_template.written()


@pytest.fixture
def deployed() -> dict[str, Any]:
    return root_template.transformed()


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


def test_one_key_encrypts_all_that_keeps_something(deployed: dict[str, Any]) -> None:
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
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


def test_logs_are_kept_for_a_stated_time(template: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        function = template["Resources"][name]["Properties"]
        group = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["LogGroupName"]["Fn::Sub"] == "/aws/lambda/" + function["FunctionName"]["Fn::Sub"]
