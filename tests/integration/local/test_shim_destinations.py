"""The shims `destinations` and `function_errors`: what Lambda tells of an invocation, without them and with them."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest

from sosw.local import LocalStack
from tests.integration.local.conftest import Probe
from tests.integration.local.support import FOLDER, eventually


@pytest.fixture(scope="module", autouse=True)
def tellers(probes: tuple[Probe, Probe]) -> None:
    for each in probes:
        each.stack.deploy(FOLDER / "tellers.yaml", "tellers")


def told(stack: LocalStack, key: str) -> dict[str, Any] | None:
    """The record that the destination got of the event with that id."""
    item = stack.client("dynamodb").get_item(TableName="probe-seen", Key={"id": {"S": key}}).get("Item", {})
    return json.loads(item["told"]["S"]) if item.get("told", {}).get("S", "-") != "-" else None


def tell(stack: LocalStack, **event: Any) -> str:
    """An asynchronous invocation; the id of its event."""
    key = f"told-{uuid.uuid4()}"
    payload = json.dumps({**event, "id": key})
    stack.client("lambda").invoke(FunctionName="probe-teller", InvocationType="Event", Payload=payload)
    return key


def record(stack: LocalStack, **event: Any) -> dict[str, Any]:
    key = tell(stack, **event)
    found = eventually(lambda: told(stack, key))
    assert found is not None, f"nothing was told of {event}"
    assert found["requestPayload"] == {**event, "id": key}
    return found


# --- destinations ---------------------------------------------------------------------------------------------------


def test_without_destinations_a_success_is_told_to_nobody_and_a_failure_by_half(bare: Probe) -> None:
    succeeded = tell(bare.stack, print="well")
    failed = record(bare.stack, fail="on purpose")
    assert told(bare.stack, succeeded) is None
    assert set(failed) == {"requestContext", "requestPayload", "responseContext", "responsePayload"}
    assert failed["requestContext"]["approximateInvokeCount"] == 3, "it was begun once"


def test_with_destinations_a_success_is_told_with_what_was_returned(probe: Probe) -> None:
    found = record(probe.stack, print="well")
    function = probe.stack.client("lambda").get_function_configuration(FunctionName="probe-teller")
    assert found["version"] == "1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["timestamp"])
    assert len(found["requestContext"].pop("requestId")) == 36
    assert found["requestContext"] == {
        "functionArn": f"{function['FunctionArn']}:$LATEST",
        "condition": "Success",
        "approximateInvokeCount": 1,
    }
    assert found["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert found["responsePayload"]["package"] == "iniconfig"


def test_with_destinations_a_failure_is_told_whole(probe: Probe) -> None:
    found = record(probe.stack, fail="on purpose")
    assert (found["requestContext"]["condition"], found["requestContext"]["approximateInvokeCount"]) == (
        "RetriesExhausted",
        1,
    )
    assert found["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert found["responsePayload"]["errorType"] == "ValueError"


def throttle(stack: LocalStack, reserved: int | None) -> None:
    client = stack.client("lambda")
    if reserved is None:
        client.delete_function_concurrency(FunctionName="probe-teller")
    else:
        client.put_function_concurrency(FunctionName="probe-teller", ReservedConcurrentExecutions=reserved)


def test_without_destinations_a_throttled_event_is_lost(bare: Probe) -> None:
    throttle(bare.stack, 0)
    try:
        found = record(bare.stack, print="never")
    finally:
        throttle(bare.stack, None)
    assert found["requestContext"]["condition"] == "RetriesExhausted"


def test_with_destinations_a_throttled_event_waits_and_is_begun(probe: Probe) -> None:
    throttle(probe.stack, 0)
    try:
        key = tell(probe.stack, print="later")
    finally:
        throttle(probe.stack, None)
    found = eventually(lambda: told(probe.stack, key))
    assert found is not None
    assert (found["requestContext"]["condition"], found["requestContext"]["approximateInvokeCount"]) == ("Success", 1)


def test_with_destinations_an_event_that_waited_too_long_is_told_of_without_a_response(probe: Probe) -> None:
    client = probe.stack.client("lambda", parameter_validation=False)  # AWS takes 60 seconds at least
    configs = {"FunctionName": "probe-teller", "Qualifier": "$LATEST"}
    kept = client.get_function_event_invoke_config(**configs)["DestinationConfig"]
    hurried = {**configs, "MaximumRetryAttempts": 0, "DestinationConfig": kept}
    client.put_function_event_invoke_config(**hurried, MaximumEventAgeInSeconds=2)
    throttle(probe.stack, 0)
    try:
        found = record(probe.stack, print="never")
    finally:
        throttle(probe.stack, None)
        client.put_function_event_invoke_config(**hurried, MaximumEventAgeInSeconds=60)
    assert (found["requestContext"]["condition"], found["requestContext"]["approximateInvokeCount"]) == (
        "EventAgeExceeded",
        0,
    )
    assert not {"responseContext", "responsePayload"} & set(found)


# --- function_errors ------------------------------------------------------------------------------------------------


def error(stack: LocalStack, function: str, **event: Any) -> dict[str, Any]:
    """What a synchronous invocation that fails is answered with."""
    answer = stack.client("lambda").invoke(FunctionName=f"probe-{function}", Payload=json.dumps(event))
    assert answer["FunctionError"] == "Unhandled"
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


@pytest.mark.parametrize("function", ["teller", "node"])
@pytest.mark.parametrize("event", [{"fail": "no"}, {"exit": 3}])
def test_without_function_errors_every_failure_is_of_one_type(
    bare: Probe, function: str, event: dict[str, Any]
) -> None:
    assert error(bare.stack, function, **event)["errorType"] == "Runtime.HandlerError"


@pytest.mark.parametrize(
    ("function", "event", "kind", "message"),
    [
        ("teller", {"fail": "no"}, "ValueError", "no"),
        ("teller", {"exit": 3}, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 3"),
        ("teller", {"exit": 0}, "Runtime.ExitError", "RequestId: ID Error: Runtime exited without providing a reason"),
        ("teller", {"kill": 9}, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: signal: killed"),
        ("teller", {"sleep": 5}, "Sandbox.Timedout", "RequestId: ID Error: Task timed out after 1.00 seconds"),
        ("node", {"fail": "no"}, "TypeError", "no"),
        ("node", {"throw": "a text"}, "string", "a text"),
        ("node", {"exit": 3}, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 3"),
        ("node", {"sleep": 5}, "Sandbox.Timedout", "RequestId: ID Error: Task timed out after 1.00 seconds"),
        ("plain-node", {"fail": "no"}, "RangeError", "no"),
    ],
)
def test_with_function_errors_a_failure_is_told_as_on_aws(
    probe: Probe, function: str, event: dict[str, Any], kind: str, message: str
) -> None:
    found = error(probe.stack, function, **event)
    assert (found["errorType"], re.sub(r"[0-9a-f-]{36}", "ID", found["errorMessage"])) == (kind, message)


def test_with_function_errors_an_exception_comes_with_its_trace(probe: Probe) -> None:
    assert 'raise ValueError(event["fail"])' in error(probe.stack, "teller", fail="no")["stackTrace"][-1]
    assert error(probe.stack, "node", fail="no")["trace"][0] == "TypeError: no"
