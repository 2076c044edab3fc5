"""A SAM template onto the local stack: what is deployed really runs; what cannot be deployed is one sentence."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from sosw.local import LocalStack
from sosw.local.errors import DeployFailed, InstallFailed, TemplateInvalid
from sosw.local.health import resource_states, wait_until_healthy
from tests.integration.local.conftest import Probe
from tests.integration.local.support import TEMPLATE, eventually, times_seen


def call(stack: LocalStack, **event: Any) -> Any:
    answer = stack.client("lambda").invoke(FunctionName="probe-reader", Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def test_outputs_name_what_was_deployed(probe: Probe) -> None:
    assert probe.outputs == {"ReaderName": "probe-reader", "EventsTable": "probe-events"}


def test_a_function_runs_with_its_requirements_and_the_runtimes_own_boto3(probe: Probe) -> None:
    answer = call(probe.stack, id="invoked")
    assert answer["package"] == "iniconfig"
    assert 0 < answer["remaining"] <= 20_000
    assert times_seen(probe.stack, "invoked") == 1


def test_a_function_sees_nothing_that_it_did_not_ask_for(probe: Probe) -> None:
    assert call(probe.stack, imports=["boto3", "rich", "ministack", "sosw"]) == ["boto3"]


def test_a_function_has_no_variable_of_whoever_started_the_stack(probe: Probe) -> None:
    variables = call(probe.stack, variables=True)
    assert variables["AWS_ENDPOINT_URL"] == probe.stack.endpoint
    assert "PYTEST_CURRENT_TEST" not in variables
    assert not [name for name in variables if name.startswith(("PIP_", "UV_", "VIRTUAL_ENV"))]


def test_what_a_function_prints_is_in_its_log(probe: Probe) -> None:
    call(probe.stack, print="a word for the log")
    assert eventually(lambda: "a word for the log" in probe.stack.logs("probe-reader"))


def test_a_function_that_never_ran_has_an_empty_log(probe: Probe) -> None:
    assert probe.stack.logs("never-ran") == []


def test_the_stream_brings_new_items_and_only_what_the_filter_lets_through(probe: Probe) -> None:
    dynamodb = probe.stack.client("dynamodb")
    for state in ("new", "changed"):  # the second write is no INSERT
        dynamodb.put_item(TableName="probe-events", Item={"id": {"S": "one"}, "state": {"S": state}})
    dynamodb.put_item(TableName="probe-events", Item={"id": {"S": "two"}})
    assert eventually(lambda: times_seen(probe.stack, "stream two"))
    assert times_seen(probe.stack, "stream one") == 1


def test_everything_deployed_is_ready(probe: Probe) -> None:
    wait_until_healthy(probe.stack, ["probe"], patience=10)
    states = {(found.kind, found.name): found.state for found in resource_states(probe.stack, "probe")}
    assert states == {
        ("table", "probe-events"): "ACTIVE",
        ("table", "probe-seen"): "ACTIVE",
        ("function", "probe-reader"): "Active",
        ("event mapping", "probe-events → probe-reader"): "Enabled",
        ("rule", "probe-minute"): "ENABLED",
    }


def test_deploying_again_changes_nothing_and_keeps_the_data(probe: Probe) -> None:
    call(probe.stack, id="kept")
    assert probe.stack.deploy(TEMPLATE, "probe") == probe.outputs
    assert times_seen(probe.stack, "kept") == 1


def test_a_parameter_reaches_the_template(probe: Probe) -> None:
    outputs = probe.stack.deploy(TEMPLATE, "other", {"Prefix": "other"})
    assert outputs["ReaderName"] == "other-reader"


def write(folder: Path, text: str) -> Path:
    template = folder / "template.yaml"
    template.write_text(textwrap.dedent(text))
    return template


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Resources: [", "is not YAML"),
        ("Parameters: {}", "has no Resources"),
        (
            """
            Resources:
              Missing: {Type: AWS::Serverless::Function, Properties: {CodeUri: nowhere, Handler: a.b}}
            """,
            "CodeUri nowhere is no folder",
        ),
    ],
)
def test_a_template_that_cannot_be_read_is_one_sentence(probe: Probe, tmp_path: Path, text: str, reason: str) -> None:
    template = write(tmp_path, text)
    with pytest.raises(TemplateInvalid) as refused:
        probe.stack.deploy(template, "unreadable")
    assert str(refused.value).startswith(f"template {template}: {reason}")
    assert "\n" not in str(refused.value)


def test_a_template_that_is_not_there_is_one_sentence(probe: Probe, tmp_path: Path) -> None:
    with pytest.raises(TemplateInvalid, match="cannot be read: No such file"):
        probe.stack.deploy(tmp_path / "absent.yaml", "absent")


def test_an_unknown_parameter_is_named(probe: Probe) -> None:
    with pytest.raises(TemplateInvalid, match="has no parameter Prefx; it has Prefix, Runtime"):
        probe.stack.deploy(TEMPLATE, "probe", {"Prefx": "x"})


BROKEN = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Fine: {Type: AWS::SQS::Queue}
      Wrong:
        Type: AWS::Lambda::EventInvokeConfig
        DependsOn: Fine
        Properties: {FunctionName: nobody, Qualifier: $LATEST}
"""


