"""The example's template keeps what the local stack drops without a word: rights, encryption, retries, retention."""

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

EXAMPLE = Path(__file__).parents[3] / "examples" / "flight_delays"
TEMPLATE = EXAMPLE / "template.yaml"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    # Through JSON: plain dictionaries and lists, the short forms of functions spelt out.
    loaded: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATE))))
    return loaded


@pytest.fixture(scope="module")
def labourer() -> dict[str, Any]:
    config = json.loads((EXAMPLE / "config.json").read_text("utf-8"))
    found: dict[str, Any] = config["task_config"]["labourers"]["flight-delays"]
    return found


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def test_the_linter_finds_nothing() -> None:
    assert [str(match) for match in lint_file(TEMPLATE)] == []


def test_the_worker_may_do_what_it_needs_and_nothing_else(template: dict[str, Any]) -> None:
    (policy,) = properties(template, "WorkerRole")["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    logs = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/flight-delays:*"
    assistant = {"Fn::ImportValue": {"Fn::Sub": "${Prefix}-WorkerAssistantArn"}}

    assert {statement["Effect"] for statement in statements} == {"Allow"}
    assert [(statement["Action"], statement["Resource"]) for statement in statements] == [
        ("s3:GetObject", {"Fn::Sub": "${Flights.Arn}/flights/*"}),
        ("s3:ListBucket", {"Fn::GetAtt": ["Flights", "Arn"]}),
        ("dynamodb:PutItem", {"Fn::GetAtt": ["Delays", "Arn"]}),
        ("lambda:InvokeFunction", assistant),
        (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::Sub": logs}),
    ]
    assert "ManagedPolicyArns" not in properties(template, "WorkerRole")


def test_nobody_but_the_orchestrator_may_invoke_the_worker(template: dict[str, Any]) -> None:
    assert properties(template, "OrchestratorMayInvoke") == {
        "FunctionName": {"Ref": "Worker"},
        "Action": "lambda:InvokeFunction",
        "Principal": {"Fn::ImportValue": {"Fn::Sub": "${Prefix}-OrchestratorRoleArn"}},
    }


def test_lambda_retries_nothing_and_delivers_nothing_after_the_lease(
    template: dict[str, Any], labourer: dict[str, Any]
) -> None:
    settings = properties(template, "Worker")["EventInvokeConfig"]

    assert settings["MaximumRetryAttempts"] == 0
    assert settings["MaximumEventAgeInSeconds"] <= labourer["duration"] + labourer["cooldown"]


def test_the_function_ends_within_the_duration_that_its_labourer_gives_it(
    template: dict[str, Any], labourer: dict[str, Any]
) -> None:
    assert properties(template, "Worker")["Timeout"] <= labourer["duration"]


def test_nobody_but_the_owner_reads_the_flights_and_only_over_tls(template: dict[str, Any]) -> None:
    bucket, policy = properties(template, "Flights"), properties(template, "FlightsPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert policy["Bucket"] == {"Ref": "Flights"}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": ["Flights", "Arn"]}, {"Fn::Sub": "${Flights.Arn}/*"}]


def test_the_table_is_encrypted_can_be_restored_and_costs_what_is_used(template: dict[str, Any]) -> None:
    table = properties(template, "Delays")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["origin_carrier", "date"]


def test_logs_are_the_functions_own_and_do_not_stay_for_ever(template: dict[str, Any]) -> None:
    logs, worker = properties(template, "WorkerLogs"), properties(template, "Worker")

    assert worker["LoggingConfig"]["LogGroup"] == {"Ref": "WorkerLogs"}
    assert logs["LogGroupName"] == f"/aws/lambda/{worker['FunctionName']}"
    assert logs["RetentionInDays"] <= 30


def test_job_labourer_and_function_have_one_name(template: dict[str, Any]) -> None:
    job = json.loads((EXAMPLE / "job.json").read_text("utf-8"))
    config = json.loads((EXAMPLE / "config.json").read_text("utf-8"))

    assert job["lambda_name"] == properties(template, "Worker")["FunctionName"]
    assert job["lambda_name"] in config["task_config"]["labourers"]
    assert job["job_schema_name"] in config["job_schema_variants"]


def test_the_runtime_is_a_parameter(template: dict[str, Any]) -> None:
    assert properties(template, "Worker")["Runtime"] == {"Ref": "Runtime"}
