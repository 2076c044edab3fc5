"""The line of the dead, orders about it, and what is told of it, over every kind of table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.dead_line import DeadLine
from sosw.dead_notices import DeadNotices
from sosw.dead_orders import DeadOrders
from sosw.domain import lifecycle
from sosw.domain.dead_orders import DeadKind, DeadOrder
from sosw.domain.job import Job, JobState
from sosw.domain.messages import Change, change
from sosw.domain.metrics import DEAD, Metric, Owner
from sosw.domain.moments import EPOCH, to_ms
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import Failure, Task, TaskState
from sosw.testing import FakeClock, RecordingInvoker
from tests.contract.backends import World
from tests.contract.moves import LEASE, NOW, POLICY, RETENTION, brought

DAY = timedelta(days=1)


def _died(world: World, count: int, **fields: Any) -> list[Task]:
    """The last one first, a second apart."""
    tasks = world.new_tasks(count, **fields)
    world.tasks.create(tasks)
    dead = []
    for number, task in enumerate(reversed(tasks)):
        running = world.tasks.apply(lifecycle.claim(task, row=0, now=NOW, lease=LEASE))
        failure = Failure(attempt=1, at=NOW + timedelta(seconds=number), error="ValueError", message="no such shop")
        move = lifecycle.fail(running, failure, policy=POLICY, retention=RETENTION, jitter=0, is_retryable=False)
        dead.append(world.tasks.apply(move))
    return dead


def _settings(world: World) -> EssentialSettings:
    return EssentialSettings.from_mapping(
        {"task_config": {"labourers": {world.labourer: {"max_simultaneous_invocations": 1, "on_dead": "undertaker"}}}}
    )


def _orders(world: World) -> DeadOrders:
    stores: dict[str, Any] = {"tasks": world.tasks, "jobs": world.jobs, "records": world.records}
    return DeadOrders(**stores, clock=FakeClock(), settings=_settings(world))


def _order(world: World, tasks: list[Task], kind: DeadKind = DeadKind.REPLAY) -> DeadOrder:
    versions = {task.id: task.version for task in tasks}
    return DeadOrder(kind=kind, labourer=world.labourer, tasks=versions, by="ann", why="mended", of="all")


def test_the_dead_are_listed_by_the_moment_when_they_died(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sosw.dead_line.PAGE", 2)
    dead = _died(world, 5)

    def listed(**between: Any) -> list[str]:
        limits = {"since": EPOCH, "before": NOW + DAY, **between}
        return [place.task for page in DeadLine(world.tasks).pages(world.labourer, **limits) for place in page]

    assert listed() == [task.id for task in dead]
    assert listed(since=NOW + timedelta(seconds=2)) == [task.id for task in dead[2:]]
    assert listed(before=NOW + timedelta(seconds=2)) == [task.id for task in dead[:2]]


@pytest.mark.parametrize(
    ("kind", "state"), [(DeadKind.REPLAY, TaskState.QUEUED), (DeadKind.DISCARD, TaskState.CANCELLED)]
)
def test_an_order_moves_each_once_and_leaves_the_line(world: World, kind: DeadKind, state: TaskState) -> None:
    dead = _died(world, 30)
    order = _order(world, dead, kind)
    assert _orders(world).carry_out(order) == {"fates": {"moved": 30}}
    moved = world.tasks.get_many(order.tasks)
    assert {task.state for task in moved.values()} == {state}
    assert world.dead(100) == []
    assert _orders(world).carry_out(replace(order, by="bob")) == {"fates": {"already": 30}}
    assert world.tasks.get_many(order.tasks) == moved
    lines = world.records.log(f"labourer/{world.labourer}", 10)
    assert sorted(line.what["by"] for line in lines) == ["ann", "bob"]


def test_tasks_of_a_cancelled_job_and_those_that_have_left_are_not_replayed(world: World) -> None:
    dead, gone = _died(world, 2), world.new_task()
    job = Job(id=dead[0].job_id, labourer=world.labourer, submitted_at=NOW, body="{}", state=JobState.CANCELLED)
    world.jobs.open(job)
    fates = _orders(world).carry_out(_order(world, [*dead, gone]))["fates"]
    assert fates == {"job_cancelled": 2, "gone": 1}
    assert len(world.dead()) == 2


@dataclass
class Told:
    """Who is told."""

    messages: list[str] = field(default_factory=list)
    counts: list[tuple[str, float]] = field(default_factory=list)

    def publish(self, subject: str, _text: str) -> None:
        self.messages.append(subject)

    def note(self, values: Mapping[Metric, float], of: Owner | None = None) -> None:
        assert of is not None
        self.counts.append((of.name, values[DEAD]))


def test_each_death_is_told_once(world: World) -> None:
    told, invoker, clock = Told(), RecordingInvoker(), FakeClock()
    notices = DeadNotices(
        tasks=world.tasks, records=world.records, invoker=invoker, notifier=told, metrics=told, clock=clock,
        settings=_settings(world), prefix="sosw",
    )  # fmt: skip
    dead = _died(world, 3)
    for _ in range(3):
        notices.hear([_change(task) for task in dead])
        notices.tell()
        clock.advance(seconds=60)
    assert (told.counts, len(told.messages)) == ([(world.labourer, 3)], 1)
    ((function, event),) = invoker.started
    assert (function, [each["task_id"] for each in event["dead"]]) == ("undertaker", [task.id for task in dead])
    again = brought(world.tasks, world.new_task(), "dead")
    for _ in range(12):
        notices.tell()
        clock.advance(seconds=60)
    assert told.counts == [(world.labourer, 3), (world.labourer, 1)]
    assert invoker.started[-1][1]["dead"][0]["died_at"] == to_ms(again.greenfield)


def _change(task: Task) -> Change:
    return change(replace(task, state=TaskState.RUNNING, failures=()), task)
