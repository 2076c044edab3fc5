"""Slots are refilled as attempts end, without a wake, and for no more reading than a task may cost."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from sosw import refilling
from sosw.domain import lifecycle
from sosw.domain.errors import InvokeRefused
from sosw.domain.pace import CREDIT, UNITS
from sosw.domain.ranks import Place
from sosw.domain.settings import EssentialSettings
from sosw.domain.slots import SlotRow
from sosw.domain.task import Failure, LabourerName, Task, TaskId, TaskState
from sosw.naming import WAVE
from sosw.orchestrator import WAVE_TIME
from sosw.testing import InMemorySlotStore, InMemoryTaskStore, RecordingInvoker
from tests.factories import LABOURER, NOW, World, a_task, seconds

LINGER = EssentialSettings().linger
ON_THE_WAY = seconds(0.1)
"""From the claim to the Worker, and from the Worker to the table, together."""


class Meter:
    """Read units, as DynamoDB counts small items."""

    def __init__(self) -> None:
        self.units = 0.0


class MeteredTasks(InMemoryTaskStore):
    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self.meter = meter

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        self.meter.units += 0.5
        return super().places(queue, start, limit)

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        asked = list(task_ids)
        self.meter.units += len(asked) * (1 if is_consistent else 0.5)
        return super().get_many(asked, is_consistent=is_consistent)


class MeteredSlots(InMemorySlotStore):
    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self.meter = meter

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        rows = super().rows(labourer)
        self.meter.units += max(1, -(-len(rows) // 4))
        return rows


class Busy(World):
    """Its Workers take as long as `duration` says; their reports arrive while somebody waits."""

    def __init__(self, limit: int, duration: Callable[[], float], **settings: Any) -> None:
        super().__init__(limit, **settings)
        self.meter = Meter()
        self.tasks, self.slots = MeteredTasks(self.meter), MeteredSlots(self.meter)
        self.invoker = RecordingInvoker(self._begin)
        self.running: list[tuple[datetime, int, str]] = []
        self.begun_at = self.clock.now()
        self.duration, self._count = duration, itertools.count()
        self.interposed: list[Callable[[], object]] = []
        """What others do, one at each wait."""

    def _begin(self, _function: str, event: Mapping[str, Any]) -> None:
        end = self.clock.now() + ON_THE_WAY + seconds(self.duration())
        heapq.heappush(self.running, (end, next(self._count), event["task_id"]))

    def wait(self, time: timedelta) -> None:
        until = self.clock.now() + time
        while self.running and self.running[0][0] <= until:
            end, _, task = heapq.heappop(self.running)
            self.clock.advance(seconds=(end - self.clock.now()).total_seconds())
            self.report("complete", int(task.split("#")[1]))
        self.clock.advance(seconds=(until - self.clock.now()).total_seconds())
        if self.interposed:
            self.interposed.pop(0)()

    def run(self, **how: Any) -> int:
        started: int = self.orchestrator(wait=self.wait, **how)({})["started"].get("sales", 0)
        return started

    @property
    def time(self) -> float:
        return (self.clock.now() - self.begun_at).total_seconds()

    @property
    def units_a_task(self) -> float:
        return self.meter.units / len(self.started)


def test_60_tasks_of_a_second_with_a_limit_of_5_need_no_wake_and_hardly_longer_than_the_ideal() -> None:
    world = Busy(5, lambda: 1)
    world.queue(60)
    assert world.run() == 60
    assert world.time - LINGER.total_seconds() < 12 * 1.2
    assert world.units_a_task <= UNITS


@pytest.mark.parametrize("limit", [1, 2, 10, 70])
@pytest.mark.parametrize(("shortest", "longest"), [(0.05, 0.5), (0.3, 0.3), (1, 1.2), (0.1, 5)])
def test_refilling_never_costs_more_reading_than_its_attempts_and_its_credit_allow(
    limit: int, shortest: float, longest: float
) -> None:
    die = Random(limit)
    world = Busy(limit, lambda: die.uniform(shortest, longest))
    world.queue(300)
    world.run()
    assert len(world.started) >= limit
    assert world.meter.units <= UNITS * len(world.started) + CREDIT


def test_short_tasks_use_most_of_their_slots() -> None:
    die = Random(1)
    world = Busy(40, lambda: die.uniform(1, 1.2))
    world.queue(400)
    assert world.run() == 400
    assert 400 * 1.1 / 40 / (world.time - LINGER.total_seconds()) > 0.75


def test_the_limit_holds_while_slots_are_refilled() -> None:
    world = Busy(3, lambda: 0.2)
    world.queue(30)
    most = 0

    def count(time: timedelta) -> None:
        nonlocal most
        most = max(most, world.states().count(TaskState.RUNNING))
        world.wait(time)

    world.orchestrator(wait=count)({})
    assert (most, len(world.started)) == (3, 30)


def test_attempts_that_live_long_are_not_waited_for_again() -> None:
    world = Busy(2, lambda: 600)
    world.queue(9)
    orchestrator = world.orchestrator(wait=world.wait)
    orchestrator({})
    assert world.time <= LINGER.total_seconds()
    before = world.time
    world.report("complete", 0)
    assert orchestrator({"wake": {"sales": {"job#0": 3}}}) == {"started": {"sales": 1}}
    assert world.time == before


@pytest.mark.parametrize("settings", [{"queued": 2}, {"linger": 0}, {"may_linger": False}])
def test_nobody_waits_where_nothing_more_is_due_or_it_may_not(settings: dict[str, Any]) -> None:
    world = Busy(2, lambda: 1)
    world.config["linger"] = settings.get("linger", 3)
    world.queue(settings.get("queued", 9))
    world.orchestrator(wait=world.wait)({}, may_linger=settings.get("may_linger", True))
    assert world.time <= LINGER.total_seconds() * ("queued" in settings)


def test_nobody_lingers_without_the_time_for_a_wave() -> None:
    world = Busy(2, lambda: 1)
    world.queue(9)
    left = iter([WAVE_TIME, WAVE_TIME])
    answer = world.orchestrator(wait=world.wait)({}, remaining=lambda: next(left, seconds(0)))
    assert (answer, world.time) == ({"started": {"sales": 2}}, 0)


def test_time_that_runs_out_ends_a_wait() -> None:
    world = Busy(2, lambda: 1)
    world.queue(9)
    left = iter([WAVE_TIME] * 5)
    world.orchestrator(wait=world.wait)({}, remaining=lambda: next(left, seconds(0)))
    assert (len(world.started), world.time < 1) == (2, True)


def test_who_loses_a_race_starts_what_is_left_and_leaves() -> None:
    world = Busy(2, lambda: 0.5)
    world.queue(30)
    other = world.orchestrator(pause=lambda _: None)

    def wake() -> None:
        over = {task.id: task.version for task in world.tasks.tasks.values() if task.state is TaskState.DONE}
        if over:
            other({"wake": {"sales": over}})

    world.interposed = [wake] * 99
    world.run()
    assert world.time < 2
    assert world.states().count(TaskState.RUNNING) <= 2


def test_two_that_linger_over_one_labourer_do_not_fight() -> None:
    world = Busy(4, lambda: 0.5)
    world.queue(40)
    lost: list[int] = []
    second = world.orchestrator(wait=world.wait, pause=lost.append)
    world.interposed = [lambda: None, lambda: second({})]
    world.run(pause=lost.append)
    assert len(lost) <= 2
    assert world.states().count(TaskState.DONE) >= 36


def test_a_wave_in_which_something_went_wrong_is_not_followed() -> None:
    world = Busy(2, lambda: 1)

    def refuse(_function: str, event: Mapping[str, Any]) -> None:
        if event["task_id"] == "job#1":
            raise InvokeRefused("sales", "throttled", is_passing=True)

    world.invoker = RecordingInvoker(refuse)
    world.queue(9)
    assert (world.run(), world.time) == (1, 0)


def test_a_failed_attempt_frees_its_slot_as_well() -> None:
    world = Busy(1, lambda: 1, retry={"base": 600})
    world.queue(3)
    world.interposed = [lambda: world.report("fail", 0)]
    world.run()
    assert world.started[:2] == [("job#0", 1), ("job#1", 1)]


def test_a_snoozed_attempt_ends_when_it_is_seen_over_and_not_with_the_failure_of_an_earlier_one() -> None:
    failed = Failure(attempt=1, at=NOW - seconds(900), error="ValueError")
    snoozed = a_task(attempt=2, forgiven=1, snoozes=1, snoozed_attempt=2, failures=(failed,))
    assert refilling._end(snoozed, NOW) == NOW
    assert refilling._end(replace(snoozed, attempt=1), NOW) == failed.at


def test_a_name_of_an_attempt_that_never_began_is_dropped_when_its_task_has_moved_on() -> None:
    world = Busy(2, lambda: 600)
    world.queue(9)
    row = SlotRow(labourer=LABOURER, number=0, capacity=2)
    world.slots.write(row.named([world.task(8)], world.clock.now()))
    world.interposed = [lambda: world.tasks.apply(lifecycle.fence(world.task(8)))]
    assert world.run() == 2


def test_more_than_a_wave_that_ends_at_once_is_refilled_at_once() -> None:
    world = Busy(WAVE * 2, lambda: 1)
    world.queue(WAVE * 4)
    assert world.run() == WAVE * 4
    assert world.time - LINGER.total_seconds() < 2.6
