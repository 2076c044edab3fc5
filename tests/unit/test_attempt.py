"""What one attempt tells: once, by whoever is first, and as often as it must to be heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.attempt import LONGEST_PAUSE, Attempt
from sosw.domain.assignment import assignment, worker_event
from sosw.domain.errors import InvokeRefused, InvokeUncertain
from sosw.domain.report import COMPLETE, FAIL, Report
from sosw.domain.task import Invocation
from sosw.testing import FakeClock
from tests.factories import NOW, a_task, claimed, seconds

THROTTLED = InvokeRefused("sosw-worker-assistant", "throttled", is_passing=True)
LOST = InvokeUncertain("sosw-worker-assistant", "no answer")
FORBIDDEN = InvokeRefused("sosw-worker-assistant", "no right to", is_passing=False)


class Line:
    """To a WorkerAssistant that answers one report after the other with `troubles`, and then takes them."""

    def __init__(self, *troubles: Exception, time: timedelta = seconds(60), takes: timedelta = seconds(0)) -> None:
        self.troubles, self.takes, self.clock = list(troubles), takes, FakeClock()
        self.taken: list[Report] = []
        self.pauses: list[timedelta] = []
        task = assignment(worker_event(claimed(a_task())))
        assert task is not None
        self.task = replace(task, left=lambda: NOW + time - self.clock.now())

    def send(self, report: Report) -> None:
        self.clock.advance(self.takes)
        if self.troubles:
            raise self.troubles.pop(0)
        self.taken.append(report)

    def wait(self, pause: timedelta) -> None:
        self.pauses.append(pause)
        self.clock.advance(pause)

    def attempt(self, **more: Any) -> Attempt:
        return Attempt(self.task, self.send, **{"wait": self.wait, **more})

    @property
    def said(self) -> list[str]:
        return [report.action for report in self.taken]


@pytest.mark.parametrize("action", [COMPLETE, FAIL])
@pytest.mark.parametrize("trouble", [THROTTLED, LOST])
def test_an_end_that_was_not_heard_is_told_again(trouble: Exception, action: str) -> None:
    line = Line(*[trouble] * 3)
    line.attempt().end(action, stats={"n": 1})
    assert [(report.action, report.stats) for report in line.taken] == [(action, {"n": 1})]
    assert line.pauses == [seconds(1), seconds(2), seconds(4)]


def test_an_end_is_told_again_as_long_as_the_function_has_time_and_not_longer() -> None:
    line = Line(*[THROTTLED] * 99, time=seconds(60), takes=seconds(0.1))
    with pytest.raises(InvokeRefused, match="throttled"):
        line.attempt().end(COMPLETE)
    assert line.pauses == [seconds(1), seconds(2), seconds(4), seconds(8), seconds(16)]
    assert line.clock.now() < NOW + seconds(60)


def test_pauses_grow_to_a_bound() -> None:
    line = Line(*[THROTTLED] * 9, time=seconds(600))
    line.attempt().end(COMPLETE)
    assert line.pauses[-3:] == [LONGEST_PAUSE] * 3


def test_what_is_refused_for_good_is_not_told_again() -> None:
    line = Line(FORBIDDEN)
    with pytest.raises(InvokeRefused, match="no right to"):
        line.attempt().end(COMPLETE)
    assert line.pauses == []


def test_without_waiting_nothing_is_told_again() -> None:
    line = Line(LOST)
    with pytest.raises(InvokeUncertain):
        line.attempt(wait=None).end(COMPLETE)


@pytest.mark.parametrize("trouble", [THROTTLED, LOST, FORBIDDEN])
def test_a_heartbeat_that_cannot_be_sent_is_logged_and_costs_nothing(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(trouble)
    attempt = line.attempt()
    attempt.beat({"progress": 0.5})
    assert (line.taken, line.pauses) == ([], [])
    assert "heartbeat.failed" in caplog.text
    attempt.beat({})
    attempt.end(COMPLETE)
    assert line.said == ["heartbeat", "complete"]


def test_an_end_is_told_once() -> None:
    line = Line()
    attempt = line.attempt()
    for action in (FAIL, COMPLETE, FAIL):
        attempt.end(action)
    attempt.beat({})
    attempt.give_up(FAIL)
    assert line.said == [FAIL]


def test_what_the_guard_gave_up_is_not_failed_again_and_lives_no_more() -> None:
    line = Line()
    attempt = line.attempt()
    attempt.give_up(FAIL, error="DeadlineExceeded")
    attempt.beat({})
    attempt.end(FAIL, error="KeyError")
    assert [report.error for report in line.taken] == ["DeadlineExceeded"]


def test_a_success_after_the_guard_gave_it_up_is_told_for_it_may_save_the_retry() -> None:
    line = Line()
    attempt = line.attempt()
    attempt.signal("rds:orders", latency=1)
    attempt.give_up(FAIL)
    attempt.end(COMPLETE, result=7)
    assert line.said == [FAIL, COMPLETE]
    assert [report.signals is None for report in line.taken] == [False, True]


def test_a_guard_that_is_not_heard_leaves_the_end_to_the_code(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(FORBIDDEN)
    attempt = line.attempt()
    attempt.signal("rds:orders", latency=1)
    attempt.give_up(FAIL)
    assert (line.taken, attempt.is_over) == ([], False)
    assert "deadline.untold" in caplog.text
    attempt.end(FAIL, error="KeyError")
    assert [(report.error, report.signals is None) for report in line.taken] == [("KeyError", False)]


def test_a_guard_that_wakes_in_a_later_invocation_says_nothing() -> None:
    line = Line()
    attempt = line.attempt()
    attempt.seal()
    attempt.give_up(FAIL)
    assert line.taken == []


def test_an_invocation_that_is_none_of_sosws_tells_nothing() -> None:
    attempt = Attempt()
    attempt.signal("rds:orders", latency=1)
    attempt.beat({})
    attempt.give_up(FAIL)
    attempt.end(COMPLETE)
    attempt.seal()
    assert attempt.is_over


def test_every_report_says_where_it_comes_from() -> None:
    line = Line()
    attempt = line.attempt(invocation=Invocation(request_id="r-1", log_stream="s"))
    attempt.beat({})
    attempt.end(COMPLETE)
    assert [report.invocation for report in line.taken] == [Invocation(request_id="r-1", log_stream="s")] * 2
