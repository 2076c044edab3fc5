"""The Scavenger: what it passes on, and what it mends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import InvokeRefused, InvokeUncertain, SoswError
from sosw.domain.lifecycle import Transition
from sosw.domain.messages import Change
from sosw.domain.slots import CLAIM_GRACE, SlotRow
from sosw.domain.task import JobId, Task, TaskId, TaskState
from sosw.testing import InMemoryJobStore, InMemorySlotStore, InMemoryTaskStore, RecordingInvoker
from tests.factories import LABOURER, LEASE, NOW, World, a_task, seconds

MINUTE = seconds(60)


def change(task: Task) -> Change:
    return Change(
        task_id=task.id,
        job_id=task.job_id,
        labourer=task.labourer,
        state=task.state,
        version=task.version,
        greenfield=task.greenfield,
    )


def named(world: World, *tasks: Task) -> None:
    """An Orchestrator named these tasks and died."""
    world.slots.write(SlotRow(labourer=LABOURER, number=0, capacity=9).named(tasks, world.clock.now()))


def running(limit: int = 2, **settings: Any) -> World:
    """A full labourer: tasks 0 … limit run, one more waits."""
    world = World(limit, **settings)
    world.queue(limit + 1)
    world.orchestrator()({})
    return world


def test_what_ended_wakes_the_orchestrator_with_the_version_seen() -> None:
    world = World()
    done = a_task(state=TaskState.DONE, version=3)
    waiting = a_task(1, version=5, greenfield=NOW + MINUTE)
    assert world.scavenger().pass_on([change(done), change(waiting)], token="batch") == {"woken": ["sales"]}
    assert world.wakes == [{"sales": {"job#0": 3, "job#1": 5}}]


def test_a_new_task_wakes_the_orchestrator_when_it_is_due() -> None:
    world = World()
    world.scavenger().pass_on([change(a_task())], token="batch")
    assert world.wakes == [{"sales": {}}]


@pytest.mark.parametrize(
    "task",
    [a_task(greenfield=NOW + seconds(1)), a_task(state=TaskState.RUNNING, version=2)],
    ids=["not due", "running"],
)
def test_what_neither_ended_nor_is_due_wakes_nobody(task: Task) -> None:
    world = World()
    assert world.scavenger().pass_on([change(task)], token="batch") == {"woken": []}
    assert world.wakes == []


@pytest.mark.parametrize("order", [1, -1])
def test_changes_that_come_late_or_twice_tell_the_latest_version(order: int) -> None:
    world = World()
    changes = [change(a_task(version=version)) for version in (2, 3, 5, 5)][::order]
    world.scavenger().pass_on(changes, token="batch")
    assert world.wakes == [{"sales": {"job#0": 5}}]


@pytest.mark.parametrize("error", [InvokeRefused("o", "throttled", is_passing=True), InvokeUncertain("o", "no answer")])
def test_a_wake_that_fails_is_left_to_the_minute_rule(error: Exception) -> None:
    def refuse(_function: str, _event: Mapping[str, Any]) -> None:
        raise error

    world = World()
    world.invoker = RecordingInvoker(refuse)
    assert world.scavenger().pass_on([change(a_task())], token="batch") == {"woken": ["sales"]}


def test_a_sweep_with_nothing_to_mend_wakes_nobody_and_reads_no_task() -> None:
    class Unread(InMemoryTaskStore):
        def get_many(self, *_: Any, **__: Any) -> dict[TaskId, Task]:
            raise AssertionError

    world = running()
    tasks = Unread()
    tasks.tasks = world.tasks.tasks
    assert world.scavenger(tasks=tasks).sweep() == {"freed": {}}
    assert world.wakes == []


def test_an_attempt_that_runs_within_its_lease_is_left_alone() -> None:
    world = running()
    before = dict(world.tasks.tasks)
    world.clock.advance(LEASE - seconds(0.001))
    assert world.scavenger().sweep() == {"freed": {}}
    assert world.tasks.tasks == before


def test_an_attempt_whose_lease_ended_is_queued_again_and_its_slot_freed() -> None:
    world = running(limit=1)
    world.clock.advance(LEASE)
    scavenger = world.scavenger()
    assert scavenger.sweep() == {"freed": {"sales": 1}}
    assert (world.task().state, world.task().failures[0].error) == (TaskState.QUEUED, "LeaseExpired")
    assert (world.names(), world.wakes) == ({}, [{"sales": {"job#0": 2}}])
    assert scavenger.get_stats() == {"expired": 1, "slots_freed": 1}


def test_the_last_attempt_that_falls_silent_buries_its_task() -> None:
    world = running(limit=1, max_attempts=1)
    world.clock.advance(LEASE)
    world.scavenger().sweep()
    assert world.task().state is TaskState.DEAD


def test_the_slot_of_what_ended_unseen_is_freed() -> None:
    world = running(limit=2)
    world.report("complete", 0)
    world.clock.advance(CLAIM_GRACE)
    assert world.scavenger().sweep() == {"freed": {"sales": 1}}
    assert world.names() == {0: ["job#1"]}


def test_the_name_of_a_task_that_is_gone_is_dropped() -> None:
    world = running(limit=1)
    world.tasks.tasks.clear()
    world.clock.advance(CLAIM_GRACE)
    world.scavenger().sweep()
    assert world.names() == {}


def test_a_name_that_was_never_claimed_is_fenced_and_then_dropped() -> None:
    world = World()
    world.queue(1)
    named(world, a_task())
    world.clock.advance(CLAIM_GRACE)
    assert world.scavenger().sweep() == {"freed": {"sales": 1}}
    assert (world.task().version, world.task().state, world.names()) == (2, TaskState.QUEUED, {})
    late = lifecycle.claim(a_task(), row=0, now=NOW, lease=LEASE)
    assert not late.expects(world.task())


def test_a_young_name_is_left_to_its_orchestrator() -> None:
    world = World()
    world.queue(1)
    named(world, a_task())
    world.clock.advance(CLAIM_GRACE - seconds(0.001))
    assert world.scavenger().sweep() == {"freed": {}}
    assert (world.task().version, world.names()) == (1, {0: ["job#0"]})


class Overtaken(InMemoryTaskStore):
    """Somebody else is faster than each `fence` and `expire`: `first` is applied before it."""

    def __init__(self, first: Transition) -> None:
        super().__init__()
        self._first = first

    def apply(self, transition: Transition) -> Task:
        if transition.move in {"fence", "expire"}:
            super().apply(self._first)
        return super().apply(transition)


def test_a_name_that_is_claimed_before_its_fence_stays() -> None:
    world = World()
    world.tasks = Overtaken(lifecycle.claim(a_task(), row=0, now=NOW, lease=LEASE))
    world.queue(1)
    named(world, a_task())
    world.clock.advance(CLAIM_GRACE)
    assert world.scavenger().sweep() == {"freed": {}}
    assert (world.task().state, world.names()) == (TaskState.RUNNING, {0: ["job#0"]})


def test_an_attempt_that_says_it_lives_before_it_is_expired_stays() -> None:
    world = World(limit=1)
    world.tasks = Overtaken(lifecycle.heartbeat(a_task().id, attempt=1, lease_until=NOW + 2 * LEASE))
    world.queue(1)
    world.orchestrator()({})
    world.clock.advance(LEASE)
    assert world.scavenger().sweep() == {"freed": {}}
    assert (world.task().state, world.names()) == (TaskState.RUNNING, {0: ["job#0"]})


def test_a_task_named_twice_is_fenced_once_and_freed_by_the_next_sweep() -> None:
    world = World()
    world.queue(1)
    named(world, a_task())
    row = SlotRow(labourer=LABOURER, number=1, capacity=1)
    world.slots.write(row.named([a_task()], NOW))
    world.clock.advance(CLAIM_GRACE)
    scavenger = world.scavenger()
    assert scavenger.sweep() == {"freed": {"sales": 1}}
    assert scavenger.sweep() == {"freed": {"sales": 1}}
    assert (world.task().version, world.names()) == (2, {})


def test_a_labourer_in_trouble_delays_no_other_sweep() -> None:
    class Troubled(InMemorySlotStore):
        def rows(self, labourer: Any) -> list[SlotRow]:
            if labourer == "a":
                raise ConnectionError
            return super().rows(labourer)

    settings = {"max_simultaneous_invocations": 1}
    world = World(labourers={"a": settings, "sales": settings})
    world.slots = Troubled()
    world.queue(1)
    world.orchestrator()({})
    world.clock.advance(LEASE)
    scavenger = world.scavenger()
    assert scavenger.sweep() == {"freed": {"sales": 1}}
    assert scavenger.get_stats()["labourers_failed"] == 1


def test_jobs_that_cannot_be_read_hold_up_no_lease() -> None:
    class Unread(InMemoryJobStore):
        def left(self, now: Any, limit: int) -> list[JobId]:
            raise SoswError("too busy", now, limit)

    world = running(limit=1)
    world.clock.advance(LEASE)
    assert world.scavenger(jobs=Unread()).sweep() == {"freed": {"sales": 1}}


def test_what_the_sweep_tells_never_frees_an_attempt_that_runs() -> None:
    world = running(limit=1, retry={"base": 0})
    world.clock.advance(LEASE)
    world.scavenger().sweep()
    (wake,) = world.wakes
    world.orchestrator()({"wake": wake})
    world.orchestrator()({"wake": wake})
    assert world.started == [("job#0", 1), ("job#1", 1)]
    assert world.names() == {0: ["job#1"]}


def test_a_sweep_alone_brings_the_whole_queue_to_its_end() -> None:
    world = World(limit=2, max_attempts=2, retry={"base": 0})
    world.queue(5)
    for _ in range(20):
        world.clock.advance(LEASE)
        world.scavenger().sweep()
        world.orchestrator()({})
    assert world.states() == [TaskState.DEAD] * 5
    assert len(world.started) == 10


def test_changes_of_several_labourers_wake_once() -> None:
    world = World()
    changes = [change(a_task()), replace(change(a_task(1)), labourer=LABOURER)]
    world.scavenger().pass_on(changes, token="batch")
    assert len(world.wakes) == 1
