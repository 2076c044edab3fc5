"""The entry of a user's Lambda."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Event
from typing import Any, ClassVar

import pytest

from sosw import LambdaGlobals, Processor, Worker, get_lambda_handler
from sosw.domain.errors import InvalidInput, InvokeUncertain
from sosw.domain.jsontext import dump, load
from sosw.domain.moments import to_ms
from sosw.domain.records import ResourceName, of_resource
from sosw.domain.resources import Resource
from sosw.domain.standing import Budget
from sosw.domain.task import TaskState
from sosw.signal_desk import SignalDesk
from sosw.testing import InMemoryRecordStore, RecordingInvoker
from tests.factories import World, a_task, claimed


class Context:
    """Lambda's, as far as it is looked at."""

    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 3_000


class Doubling(Worker):
    def __call__(self, event: dict[str, Any]) -> Any:
        self.stats["seen"] += 1
        if event["n"] < 0:
            raise ValueError("n is negative")
        return {"twice": 2 * event["n"]}


def event_for(n: int, *, attempt: int = 1, lease: timedelta = timedelta(minutes=20)) -> dict[str, Any]:
    lease_until = to_ms(datetime.now(timezone.utc) + lease)  # noqa: TID251  (the handler's clock is the system's)
    ours = {"job_id": "j", "labourer": "doubling", "attempt": attempt, "lease_until": lease_until}
    return {"n": n, "task_id": "j#0", "sosw": ours}


def test_a_result_is_returned_and_reported_to_the_assistant_of_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOSW_PREFIX", "blue")
    invoker = RecordingInvoker()

    returned = get_lambda_handler(Doubling, invoker=invoker)(event_for(21, attempt=2), Context())

    report = {
        "action": "complete",
        "task_id": "j#0",
        "attempt": 2,
        "labourer": "doubling",
        "result": {"twice": 42},
        "stats": {"seen": 1},
        "request_id": "request",
    }
    assert returned == {"twice": 42}
    assert invoker.started == [("blue-worker-assistant", report)]


class Place(Context):
    """As Lambda's context says where it runs."""

    function_name = "doubling"
    log_stream_name = "2026/01/01/[$LATEST]4f2c4c7e9a510d6f2b8c1e116f0a9d0e"

    def __init__(self, log_group: str) -> None:
        self.log_group_name = log_group


@pytest.mark.parametrize(("group", "told"), [("/aws/lambda/doubling", None), ("/teams/sales", "/teams/sales")])
def test_a_report_says_where_lambda_logs_the_attempt_and_the_group_where_it_is_not_the_functions(
    group: str, told: str | None
) -> None:
    invoker = RecordingInvoker()

    with pytest.raises(ValueError, match="n is negative"):
        get_lambda_handler(Doubling, invoker=invoker)(event_for(-1), Place(group))
    with pytest.raises(ConnectionError):
        get_lambda_handler(Stillborn, invoker=invoker)(event_for(1), Place(group))

    assert [report["request_id"] for _, report in invoker.started] == ["request"] * 2
    assert [report["log_stream"] for _, report in invoker.started] == [Place.log_stream_name] * 2
    assert [report.get("log_group") for _, report in invoker.started] == [told] * 2
    assert all(" __" in report["trace"] for _, report in invoker.started)


