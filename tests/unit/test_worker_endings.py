"""What a Worker's code can say of its attempt: how it ends, how far it is, what came of it so far."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sosw import NonRetryable, RetryAfter, Snooze, Worker
from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvalidInput, InvokeUncertain
from sosw.domain.report import Report
from sosw.domain.task import Invocation
from sosw.testing import FakeClock, run_task
from tests.factories import a_task, claimed, seconds


def worker(code: Callable[[Worker, dict[str, Any]], Any]) -> Worker:
    """A Worker whose code is `code(self, event)`."""

    class Ours(Worker):
        def __call__(self, event: dict[str, Any]) -> Any:
            return code(self, event)

    return Ours()


def raising(error: Exception) -> Worker:
    def code(self: Worker, _event: Any) -> None:
        self.stats["rows"] += 1
        raise error

    return worker(code)


def caused_by(error: Exception) -> Exception:
    outer = RuntimeError("of a library")
    outer.__cause__ = error
    return outer


class ShopGone(NonRetryable):
    pass


class Busy(RetryAfter):
    def __init__(self, header: str) -> None:
        super().__init__(int(header), "the API is busy")


@pytest.mark.parametrize("wrap", [lambda error: error, caused_by])
def test_what_no_retry_can_mend_is_reported_so_and_raised(wrap: Callable[[Exception], Exception]) -> None:
    error = wrap(ShopGone("shop 7 is closed"))
    run = run_task(raising(error), {})
    assert run.raised is error
    (report,) = run.reports
    assert (report.action, report.is_retryable, report.delay) == ("fail", False, None)
    assert (report.error, report.message, report.stats) == ("ShopGone", "shop 7 is closed", {"rows": 1})
    assert " code" in report.trace


@pytest.mark.parametrize("wrap", [lambda error: error, caused_by])
def test_a_retry_at_a_moment_of_ones_own_is_a_failure_with_a_delay(wrap: Callable[[Exception], Exception]) -> None:
    error = wrap(Busy("90"))
    run = run_task(raising(error), {})
    assert run.raised is error
    (report,) = run.reports
    assert (report.action, report.error, report.message) == ("fail", "Busy", "the API is busy")
    assert (report.delay, report.is_retryable) == (90, True)


@pytest.mark.parametrize("wrap", [lambda error: error, caused_by])
def test_a_snooze_is_no_failure_and_nothing_is_raised(wrap: Callable[[Exception], Exception]) -> None:
    run = run_task(raising(wrap(Snooze(timedelta(minutes=10), "the export is not ready"))), {})
    assert (run.raised, run.returned) == (None, None)
    (report,) = run.reports
    assert (report.action, report.delay, report.note) == ("snooze", 600, "the export is not ready")
    assert report.stats == {"rows": 1}


def test_a_verdict_without_words_of_its_own_tells_what_it_was_raised_from() -> None:
    error = RetryAfter(5)
    error.__cause__ = ConnectionError("reset by peer")
    (report,) = run_task(raising(error), {}).reports
    assert report.message == "reset by peer"


def test_a_delay_that_is_none_fails_the_attempt_with_the_rule() -> None:
    run = run_task(worker(lambda *_: (_ for _ in ()).throw(Snooze("later"))), {})  # type: ignore[arg-type]
    assert [(report.action, report.error) for report in run.reports] == [("fail", "InvalidInput")]


@pytest.mark.parametrize("error", [ValueError("no"), NonRetryable("no")])
def test_a_failure_that_cannot_be_reported_is_raised_as_it_is(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(report: Report) -> None:
        raise InvokeUncertain("sosw-worker-assistant", report.action)

    with pytest.raises(type(error), match="no"):
        raising(error).run(worker_event(claimed(a_task())), remaining=seconds(1), clock=FakeClock(), send=refuse)
    assert "report.failed" in caplog.text


def test_a_snooze_that_cannot_be_reported_is_raised_for_all_to_see() -> None:
    def refuse(report: Report) -> None:
        raise InvokeUncertain("sosw-worker-assistant", report.action)

    with pytest.raises(Snooze):
        raising(Snooze(1)).run(worker_event(claimed(a_task())), remaining=seconds(1), clock=FakeClock(), send=refuse)


def test_a_snooze_without_sosw_ends_the_invocation_well() -> None:
    assert raising(Snooze(1)).run({}, remaining=seconds(1), clock=FakeClock(), send=lambda _: None) is None


def test_a_heartbeat_says_how_far_the_attempt_is() -> None:
    def code(self: Worker, _event: Any) -> None:
        self.heartbeat()
        self.heartbeat(progress=0.4, note="12 of 30 shops")
        self.heartbeat(note="x" * 300)
        self.heartbeat(progress=0.9999999999, note=None)

    beats = run_task(worker(code), {}).reports[:-1]
    assert [(beat.progress, beat.note) for beat in beats] == [
        (None, None),
        (0.4, "12 of 30 shops"),
        (None, "x" * 200),
        (1.0, None),
    ]


@pytest.mark.parametrize("progress", [-0.1, 1.1, 40, True, "half", float("nan")])
def test_a_progress_that_is_none_raises_at_once_and_sends_nothing(progress: Any) -> None:
    def code(self: Worker, _event: Any) -> None:
        with pytest.raises(InvalidInput, match=r"progress: .* must be a number from 0 to 1"):
            self.heartbeat(progress=progress)
        with pytest.raises(InvalidInput, match="progress"):
            self.partial(1, progress=progress)

    run = run_task(worker(code), {})
    assert run.raised is None
    assert [report.action for report in run.reports] == ["complete"]


def test_a_partial_result_is_a_heartbeat_that_carries_it() -> None:
    def code(self: Worker, _event: Any) -> str:
        self.partial({"rows": 1, "rate": float("nan")}, progress=0.5, note="half")
        return "all"

    beat, end = run_task(worker(code), {}).reports
    assert (beat.action, beat.result, beat.progress, beat.note) == ("heartbeat", {"rows": 1, "rate": None}, 0.5, "half")
    assert (end.action, end.result) == ("complete", "all")


def test_the_last_partial_result_is_the_result_of_what_returns_nothing() -> None:
    def code(self: Worker, event: dict[str, Any]) -> None:
        for number in range(event["n"]):
            self.partial({"rows": number})

    warm = worker(code)
    assert run_task(warm, {"n": 3}).reports[-1].result == {"rows": 2}
    assert run_task(warm, {"n": 0}).reports[-1].result is None


def test_none_is_no_partial_result() -> None:
    run = run_task(worker(lambda self, _: self.partial(None)), {})
    assert str(run.raised) == "result: None must be a result: None would leave the one that was sent before"


def test_the_next_attempt_reads_what_an_earlier_one_has_left() -> None:
    def code(self: Worker, _event: Any) -> Any:
        assert self.task is not None
        return self.task.partial

    assert run_task(worker(code), {}, attempt=2, partial={"rows": 40}).returned == {"rows": 40}
    assert run_task(worker(code), {}).returned is None


def test_the_attempt_knows_its_tries_and_whether_it_is_the_last() -> None:
    def code(self: Worker, _event: Any) -> Any:
        assert self.task is not None
        return [self.task.tries, self.task.max_attempts, self.task.is_last_attempt]

    assert run_task(worker(code), {}, attempt=2).returned == [2, 3, False]
    assert run_task(worker(code), {}, attempt=3).returned == [3, 3, True]
    event = worker_event(claimed(a_task(attempt=6, forgiven=5)))
    del event["sosw"]["tries"], event["sosw"]["max_attempts"], event["sosw"]["partial"]  # of an older Orchestrator
    told = worker(code).run(event, remaining=seconds(1), clock=FakeClock(), send=lambda _: None)
    assert told == [7, None, None]


def test_the_time_that_remains_is_live_and_never_less_than_none() -> None:
    clock, left = FakeClock(), list[timedelta]()

    def code(self: Worker, _event: Any) -> None:
        assert self.task is not None
        for _ in range(3):
            left.append(self.task.remaining)
            clock.advance(seconds(40))

    run_task(worker(code), {}, remaining=seconds(60), clock=clock)
    assert left == [seconds(60), seconds(20), seconds(0)]


def test_where_there_is_no_lambda_the_lease_is_the_time_that_remains() -> None:
    def code(self: Worker, _event: Any) -> Any:
        assert self.task is not None
        return self.task.remaining

    assert run_task(worker(code), {}, remaining=seconds(0)).returned == seconds(1200)


def test_a_task_that_is_marked_as_completed_is_done_at_once_and_not_reported_again() -> None:
    def code(self: Worker, event: dict[str, Any]) -> None:
        self.stats["rows"] += 3
        self.result["joined"] = "a-b"
        self.mark_task_as_completed(event["task_id"])
        self.heartbeat()
        raise ValueError("after all")

    run = run_task(worker(code), {})
    assert isinstance(run.raised, ValueError)
    assert [(r.action, r.result, r.stats) for r in run.reports] == [("complete", {"joined": "a-b"}, {"rows": 3})]


def test_reports_say_where_lambda_runs_and_logs_the_attempt() -> None:
    reports: list[Report] = []
    place = Invocation(request_id="r-1", log_stream="s-1", log_group="g-1")
    worker(lambda self, _: self.heartbeat()).run(
        worker_event(claimed(a_task())),
        remaining=seconds(1),
        clock=FakeClock(),
        send=reports.append,
        invocation=place,
    )
    assert [report.invocation for report in reports] == [place, place]


def test_reports_are_repeated_with_the_waiting_that_the_invocation_is_given() -> None:
    troubles, pauses, reports = [InvokeUncertain("f", "no answer")], list[timedelta](), list[Report]()

    def send(report: Report) -> None:
        if troubles:
            raise troubles.pop()
        reports.append(report)

    event = worker_event(claimed(a_task()))
    worker(lambda *_: 1).run(event, remaining=seconds(60), clock=FakeClock(), send=send, wait=pauses.append)
    assert ([report.action for report in reports], pauses) == (["complete"], [seconds(1)])
