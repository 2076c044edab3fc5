"""The guard of an attempt's deadline: it speaks up while there is time, whatever the code is doing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any, ClassVar

import pytest

from sosw import Worker
from sosw.deadline import daemon_alarm
from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvalidInput
from sosw.domain.report import Report
from sosw.domain.task import TaskState
from sosw.testing import FakeClock
from tests.factories import World, a_task, claimed, seconds


class Alarm:
    """Rings when the test says so, in a thread of its own."""

    def __init__(self) -> None:
        self.after: timedelta | None = None
        self.is_called_off = False
        self._call: Callable[[], None] = lambda: None

    def __call__(self, after: timedelta, call: Callable[[], None]) -> Callable[[], None]:
        self.after, self._call = after, call
        return self.call_off

    def call_off(self) -> None:
        self.is_called_off = True

    def ring(self) -> None:
        thread = Thread(target=self._call)
        thread.start()
        thread.join()


class Stage:
    """A Worker whose code is `code(self, event)`, with an alarm, a clock and a function's time-out."""

    def __init__(self, code: Callable[[Worker, Any], Any], *, margin: Any = None) -> None:
        class Ours(Worker):
            DEFAULT_CONFIG: ClassVar = {} if margin is None else {"deadline_margin": margin}

            def __call__(self, event: Any) -> Any:
                return code(self, event)

        self.alarm, self.clock, self.worker = Alarm(), FakeClock(), Ours()
        self.reports: list[Report] = []

    def run(self, time_out: float = 60, event: Any = None, **parts: Any) -> Any:
        given = {"alarm": self.alarm, "send": self.reports.append, **parts}
        event = worker_event(claimed(a_task())) if event is None else event
        return self.worker.run(event, remaining=seconds(time_out), clock=self.clock, **given)

    def at_the_margin(self) -> None:
        assert self.alarm.after is not None
        self.clock.advance(self.alarm.after)
        self.alarm.ring()


@pytest.mark.parametrize(
    ("margin", "time_out", "after"), [(None, 60, 57), (10, 60, 50), (None, 4, 3), (60, 100, 75), (0.5, 900, 899.5)]
)
def test_it_speaks_up_a_margin_before_the_time_out_and_a_quarter_of_the_time_at_most(
    margin: Any, time_out: float, after: float
) -> None:
    stage = Stage(lambda *_: None, margin=margin)
    stage.run(time_out)
    assert stage.alarm.after == seconds(after)


def test_code_that_is_blocked_fails_before_its_time_out_and_says_where_it_was() -> None:
    def reading_for_ever(self: Worker, _event: Any) -> None:
        self.stats["rows"] += 7
        stage.at_the_margin()
        raise KeyError("far too late")

    stage = Stage(reading_for_ever)
    with pytest.raises(KeyError):
        stage.run()
    (report,) = stage.reports
    assert (report.action, report.error, report.runs_on, report.stats) == ("fail", "DeadlineExceeded", 3, {"rows": 7})
    assert report.message.startswith("still at work 3.0 s before the end of its 60 s: cut the task smaller")
    assert " reading_for_ever > " in report.trace
    assert "pytest" not in report.trace


def test_code_that_ends_in_time_after_all_has_its_success_taken() -> None:
    def finishing(_self: Worker, _event: Any) -> int:
        stage.at_the_margin()
        return 7

    stage, world = Stage(finishing), World()
    world.tasks.create([claimed(a_task())])
    assert stage.run() == 7
    assert [world.assistant()(report.to_event())["accepted"] for report in stage.reports] == [True, True]
    assert (world.task().state, world.task().result) == (TaskState.DONE, 7)


def test_a_retry_never_begins_before_the_code_is_certainly_over() -> None:
    def blocked(_self: Worker, _event: Any) -> None:
        stage.at_the_margin()

    stage, world = Stage(blocked), World(retry={"base": 0, "cap": 0})
    world.tasks.create([claimed(a_task())])
    world.clock.advance(seconds=57)
    stage.run()
    world.assistant()(stage.reports[0].to_event())
    assert world.task().greenfield == stage.clock.now() + seconds(3)


def test_an_attempt_that_has_ended_is_left_alone() -> None:
    stage = Stage(lambda *_: "done")
    stage.run()
    assert stage.alarm.is_called_off
    stage.at_the_margin()
    assert [report.action for report in stage.reports] == ["complete"]


def test_an_attempt_that_fails_calls_the_guard_off_as_well() -> None:
    stage = Stage(lambda _self, event: event["nothing"])
    with pytest.raises(KeyError):
        stage.run()
    assert stage.alarm.is_called_off


def test_the_end_of_an_invocation_waits_for_what_its_guard_is_saying() -> None:
    is_saying, may_go_on, said = Event(), Event(), list[str]()

    def slowly(report: Report) -> None:
        is_saying.set()
        assert may_go_on.wait(10)
        said.append(report.action)

    def blocked(_self: Worker, _event: Any) -> None:
        thread = Thread(target=stage.alarm._call)
        thread.start()
        assert is_saying.wait(10)
        Thread(target=may_go_on.set).start()
        raise KeyError

    stage = Stage(blocked)
    with pytest.raises(KeyError):
        stage.run(send=slowly)
    assert said == ["fail"]


@pytest.mark.parametrize(
    ("margin", "parts"),
    [(0, {}), (None, {"time_out": 0, "event": {"n": 1}}), (None, {"alarm": None}), (None, {"event": {"n": 1}})],
)
def test_no_guard_is_set_where_it_is_turned_off_or_there_is_nothing_to_tell(margin: Any, parts: Any) -> None:
    stage = Stage(lambda *_: None, margin=margin)
    stage.run(**parts)
    assert stage.alarm.after is None


@pytest.mark.parametrize("margin", [-1, 61, True, "3", float("nan")])
def test_a_margin_that_is_none_fails_the_attempt_with_the_rule(margin: Any) -> None:
    stage = Stage(lambda *_: None, margin=margin)
    with pytest.raises(InvalidInput, match=r"deadline_margin: .* must be seconds from 0 to 60"):
        stage.run()
    assert [(report.action, report.error) for report in stage.reports] == [("fail", "InvalidInput")]


def test_the_real_alarm_rings_in_a_thread_that_keeps_no_process_alive() -> None:
    rung = Event()
    daemon_alarm(timedelta(), rung.set)
    assert rung.wait(10)


def test_the_real_alarm_can_be_called_off() -> None:
    rung = Event()
    daemon_alarm(timedelta(hours=1), rung.set)()
    assert not rung.is_set()
