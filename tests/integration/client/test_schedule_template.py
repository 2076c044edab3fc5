"""The schedule's template keeps what the local stack ignores: time zones, retries, dead letters, rights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings

TEMPLATES = Path(__file__).parents[3] / "cloudformation"
MOST_OF_A_KEY = 64
A_TIME = "2026-01-31T06:00:00Z"
"""What `<aws.scheduler.scheduled-time>` becomes."""


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATES / name))))
    return loaded


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load("schedule.yaml")


@pytest.fixture(scope="module")
def schedule(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"]["JobSchedule"]["Properties"]
    return properties


def test_the_linter_finds_nothing() -> None:
    assert [str(match) for match in lint_file(TEMPLATES / "schedule.yaml")] == []


def test_a_job_that_could_not_be_delivered_raises_an_alarm_where_there_is_somebody_to_tell(
    template: dict[str, Any], schedule: dict[str, Any]
) -> None:
    alarm = template["Resources"]["UndeliveredAlarm"]
    looked_at = alarm["Properties"]

    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}}
    assert looked_at["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Undelivered", "QueueName"]}}]
    assert (looked_at["Statistic"], looked_at["ComparisonOperator"], looked_at["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0,
    )
    assert looked_at["AlarmActions"] == looked_at["OKActions"] == [{"Ref": "AlarmTopicArn"}]
    assert template["Conditions"][alarm["Condition"]] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}
    assert template["Parameters"]["AlarmTopicArn"]["Default"] == ""


def test_the_schedule_is_as_its_parameters_say_and_exact(schedule: dict[str, Any]) -> None:
    assert schedule["ScheduleExpression"] == {"Ref": "Schedule"}
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "TimeZone"}
    assert schedule["State"] == {"Ref": "State"}
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}


@pytest.mark.parametrize(
    ("expression", "is_taken"),
    [
        ("rate(5 minutes)", True),
        ("cron(30 6 ? * MON-FRI *)", True),
        ("at(2026-01-31T06:00:00)", True),
        ("5 minutes", False),
        ("rate()", False),
    ],
)
def test_the_three_kinds_of_schedules_are_taken(template: dict[str, Any], expression: str, *, is_taken: bool) -> None:
    assert bool(re.fullmatch(template["Parameters"]["Schedule"]["AllowedPattern"], expression)) is is_taken


def test_what_is_sent_is_a_job_under_a_key_of_its_time_that_the_scheduler_takes(
    template: dict[str, Any], schedule: dict[str, Any]
) -> None:
    text = schedule["Target"]["Input"]["Fn::Sub"]
    longest = "x" * 32
    assert re.fullmatch(template["Parameters"]["Name"]["AllowedPattern"], longest)
    job = '{"lambda_name": "sales", "at": "<aws.scheduler.scheduled-time>"}'
    sent = text.replace("${Job}", job).replace("${Name}", longest).replace("<aws.scheduler.scheduled-time>", A_TIME)
    labourers = {"sales": {"max_simultaneous_invocations": 1}}
    settings = EssentialSettings.checked({"task_config": {"labourers": labourers}})
    request = JobRequest.from_event(json.loads(sent), settings)

    assert request.key == f"{longest}.{A_TIME}"
    assert len(request.key) <= MOST_OF_A_KEY
    assert request.attributes == {"at": A_TIME}
    assert request.origin.by == "<aws.scheduler.schedule-arn>"
    assert request.origin.event == {
        "arn": "<aws.scheduler.schedule-arn>",
        "id": "<aws.scheduler.execution-id>",
        "time": A_TIME,
    }


def test_what_cannot_be_delivered_is_tried_again_for_a_while_and_then_kept(
    template: dict[str, Any], schedule: dict[str, Any]
) -> None:
    target, queue = schedule["Target"], template["Resources"]["Undelivered"]["Properties"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": {"Ref": "RetrySeconds"}, "MaximumRetryAttempts": 185}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}}
    assert queue["MessageRetentionPeriod"] == 14 * 86_400
    assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", {"Ref": "AWS::NoValue"}, True]}
    assert queue["KmsMasterKeyId"] == {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}


def test_the_queue_is_reached_over_tls_alone(template: dict[str, Any]) -> None:
    policy = template["Resources"]["UndeliveredPolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Queues"] == [{"Ref": "Undelivered"}]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "sqs:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_its_role_may_submit_jobs_and_keep_undelivered_ones_and_nothing_else(template: dict[str, Any]) -> None:
    role = template["Resources"]["Role"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    (policy,) = role["Policies"]
    *always, with_a_key = policy["PolicyDocument"]["Statement"]
    allowed = [(s["Action"], s["Resource"]) for s in always]
    has_key, key, nothing = with_a_key["Fn::If"]

    assert (has_key, key["Resource"], nothing) == ("HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"})
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert set(trust["Condition"]["StringEquals"]) == {"aws:SourceAccount", "aws:SourceArn"}
    assert allowed == [
        ("lambda:InvokeFunction", {"Fn::ImportValue": {"Fn::Sub": "${Prefix}-SchedulerArn"}}),
        ("sqs:SendMessage", {"Fn::GetAtt": ["Undelivered", "Arn"]}),
    ]


def test_it_imports_what_the_essentials_export_under_the_same_rule_for_prefixes(template: dict[str, Any]) -> None:
    essentials = load("sosw.yaml")
    exported = [output["Export"]["Name"]["Fn::Sub"] for output in essentials["Outputs"].values() if "Export" in output]

    assert "${Prefix}-SchedulerArn" in exported
    for key in ("AllowedPattern", "Default"):
        assert template["Parameters"]["Prefix"][key] == essentials["Parameters"]["Prefix"][key]
