"""The template for Workers in any language: who may do what, and who tells what became of an attempt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from sosw.domain.settings import EssentialSettings

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "cloudformation" / "worker.yaml"
EXAMPLE = ROOT / "examples" / "flight_delays" / "template.yaml"
ASSISTANT = {"Fn::ImportValue": {"Fn::Sub": "${Prefix}-WorkerAssistantArn"}}


def loaded(path: Path) -> dict[str, Any]:
    # Through JSON: plain dictionaries and lists, the short forms of functions spelt out.
    found: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return found


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return loaded(TEMPLATE)


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def test_the_linter_finds_nothing() -> None:
    assert [str(match) for match in lint_file(TEMPLATE)] == []


def test_the_worker_may_invoke_the_worker_assistant_write_its_log_and_nothing_else(template: dict[str, Any]) -> None:
    (policy,) = properties(template, "WorkerRole")["Policies"]
    statements = policy["PolicyDocument"]["Statement"]

    assert [(each["Effect"], each["Action"], each["Resource"]) for each in statements] == [
        ("Allow", "lambda:InvokeFunction", ASSISTANT),
        ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["WorkerLogs", "Arn"]}),
    ]
    assert "ManagedPolicyArns" not in properties(template, "WorkerRole")
    assert properties(template, "Worker")["Role"] == {"Fn::GetAtt": ["WorkerRole", "Arn"]}
    (trust,) = properties(template, "WorkerRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_nobody_but_the_orchestrator_may_invoke_the_worker(template: dict[str, Any]) -> None:
    assert properties(template, "OrchestratorMayInvoke") == {
        "FunctionName": {"Ref": "Worker"},
        "Action": "lambda:InvokeFunction",
        "Principal": {"Fn::ImportValue": {"Fn::Sub": "${Prefix}-OrchestratorRoleArn"}},
    }


def test_lambda_tells_the_worker_assistant_of_every_end(template: dict[str, Any]) -> None:
    told = {"Type": "Lambda", "Destination": ASSISTANT}

    assert properties(template, "Worker")["EventInvokeConfig"]["DestinationConfig"] == {
        "OnSuccess": told,
        "OnFailure": told,
    }


def test_a_worker_on_the_base_class_tells_its_success_once() -> None:
    of_example = properties(loaded(EXAMPLE), "Worker")["EventInvokeConfig"]["DestinationConfig"]

    assert of_example == {"OnFailure": {"Type": "Lambda", "Destination": ASSISTANT}}


def test_lambda_retries_nothing_and_what_is_not_said_fits_a_labourers_defaults(template: dict[str, Any]) -> None:
    settings, parameters = properties(template, "Worker")["EventInvokeConfig"], template["Parameters"]
    labourer = EssentialSettings.from_mapping({}).labourer_or_default(None)

    assert settings["MaximumRetryAttempts"] == 0
    assert settings["MaximumEventAgeInSeconds"] == {"Ref": "MaximumEventAge"}
    assert parameters["MaximumEventAge"]["Default"] <= labourer.cooldown.total_seconds()
    assert parameters["Timeout"]["Default"] <= labourer.duration.total_seconds()