def test_a_resource_that_fails_is_named_with_its_reason(probe: Probe, tmp_path: Path) -> None:
    with pytest.raises(DeployFailed) as failed:
        probe.stack.deploy(write(tmp_path, BROKEN), "broken")
    assert failed.value.resource == "Wrong"
    assert str(failed.value) == "stack broken was not deployed: resource Wrong: Lambda function not found: nobody"


def test_after_a_failure_the_mended_template_is_deployed(probe: Probe, tmp_path: Path) -> None:
    with pytest.raises(DeployFailed):
        probe.stack.deploy(write(tmp_path, BROKEN), "mended")
    mended = write(tmp_path, "Resources: {Fine: {Type: AWS::SQS::Queue}}\nOutputs: {Url: {Value: !Ref Fine}}")
    assert "mended" in probe.stack.deploy(mended, "mended")["Url"]


def test_an_update_that_fails_is_told_with_its_own_reason_and_can_be_mended(probe: Probe, tmp_path: Path) -> None:
    fine = "Resources: {Fine: {Type: AWS::SQS::Queue}}\nOutputs: {Url: {Value: !Ref Fine}}"
    outputs = probe.stack.deploy(write(tmp_path, fine), "updated")
    for name in ("nobody", "nobody-either"):
        with pytest.raises(DeployFailed, match=f"resource Wrong: Lambda function not found: {name}$"):
            probe.stack.deploy(write(tmp_path, BROKEN.replace("nobody", name)), "updated")
    assert probe.stack.deploy(write(tmp_path, fine), "updated") == outputs


def test_a_template_that_cloudformation_refuses_is_one_sentence(probe: Probe, tmp_path: Path) -> None:
    with pytest.raises(DeployFailed) as failed:
        probe.stack.deploy(write(tmp_path, "Resources: {Q: {Type: AWS::Nothing::Here}}"), "refused")
    assert "Unrecognized resource types: [AWS::Nothing::Here]" in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_requirement_that_does_not_exist_is_one_sentence(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "requirements.txt").write_text("sosw-this-package-does-not-exist==1\n")
    template = write(
        tmp_path,
        """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          F: {Type: AWS::Serverless::Function, Properties: {CodeUri: code, Handler: a.b, Runtime: python3.13}}
        """,
    )
    with pytest.raises(InstallFailed) as failed:
        probe.stack.deploy(template, "wanting")
    assert str(failed.value).startswith("the requirements of code (")
    assert "sosw-this-package-does-not-exist" in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_template_over_cloudformations_limit_goes_by_way_of_s3(probe: Probe, tmp_path: Path) -> None:
    queues = {f"Queue{n}": {"Type": "AWS::SQS::Queue", "Metadata": {"note": "x" * 1000}} for n in range(60)}
    template = tmp_path / "large.json"
    template.write_text(json.dumps({"Resources": queues, "Outputs": {"Url": {"Value": {"Ref": "Queue7"}}}}))
    assert "large" in probe.stack.deploy(template, "large")["Url"]