def test_an_attempt_that_is_blocked_is_reported_before_lambda_ends_it() -> None:
    is_told = Event()
    invoker = RecordingInvoker(lambda _function, report: is_told.set() if report["action"] == "fail" else None)

    class Blocked(Worker):
        def __call__(self, event: Any) -> None:
            del event
            assert is_told.wait(10)

    class Hasty(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 40

    get_lambda_handler(Blocked, invoker=invoker)(event_for(1), Hasty())

    failed, completed = (report for _, report in invoker.started)
    assert (failed["action"], failed["error"], completed["action"]) == ("fail", "DeadlineExceeded", "complete")


def test_a_report_that_finds_no_ear_is_repeated_in_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("sosw.handler.sleep", slept.append)
    troubles = [InvokeUncertain("sosw-worker-assistant", "no answer")]

    def refuse(_function: str, _report: Any) -> None:
        if troubles:
            raise troubles.pop()

    invoker = RecordingInvoker(refuse)
    assert get_lambda_handler(Doubling, invoker=invoker)(event_for(2), Context()) == {"twice": 4}
    assert (slept, len(invoker.started)) == ([1.0], 1)


def test_an_error_is_reported_and_raised_for_lambdas_own_log() -> None:
    invoker = RecordingInvoker()

    with pytest.raises(ValueError, match="n is negative"):
        get_lambda_handler(Doubling, invoker=invoker)(event_for(-1), Context())

    ((_, report),) = invoker.started
    assert (report["action"], report["error"], report["message"]) == ("fail", "ValueError", "n is negative")


def test_counters_begin_anew_with_every_invocation_of_a_warm_container() -> None:
    invoker, kept = RecordingInvoker(), LambdaGlobals()
    handler = get_lambda_handler(Doubling, kept, invoker=invoker)

    handler(event_for(1), Context())
    processor = kept.processor
    handler(event_for(2), Context())

    assert kept.processor is processor
    assert [report["stats"] for _, report in invoker.started] == [{"seen": 1}, {"seen": 1}]


def test_an_event_that_is_not_from_sosw_runs_and_reports_nothing() -> None:
    invoker = RecordingInvoker()

    assert get_lambda_handler(Doubling, invoker=invoker)({"n": 4}, None) == {"twice": 8}
    assert invoker.started == []


def test_an_attempt_that_could_outlive_its_lease_does_not_begin() -> None:
    invoker = RecordingInvoker()

    with pytest.raises(RuntimeError, match=r"the lease leaves [12] s, the function may run 3 s"):
        get_lambda_handler(Doubling, invoker=invoker)(event_for(1, lease=timedelta(seconds=2)), Context())

    ((_, report),) = invoker.started
    assert (report["error"], "stats" in report) == ("LeaseTooShort", False)


class Stillborn(Worker):
    def __init__(self, *_: Any, **__: Any) -> None:
        raise ConnectionError("no database")


def test_a_worker_that_cannot_be_made_fails_its_attempt_at_once_and_raises() -> None:
    invoker, kept = RecordingInvoker(), LambdaGlobals()
    handler = get_lambda_handler(Stillborn, kept, invoker=invoker)

    for attempt in (1, 2):
        with pytest.raises(ConnectionError, match="no database"):
            handler(event_for(1, attempt=attempt), Context())

    said = [(r["action"], r["task_id"], r["attempt"], r["labourer"], r["error"]) for _, r in invoker.started]
    assert said == [("fail", "j#0", attempt, "doubling", "ConnectionError") for attempt in (1, 2)]
    assert [r["message"] for _, r in invoker.started] == ["no database"] * 2
    assert kept.processor is None


def test_a_stored_configuration_that_cannot_be_read_fails_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOSW_CONFIG", "table")  # of no function: its name is not in the environment
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    invoker = RecordingInvoker()

    with pytest.raises(KeyError, match="AWS_LAMBDA_FUNCTION_NAME"):
        get_lambda_handler(Doubling, invoker=invoker)(event_for(1), Context())

    assert [report["error"] for _, report in invoker.started] == ["KeyError"]


@pytest.mark.parametrize(
    ("broken", "labourer"),
    [
        ({"lease_until": None}, "doubling"),
        ({"lease_until": 10**20}, "doubling"),
        ({"job_id": 7}, "doubling"),
        ({"labourer": 7}, None),
    ],
)
def test_an_assignment_that_is_not_whole_fails_the_attempt_that_it_names(broken: Any, labourer: str | None) -> None:
    event, invoker = event_for(1), RecordingInvoker()
    event["sosw"] |= broken

    with pytest.raises((InvalidInput, OverflowError)):
        get_lambda_handler(Doubling, invoker=invoker)(event, Context())

    ((_, report),) = invoker.started
    assert (report["task_id"], report["attempt"], report.get("labourer")) == ("j#0", 1, labourer)


@pytest.mark.parametrize("change", [{"task_id": None}, {"sosw": {"attempt": "1"}}, {"sosw": {"attempt": True}}])
def test_an_event_that_names_no_attempt_is_refused_and_reports_nothing(change: Any) -> None:
    invoker = RecordingInvoker()

    with pytest.raises(InvalidInput, match="or leave out sosw"):
        get_lambda_handler(Doubling, invoker=invoker)({**event_for(1), **change}, Context())

    assert invoker.started == []


@pytest.mark.parametrize("event", [{"n": 1}, "text", {"sosw": "text"}])
def test_a_worker_that_cannot_be_made_for_an_event_of_others_only_raises(event: Any) -> None:
    invoker = RecordingInvoker()

    with pytest.raises(ConnectionError):
        get_lambda_handler(Stillborn, invoker=invoker)(event, Context())

    assert invoker.started == []


def test_a_plain_processor_that_cannot_be_made_reports_nothing() -> None:
    class Broken(Processor):
        def __init__(self, *_: Any, **__: Any) -> None:
            raise ConnectionError

    invoker = RecordingInvoker()

    with pytest.raises(ConnectionError):
        get_lambda_handler(Broken, invoker=invoker)(event_for(1), Context())

    assert invoker.started == []


def test_the_cause_is_raised_also_when_the_report_of_it_fails() -> None:
    def refuse(function: str, _event: Any) -> None:
        raise InvokeUncertain(function, "no answer")

    with pytest.raises(ConnectionError, match="no database"):
        get_lambda_handler(Stillborn, invoker=RecordingInvoker(refuse))(event_for(1), Context())


def test_a_plain_processor_answers_the_event_with_its_configuration_in_layers() -> None:
    class Greeter(Processor):
        DEFAULT_CONFIG: ClassVar = {"greeting": "hello", "mark": "!"}

        def __call__(self, event: Any) -> str:
            return f"{self.config['greeting']} {event['name']}{self.config['mark']}"

    handler = get_lambda_handler(Greeter, custom_config={"greeting": "goodbye"})

    assert handler({"name": "world"}, Context()) == "goodbye world!"


def test_the_names_of_sosw_0_7_lead_to_the_same_classes() -> None:
    from sosw import app  # noqa: PLC0415

    assert (app.Processor, app.LambdaGlobals, app.get_lambda_handler) == (Processor, LambdaGlobals, get_lambda_handler)


def test_signals_of_a_worker_come_to_the_budget_of_their_resource() -> None:
    class Querying(Worker):
        def __call__(self, event: dict[str, Any]) -> None:
            for _ in range(event["n"]):
                self.signal("rds:orders", error="TooManyConnections")

    invoker, world = RecordingInvoker(), World()
    world.tasks.create([claimed(a_task())])
    get_lambda_handler(Querying, invoker=invoker)(
        {**event_for(40), "task_id": "job#0", "sosw": {**event_for(40)["sosw"], "job_id": "job"}}, Context()
    )
    ((_, report),) = invoker.started
    records = InMemoryRecordStore()
    assistant = world.assistant(desk=SignalDesk(records=records, clock=world.clock))
    database = Resource(name=ResourceName("rds:orders"), query=None, target=70, band=5, ceiling=40, start=40)
    assistant.settings = replace(assistant.settings, resources={database.name: database})
    for _ in range(20):
        world.clock.advance(seconds=1)
        world.tasks.tasks.clear()
        world.tasks.create([claimed(a_task())])
        assistant(load(dump(report)))

    assert Budget.from_json(records.records[of_resource("rds:orders")].value).limit == pytest.approx(20)
    assert world.task().state is TaskState.DONE
