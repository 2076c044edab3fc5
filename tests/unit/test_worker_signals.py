"""What a Worker's code signals of the resources that it uses, and which report takes it along."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvokeUncertain
from sosw.domain.report import HEARTBEAT, Report
from sosw.domain.signals import Signals, signal
from sosw.testing import FakeClock, run_task
from sosw.worker import Worker
from tests.factories import a_task, claimed, seconds
from tests.unit.test_worker import worker


def told(signals: Signals, ended: int = 0) -> dict[str, Any]:
    """As it stands in a report."""
    return replace(signals, ended=ended).to_json()


def test_signals_go_with_the_report_that_closes_the_attempt() -> None:
    def code(self: Worker, _event: Any) -> str:
        self.signal("rds:orders", latency=0.12)
        self.signal("rds:orders", latency=seconds(0.08))
        self.signal("api:shop", error="429")
        return "done"

    (report,) = run_task(worker(code), {}).reports
    assert (report.action, report.result) == ("complete", "done")
    assert report.signals == {
        "rds:orders": told(signal(latency=0.12) + signal(latency=0.08), ended=1),
        "api:shop": told(signal(error="429"), ended=1),
    }


def test_signals_of_an_attempt_that_fails_go_with_its_failure() -> None:
    def code(self: Worker, _event: Any) -> None:
        with self.using("rds:orders"):
            raise TimeoutError("too slow")

    run = run_task(worker(code), {})
    assert isinstance(run.raised, TimeoutError)
    assert [(r.action, r.error, r.signals) for r in run.reports] == [
        ("fail", "TimeoutError", {"rds:orders": told(signal(error="TimeoutError"), ended=1)})
    ]


def test_a_use_is_timed_by_the_clock() -> None:
    clock = FakeClock()

    def code(self: Worker, _event: Any) -> None:
        with self.using("rds:orders"):
            clock.advance(seconds=2.5)

    (report,) = run_task(worker(code), {}, clock=clock).reports
    assert report.signals == {"rds:orders": told(signal(latency=2.5), ended=1)}


def test_a_use_during_which_the_clock_was_set_back_took_no_time() -> None:
    clock = FakeClock()

    def code(self: Worker, _event: Any) -> None:
        with self.using("rds:orders"):
            clock.advance(seconds=-60)

    (report,) = run_task(worker(code), {}, clock=clock).reports
    assert report.signals == {"rds:orders": told(signal(latency=0), ended=1)}


def test_leaving_by_sys_exit_says_nothing_of_the_resource() -> None:
    def code(self: Worker, _event: Any) -> None:
        with self.using("rds:orders"):
            sys.exit("done here")

    reports: list[Report] = []
    with pytest.raises(SystemExit):
        worker(code).run(worker_event(claimed(a_task())), remaining=seconds(1), clock=FakeClock(), send=reports.append)
    assert [(r.action, r.signals) for r in reports] == [("fail", None)]


def test_a_heartbeat_takes_along_what_is_new_and_the_end_is_told_to_all() -> None:
    def code(self: Worker, _event: Any) -> None:
        self.signal("rds:orders", latency=1)
        self.heartbeat()
        self.heartbeat()
        self.signal("api:shop", error="503")

    assert [r.signals for r in run_task(worker(code), {}).reports] == [
        {"rds:orders": told(signal(latency=1))},
        None,
        {"rds:orders": {"ended": 1}, "api:shop": told(signal(error="503"), ended=1)},
    ]


def test_signals_of_a_heartbeat_that_could_not_be_sent_go_with_the_next_report() -> None:
    reports: list[Report] = []

    def send(report: Report) -> None:
        if report.action == HEARTBEAT:
            raise InvokeUncertain("sosw-worker-assistant", "busy")
        reports.append(report)

    def code(self: Worker, _event: Any) -> None:
        self.signal("rds:orders", latency=1)
        self.heartbeat()

    worker(code).run(worker_event(claimed(a_task())), remaining=seconds(1), clock=FakeClock(), send=send)
    assert [r.signals for r in reports] == [{"rds:orders": told(signal(latency=1), ended=1)}]


def test_a_signal_that_cannot_be_costs_nothing_but_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def code(self: Worker, _event: Any) -> str:
        self.signal("rds:orders", latency="fast")  # type: ignore[arg-type]
        return "done"

    run = run_task(worker(code), {})
    assert [(r.action, r.signals) for r in run.reports] == [("complete", None)]
    assert "latency: 'fast' must be seconds" in caplog.text


def test_a_signal_after_the_report_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    def code(self: Worker, _event: Any) -> None:
        self.mark_task_as_failed()
        self.signal("rds:orders", latency=1)

    assert [r.signals for r in run_task(worker(code), {}).reports] == [None]
    assert "signal: 'rds:orders' came after the report of its attempt" in caplog.text


def test_a_warm_worker_signals_nothing_of_its_last_attempt() -> None:
    warm = worker(lambda self, event: self.signal("rds:orders", latency=1) if event["n"] else None)
    first, second = (run_task(warm, {"n": n}).reports[0] for n in (1, 0))
    assert first.signals is not None
    assert second.signals is None


def test_run_alone_a_worker_signals_nothing() -> None:
    def code(self: Worker, _event: Any) -> str:
        with self.using("rds:orders"):
            self.signal("rds:orders", latency=1)
        return "done"

    assert worker(code)({}) == "done"
    assert worker(code).run({}, remaining=seconds(0), clock=FakeClock(), send=lambda _: None) == "done"


def test_a_report_without_signals_is_what_it_was() -> None:
    (report,) = run_task(worker(lambda *_: [1]), {}).reports
    assert report.to_event() == {
        "action": "complete",
        "task_id": "job#0",
        "attempt": 1,
        "labourer": "labourer",
        "result": [1],
    }
