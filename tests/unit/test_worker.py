"""The base of the user's Lambdas."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvalidInput, InvokeUncertain
from sosw.domain.report import Report
from sosw.testing import FakeClock, run_task
from sosw.worker import LeaseTooShort, Worker
from tests.factories import LEASE, a_task, claimed, seconds


def worker(code: Callable[[Worker, dict[str, Any]], Any]) -> Worker:
    """A Worker whose code is `code(self, event)`."""

    class Ours(Worker):
        def __call__(self, event: dict[str, Any]) -> Any:
            return code(self, event)

    return Ours()


class InTheOldForm(Worker):
    """As a Worker of sosw 0.7 is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.result: Any

    def __call__(self, event: dict[str, Any]) -> None:
        self.stats["words"] += len(event["words"])
        self.result["joined"] = "-".join(event["words"])
        super().__call__(event)


def refuse(report: Report) -> None:
    raise InvokeUncertain("sosw-worker-assistant", report.action)


def test_what_is_returned_closes_the_task_as_done() -> None:
    run = run_task(worker(lambda _, event: {"twice": 2 * event["n"]}), {"n": 21}, attempt=2)
    assert run.returned == {"twice": 42}
    assert run.reports == [
        Report(action="complete", task_id="job#0", attempt=2, labourer="labourer", result={"twice": 42})  # type: ignore[arg-type]
    ]


def test_stats_go_with_the_result() -> None:
    def code(self: Worker, _event: Any) -> None:
        self.stats["rows"] += 3

    (report,) = run_task(worker(code), {}).reports
    assert (report.action, report.result, report.stats) == ("complete", None, {"rows": 3})


def test_a_worker_in_the_form_of_sosw_0_7_closes_its_task_with_result_and_stats() -> None:
    run = run_task(InTheOldForm(), {"words": ["a", "b"]})
    assert run.raised is None
    assert [(r.action, r.result, r.stats) for r in run.reports] == [("complete", {"joined": "a-b"}, {"words": 2})]


def test_a_warm_worker_begins_each_attempt_without_what_the_last_one_left() -> None:
    warm = InTheOldForm()
    first, second = (run_task(warm, {"words": [word]}) for word in "ab")
    assert [r.reports[0].result for r in (first, second)] == [{"joined": "a"}, {"joined": "b"}]
    assert second.reports[0].stats == {"words": 1}


@pytest.mark.parametrize("result", [0, False, "", [], {}])
def test_a_result_that_is_empty_is_reported_as_it_is(result: Any) -> None:
    (report,) = run_task(worker(lambda *_: result), {}).reports
    assert report.result == result
    assert report.result is not None


@pytest.mark.parametrize(
    ("result", "reported"),
    [
        ({"rate": math.nan, "rows-loaded": 1, 7: Decimal("0.1")}, {"rate": None, "rows-loaded": 1, "7": "0.1"}),
        ([math.inf, 1.5], [None, 1.5]),
        (timedelta(seconds=1), "0:00:01"),
    ],
)
def test_a_result_that_is_no_json_closes_the_task_all_the_same(result: Any, reported: Any) -> None:
    run = run_task(worker(lambda *_: result), {})
    assert [(r.action, r.result) for r in run.reports] == [("complete", reported)]


def test_an_error_is_reported_with_the_counters_and_raised() -> None:
    def code(self: Worker, _event: Any) -> None:
        self.stats["rows"] += 1
        raise ValueError("x" * 600)

    run = run_task(worker(code), {})
    assert isinstance(run.raised, ValueError)
    (report,) = run.reports
    assert (report.action, report.error, report.message) == ("fail", "ValueError", "x" * 500)
    assert (report.stats, report.is_retryable) == ({"rows": 1}, True)


def test_leaving_by_sys_exit_is_a_failure() -> None:
    reports: list[Report] = []
    with pytest.raises(SystemExit):
        worker(lambda *_: sys.exit("no disk")).run(
            worker_event(claimed(a_task())), remaining=seconds(1), clock=FakeClock(), send=reports.append
        )
    assert [(r.action, r.error, r.message) for r in reports] == [("fail", "SystemExit", "no disk")]


def test_stats_that_raise_are_a_failure_that_is_reported() -> None:
    class Broken(Worker):
        def get_stats(self) -> dict[str, Any]:
            raise KeyError("rows")

    run = run_task(Broken(), {})
    assert [(r.action, r.error) for r in run.reports] == [("fail", "KeyError")]


