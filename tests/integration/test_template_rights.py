"""The root template gives each function a role of its own, with what it needs and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration import root_template
from tests.integration.root_template import FUNCTIONS, of_type, statements_of


@pytest.fixture
def template() -> dict[str, Any]:
    return root_template.written()


@pytest.fixture
def deployed() -> dict[str, Any]:
    return root_template.transformed()


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
        "MeasureHealth": ["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"],
        # Nor is there one for traces.
        "SendTraces": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    }
    assert {
        json.dumps(s["Resource"]) for s in statements if "*" in json.dumps(s["Resource"]) and s["Resource"] != "*"
    } == {
        # Objects are named after jobs: a folder of the stack's own bucket is the smallest thing that can be named.
        *(json.dumps({"Fn::Sub": f"${{Bucket.Arn}}/{folder}/*"}) for folder in ("payloads", "results", "archive")),
        # A stream's name is the moment of its making: the streams of that one table.
        json.dumps({"Fn::Sub": "${TasksTable.Arn}/stream/*"}),
    }


def test_traces_are_sent_where_they_are_asked_for_alone(template: dict[str, Any], deployed: dict[str, Any]) -> None:
    assert template["Parameters"]["Tracing"]["Default"] == "PassThrough"
    assert template["Conditions"]["Traces"] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
    for name in FUNCTIONS:
        assert deployed[name]["Properties"]["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}
        assert _under(deployed, name, "Traces") == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


def test_every_right_of_a_function_is_in_its_role_which_the_function_waits_for(deployed: dict[str, Any]) -> None:
    """Lambda asks before it takes a function, and CloudFormation makes what is not waited for in any order."""
    for kind in ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
        assert of_type(deployed, kind) == []


def _under(deployed: dict[str, Any], function: str, condition: str) -> list[str]:
    """The actions that the function may take under that condition alone."""
    (policy,) = deployed[f"{function}Role"]["Properties"]["Policies"]
    found = [each["Fn::If"] for each in policy["PolicyDocument"]["Statement"] if "Fn::If" in each]
    ((_, statement, otherwise),) = [each for each in found if each[0] == condition]
    assert otherwise == {"Ref": "AWS::NoValue"}
    actions: list[str] = statement["Action"]
    return actions
