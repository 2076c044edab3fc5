"""Each shim, twice: without it the defect is still there, so it is needed; with it the defect is gone.

When the first of the two fails after an update of MiniStack, the shim has become needless: delete it.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sosw.local import LocalStack, shims
from sosw.local.shims.patching import ShimUnfit, check, fingerprint
from tests.integration.local.conftest import Probe
from tests.integration.local.support import eventually, seen_at, times_seen

MINUTE = 60.0


def fastest(run: Callable[[], Any], times: int = 8) -> float:
    """Seconds; the fastest of a few, for a busy machine only ever adds."""
    durations = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        durations.append(time.perf_counter() - begin)
    return min(durations)


# --- quiet_handlers -------------------------------------------------------------------------------------------------


def quiet_call(stack: LocalStack) -> float:
    client = stack.client("lambda")
    return fastest(lambda: client.invoke(FunctionName="probe-reader"))


def test_without_quiet_handlers_a_call_that_prints_nothing_waits_50_ms(bare: Probe) -> None:
    assert quiet_call(bare.stack) > 0.05


def test_with_quiet_handlers_it_does_not_wait(bare: Probe, probe: Probe) -> None:
    assert quiet_call(bare.stack) - quiet_call(probe.stack) > 0.02, "of the 50 ms that it waited"


def test_with_quiet_handlers_every_line_is_told_with_its_own_call(probe: Probe) -> None:
    client = probe.stack.client("lambda")
    for word in ("first", "second\n  half", "third"):
        answer = client.invoke(FunctionName="probe-reader", LogType="Tail", Payload=json.dumps({"print": word}))
        assert _tail(answer) == word


def test_with_quiet_handlers_what_a_failing_call_printed_is_told_too(probe: Probe) -> None:
    event = {"print": "before the end", "fail": "on purpose"}
    answer = probe.stack.client("lambda").invoke(FunctionName="probe-reader", LogType="Tail", Payload=json.dumps(event))
    assert answer["FunctionError"] == "Unhandled"
    assert _tail(answer).startswith("before the end\nTraceback")


def _tail(answer: Any) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


# --- expression_cache -----------------------------------------------------------------------------------------------


def query_a_large_partition(stack: LocalStack) -> float:
    dynamodb = stack.client("dynamodb")
    dynamodb.create_table(
        TableName="large-partition",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "queue", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "queue", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
    )
    for start in range(0, 1500, 25):
        puts = [{"PutRequest": {"Item": {"queue": {"S": "q"}, "due": {"N": str(n)}}}} for n in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={"large-partition": puts})
    query = {
        "TableName": "large-partition",
        "KeyConditionExpression": "queue = :queue AND due <= :now",
        "ExpressionAttributeValues": {":queue": {"S": "q"}, ":now": {"N": "700"}},
        "Limit": 10,
    }
    assert [item["due"]["N"] for item in dynamodb.query(**query)["Items"]] == [str(n) for n in range(10)]
    return fastest(lambda: dynamodb.query(**query))


def test_the_expression_cache_makes_a_query_much_cheaper(bare: Probe, probe: Probe) -> None:
    assert query_a_large_partition(bare.stack) > 1.5 * query_a_large_partition(probe.stack)


# --- rule_invocations -----------------------------------------------------------------------------------------------


def fail_by_rule(stack: LocalStack) -> None:
    """A rule's target that fails, then the same by an asynchronous call, until the call's retry has been seen."""
    client, events = stack.client("lambda"), stack.client("events")
    arn = client.get_function_configuration(FunctionName="probe-reader")["FunctionArn"]
    events.put_rule(Name="failing", EventPattern=json.dumps({"source": ["tests"]}))
    by_rule = json.dumps({"id": "failed by rule", "fail": "on purpose"})
    events.put_targets(Rule="failing", Targets=[{"Id": "reader", "Arn": arn, "Input": by_rule}])
    events.put_events(Entries=[{"Source": "tests", "DetailType": "go", "Detail": "{}"}])
    assert eventually(lambda: times_seen(stack, "failed by rule"))
    by_call = json.dumps({"id": "failed by call", "fail": "on purpose"})
    client.invoke(FunctionName="probe-reader", InvocationType="Event", Payload=by_call)
    assert eventually(lambda: times_seen(stack, "failed by call") == 2)


def test_without_rule_invocations_a_rules_target_is_not_retried(bare: Probe) -> None:
    fail_by_rule(bare.stack)
    assert times_seen(bare.stack, "failed by rule") == 1


def test_with_rule_invocations_it_is_retried_and_ends_in_the_dead_letter_queue(probe: Probe) -> None:
    fail_by_rule(probe.stack)
    assert eventually(lambda: times_seen(probe.stack, "failed by rule") == 2)
    sqs = probe.stack.client("sqs")
    queue = sqs.list_queues(QueueNamePrefix="probe-DeadLetters")["QueueUrls"][0]

    def is_in_the_next_letters() -> bool:
        letters = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return any("failed by rule" in letter["Body"] for letter in letters)

    assert eventually(is_in_the_next_letters)


# --- schedule_context -----------------------------------------------------------------------------------------------

CONTEXT = "<aws.scheduler.scheduled-time> <aws.scheduler.attempt-number>"


def run_a_schedule(stack: LocalStack) -> bool:
    """Whether a schedule of a moment that is past handed its input on with the keywords in it."""
    arn = stack.client("lambda").get_function_configuration(FunctionName="probe-reader")["FunctionArn"]
    stack.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="at(2026-01-02T03:04:05)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/any", "Input": json.dumps({"id": CONTEXT})},
    )
    seen = ("2026-01-02T03:04:05Z 1", CONTEXT)
    assert eventually(lambda: any(times_seen(stack, key) for key in seen))
    return bool(times_seen(stack, CONTEXT))


def test_without_schedule_context_the_keywords_of_a_schedule_stay_in_its_input(bare: Probe) -> None:
    assert run_a_schedule(bare.stack)


def test_with_schedule_context_they_are_replaced(probe: Probe) -> None:
    assert not run_a_schedule(probe.stack)


# --- function_properties, table_properties --------------------------------------------------------------------------


def function_properties(stack: LocalStack) -> tuple[Any, ...]:
    client = stack.client("lambda")
    return (
        client.get_function_concurrency(FunctionName="probe-reader").get("ReservedConcurrentExecutions"),
        client.get_function_recursion_config(FunctionName="probe-reader")["RecursiveLoop"],
        "DeadLetterConfig" in client.get_function_configuration(FunctionName="probe-reader"),
    )


def test_without_function_properties_cloudformation_drops_them(bare: Probe) -> None:
    assert function_properties(bare.stack) == (None, "Terminate", False)


def test_with_function_properties_cloudformation_sets_them(probe: Probe) -> None:
    assert function_properties(probe.stack) == (3, "Allow", True)


def test_with_function_properties_an_update_takes_them_back(probe: Probe, tmp_path: Path) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Handler": "a.b", "Runtime": "python3.13", "Code": {"ZipFile": "pass"}},
    }
    template = tmp_path / "template.json"
    reserved: list[int | None] = []
    for extra in ({"ReservedConcurrentExecutions": 7}, {}):
        properties = {**function["Properties"], **extra}  # type: ignore[dict-item]
        resources = {"F": {**function, "Properties": properties}}
        template.write_text(json.dumps({"Resources": resources, "Outputs": {"Name": {"Value": {"Ref": "F"}}}}))
        name = probe.stack.deploy(template, "reserved")["Name"]
        answer = probe.stack.client("lambda").get_function_concurrency(FunctionName=name)
        reserved.append(answer.get("ReservedConcurrentExecutions"))
    assert reserved == [7, None]


def table_properties(stack: LocalStack) -> tuple[Any, ...]:
    dynamodb = stack.client("dynamodb")
    expiry = dynamodb.describe_time_to_live(TableName="probe-events")["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName="probe-events")["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return expiry["TimeToLiveStatus"], expiry.get("AttributeName"), recovery


def test_without_table_properties_cloudformation_drops_them(bare: Probe) -> None:
    assert table_properties(bare.stack) == ("DISABLED", None, "DISABLED")


def test_with_table_properties_cloudformation_sets_them(probe: Probe) -> None:
    assert table_properties(probe.stack) == ("ENABLED", "expires_at", "ENABLED")


# --- schedule_tick: last, for its rules need a minute from the start of the stacks -----------------------------------


def lateness(probe: Probe) -> float:
    """Seconds between the moment the rule was due and the moment its function ran."""
    fired = eventually(lambda: seen_at(probe.stack, "tick"), within=MINUTE + 15)
    assert fired, "the rule of a minute never fired"
    return fired - probe.rule_made - MINUTE


def test_without_schedule_tick_a_rule_fires_seconds_late(bare: Probe) -> None:
    assert 3 < lateness(bare) < 12


def test_with_schedule_tick_it_fires_within_two_seconds(probe: Probe) -> None:
    assert 0 <= lateness(probe) < 2.5


def test_the_rule_of_the_template_fires_too(probe: Probe) -> None:
    assert eventually(lambda: times_seen(probe.stack, "minute"), within=MINUTE)


# --- the machinery --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("all", shims.NAMES),
        ("none", ()),
        ("", ()),
        ("schedule_tick, quiet_handlers", ("schedule_tick", "quiet_handlers")),
    ],
)
def test_shims_are_chosen_by_name(text: str, chosen: tuple[str, ...]) -> None:
    assert shims.select(text) == chosen


def test_every_shim_of_the_folder_can_be_chosen() -> None:
    files = {path.stem for path in Path(shims.__file__).parent.glob("*.py")}
    assert files - {"__init__", "patching"} == set(shims.NAMES)


@pytest.fixture
def other_ministack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version, in which a function is not what it was."""
    folder = tmp_path / "ministack" / "services"
    folder.mkdir(parents=True)
    (folder / "renewed.py").write_text("def fire():\n    return 'anew'\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("other_ministack")
def test_a_function_that_changed_is_named_and_nothing_starts() -> None:
    with pytest.raises(ShimUnfit, match=r"schedule_tick does not fit .* services\.renewed:fire has changed"):
        check("schedule_tick", {"services.renewed:fire": "0123456789ab"})
    check("schedule_tick", {"services.renewed:fire": fingerprint("services.renewed:fire")})


@pytest.mark.usefixtures("other_ministack")
def test_a_function_that_is_gone_is_a_change_too() -> None:
    assert fingerprint("services.renewed:vanished") == "missing"