def test_a_task_marked_as_failed_is_reported_once_and_not_as_done() -> None:
    run = run_task(worker(lambda self, event: self.mark_task_as_failed(event["task_id"], "bad rows")), {})
    assert run.raised is None
    assert [(r.action, r.error, r.message) for r in run.reports] == [("fail", "MarkedAsFailed", "bad rows")]


def test_an_error_after_the_task_was_marked_as_failed_is_raised_and_not_reported_again() -> None:
    def code(self: Worker, _event: Any) -> None:
        self.mark_task_as_failed()
        raise ValueError

    run = run_task(worker(code), {})
    assert isinstance(run.raised, ValueError)
    assert len(run.reports) == 1


def test_a_heartbeat_is_sent_while_the_attempt_runs_and_not_after_its_end() -> None:
    def code(self: Worker, _event: Any) -> None:
        self.heartbeat()
        self.mark_task_as_failed()
        self.heartbeat()

    assert [r.action for r in run_task(worker(code), {}).reports] == ["heartbeat", "fail"]


def test_the_attempt_knows_itself() -> None:
    def code(self: Worker, _event: Any) -> Any:
        assert self.task is not None
        return [self.task.id, self.task.job_id, self.task.labourer, self.task.attempt, str(self.task.lease_until)]

    run = run_task(worker(code), {}, attempt=3)
    assert run.returned == ["job#0", "job", "labourer", 3, "2026-01-01 12:20:00+00:00"]


def test_an_attempt_that_may_outlive_its_lease_does_not_begin() -> None:
    begun: list[Any] = []
    run = run_task(worker(lambda _, event: begun.append(event)), {}, remaining=LEASE + seconds(1))
    assert begun == []
    assert isinstance(run.raised, LeaseTooShort)
    assert "the lease leaves 1200 s, the function may run 1201 s: set the labourer's duration" in str(run.raised)
    assert [(r.action, r.error) for r in run.reports] == [("fail", "LeaseTooShort")]


def test_an_attempt_that_ends_with_its_lease_at_the_latest_begins() -> None:
    assert run_task(worker(lambda *_: "ok"), {}, remaining=LEASE).returned == "ok"


def test_an_event_that_waited_until_after_the_lease_does_not_begin() -> None:
    clock = FakeClock()
    event = worker_event(claimed(a_task()))
    clock.advance(LEASE + seconds(1))
    with pytest.raises(LeaseTooShort, match="the lease leaves 0 s"):
        worker(lambda *_: 1).run(event, remaining=seconds(0), clock=clock, send=lambda _: None)


def test_without_sosw_the_code_runs_and_nothing_is_reported() -> None:
    reports: list[Report] = []

    def code(self: Worker, event: dict[str, Any]) -> Any:
        self.heartbeat()
        return [self.task, event["n"]]

    returned = worker(code).run({"n": 4}, remaining=seconds(0), clock=FakeClock(), send=reports.append)
    assert (returned, reports) == ([None, 4], [])


def test_an_error_without_sosw_is_raised_and_nothing_is_reported() -> None:
    reports: list[Report] = []
    with pytest.raises(KeyError, match="n"):
        worker(lambda _, event: event["n"]).run({}, remaining=seconds(0), clock=FakeClock(), send=reports.append)
    assert reports == []


def test_half_an_assignment_is_refused_before_the_code_runs() -> None:
    begun: list[Any] = []
    with pytest.raises(InvalidInput, match=r"sosw\.job_id: None must be str"):
        worker(lambda _, event: begun.append(event)).run(
            {"task_id": "t", "sosw": {}}, remaining=seconds(0), clock=FakeClock(), send=lambda _: None
        )
    assert begun == []


def test_a_report_that_could_not_be_sent_fails_the_invocation_for_all_to_see() -> None:
    with pytest.raises(InvokeUncertain, match="complete"):
        worker(lambda *_: 1).run(worker_event(claimed(a_task())), remaining=seconds(1), clock=FakeClock(), send=refuse)


def test_called_by_itself_a_worker_reports_nothing() -> None:
    alone = InTheOldForm()
    alone({"words": ["a"]})
    alone.mark_task_as_failed()
    alone.heartbeat()
    assert alone.result == {"joined": "a"}
