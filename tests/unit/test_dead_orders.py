"""Orders about dead tasks are carried out once, under what the operator saw, with a line in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from sosw.dead_line import PAGE, DeadLine
from sosw.dead_orders import ROUNDS, DeadOrders
from sosw.domain import lifecycle
from sosw.domain.dead_orders import DeadKind, DeadOrder
from sosw.domain.errors import SoswError
from sosw.domain.job import Job, JobState
from sosw.domain.lifecycle import Transition
from sosw.domain.moments import EPOCH, to_ms
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, TaskState, task_id
from sosw.ports import Outcome
from sosw.testing import InMemoryJobStore, InMemoryTaskStore
from tests.factories import DAY, JOB, LABOURER, NOW, World, a_task, seconds


class DeadWorld(World):
    """With dead tasks, and who carries out orders about them."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[int] = []

    def bury(self, *numbers: int, error: str = "ValueError", labourer: LabourerName = LABOURER, **fields: Any) -> None:
        self.tasks.create([a_task(number, labourer=labourer, **fields) for number in numbers])
        for number in numbers:
            task = self.task(number)
            running = self.tasks.apply(lifecycle.claim(task, row=0, now=self.clock.now(), lease=seconds(60)))
            self.fail(running, error)

    def fail(self, running: Task, error: str = "ValueError", *, ago: float = 0) -> Task:
        """By a clock that is so many seconds behind."""
        at = self.clock.now() - seconds(ago)
        failure = Failure(attempt=running.attempt, at=at, error=error, message="no")
        policy = EssentialSettings().labourer_or_default(None).retry
        return self.tasks.apply(
            lifecycle.fail(running, failure, policy=policy, retention=DAY, jitter=0, is_retryable=False)
        )

    def order(self, *numbers: int, kind: DeadKind = DeadKind.REPLAY, **fields: Any) -> DeadOrder:
        tasks = {task_id(JOB, n): self.task(n).version for n in numbers}
        told = {"labourer": LABOURER, "by": "ann", "why": "mended", "of": "all"}
        return DeadOrder(kind=kind, tasks=tasks, **{**told, **fields})

    def carry_out(self, order: DeadOrder, **parts: Any) -> dict[str, int]:
        given = {"tasks": self.tasks, "jobs": self.jobs, "records": self.records, "clock": self.clock, **parts}
        settings = EssentialSettings.from_mapping(self.config)
        fates: dict[str, int] = DeadOrders(**given, settings=settings, pause=self.waited.append).carry_out(order)[
            "fates"
        ]
        return fates

    @property
    def said(self) -> list[tuple[str, Any]]:
        return [(entry.owner, dict(entry.what)) for entry in self.records.entries]


@pytest.fixture
def world() -> DeadWorld:
    return DeadWorld()


def test_a_replay_queues_what_is_dead_with_its_story(world: DeadWorld) -> None:
    world.bury(0, 1)
    world.clock.advance(seconds=5)
    assert world.carry_out(world.order(0)) == {"moved": 1}
    again, other = world.task(0), world.task(1)
    assert (again.state, again.greenfield, again.tries) == (TaskState.QUEUED, NOW + seconds(5), 0)
    assert (again.replays, again.ruling, len(again.failures)) == (1, "replayed by ann: mended", 1)
    assert other.state is TaskState.DEAD
    assert world.said == [("labourer/sales", {"order": "replay", "of": "all", "by": "ann", "why": "mended"})]


def test_a_discard_cancels_what_is_dead(world: DeadWorld) -> None:
    world.bury(0)
    world.clock.advance(seconds=5)
    assert world.carry_out(world.order(0, kind=DeadKind.DISCARD)) == {"moved": 1}
    gone = world.task(0)
    assert (gone.state, gone.ruling, gone.expires_at) == (
        TaskState.CANCELLED, "discarded by ann: mended", NOW + seconds(5) + 30 * DAY,
    )  # fmt: skip


def test_tasks_are_moved_although_nobody_can_be_asked_to_check_totals(
    world: DeadWorld, caplog: pytest.LogCaptureFixture
) -> None:
    class Busy(InMemoryJobStore):
        def count_again(self, job_id: JobId, at: datetime) -> None:
            raise SoswError("busy", job_id, at)

    world.bury(0)
    assert world.carry_out(world.order(0), jobs=Busy()) == {"moved": 1}
    assert "totals.not_checked" in caplog.messages


@pytest.mark.parametrize("kind", DeadKind)
def test_ordered_twice_it_is_moved_once(world: DeadWorld, kind: DeadKind) -> None:
    world.bury(0)
    order = world.order(0, kind=kind)
    assert world.carry_out(order) == {"moved": 1}
    once = world.task(0)
    assert world.carry_out(replace(order, by="bob")) == {"already": 1}
    assert world.carry_out(order) == {"moved": 1}, "its own work, after an answer that was lost"
    assert world.task(0) == once


def test_what_died_anew_is_not_what_was_seen(world: DeadWorld) -> None:
    world.bury(0)
    order = world.order(0)
    world.carry_out(order)
    running = world.tasks.apply(lifecycle.claim(world.task(0), row=0, now=NOW, lease=seconds(60)))
    anew = world.fail(running)
    assert world.carry_out(order) == {"already": 1}
    assert world.task(0) == anew


def test_what_has_left_the_table_is_gone(world: DeadWorld) -> None:
    world.bury(0, 1)
    order = world.order(0, 1)
    del world.tasks.tasks[task_id(JOB, 0)]
    assert world.carry_out(order) == {"gone": 1, "moved": 1}


def _job(state: JobState) -> Job:
    return Job(id=JOB, labourer=LABOURER, submitted_at=NOW, body="{}", state=state, total=2)


@pytest.mark.parametrize("state", [JobState.CANCELLING, JobState.CANCELLED])
def test_tasks_of_a_cancelled_job_are_not_replayed_but_may_be_discarded(world: DeadWorld, state: JobState) -> None:
    world.bury(0)
    world.jobs.open(_job(state))
    assert world.carry_out(world.order(0)) == {"job_cancelled": 1}
    assert world.task(0).state is TaskState.DEAD
    assert world.carry_out(world.order(0, kind=DeadKind.DISCARD)) == {"moved": 1}


def test_a_job_that_is_cancelled_meanwhile_gets_its_replayed_tasks_cancelled(world: DeadWorld) -> None:
    world.bury(0, 1)
    world.jobs.open(_job(JobState.READY))

    class Late(InMemoryTaskStore):
        """The job is cancelled, and its tasks gone through, just before they are replayed."""

        def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
            if transitions[0].move == "replay":
                world.jobs.jobs[JOB] = replace(world.jobs.jobs[JOB], state=JobState.CANCELLED)
            return super().apply_all(transitions)

    late = Late()
    late.tasks = world.tasks.tasks
    world.tasks = late
    assert world.carry_out(world.order(0, 1)) == {"job_cancelled": 2}
    assert world.states() == [TaskState.CANCELLED] * 2


@pytest.mark.parametrize("settings", [{}, {"sales": {"max_simultaneous_invocations": -1}}])
def test_what_nobody_would_start_is_not_replayed_but_may_be_discarded(world: DeadWorld, settings: Any) -> None:
    world.bury(0)
    world.config["task_config"]["labourers"] = settings
    assert world.carry_out(world.order(0)) == {"unregistered": 1}
    assert world.task(0).state is TaskState.DEAD
    assert world.carry_out(world.order(0, kind=DeadKind.DISCARD)) == {"moved": 1}


class Busy(InMemoryTaskStore):
    """Answers `UNCERTAIN` to the first `times` batches, of which `take_effect` none or all do."""

    def __init__(self, tasks: dict[TaskId, Task], times: int, *, take_effect: bool) -> None:
        super().__init__()
        self.tasks, self.times, self.take_effect = tasks, times, take_effect

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        if not self.times:
            return super().apply_all(transitions)
        self.times -= 1
        if self.take_effect:
            super().apply_all(transitions)
        return [Outcome.UNCERTAIN] * len(transitions)


@pytest.mark.parametrize("take_effect", [False, True])
def test_an_unclear_reply_is_looked_into_until_it_is_clear(world: DeadWorld, *, take_effect: bool) -> None:
    world.bury(0, 1)
    busy = Busy(world.tasks.tasks, 1, take_effect=take_effect)
    assert world.carry_out(world.order(0, 1), tasks=busy) == {"moved": 2}
    assert [task.version for task in busy.tasks.values()] == [4, 4]
    assert world.waited == ([] if take_effect else [0])


def test_what_stays_unclear_is_said(world: DeadWorld) -> None:
    world.bury(0)
    busy = Busy(world.tasks.tasks, 100, take_effect=False)
    assert world.carry_out(world.order(0), tasks=busy) == {"unsure": 1}
    assert world.waited == list(range(ROUNDS))


def test_one_order_has_a_line_when_it_begins_and_when_it_ends(world: DeadWorld) -> None:
    world.bury(0, 1)
    world.carry_out(world.order(0))
    world.carry_out(world.order(1, part=1))
    world.carry_out(world.order(part=2, done=2))
    assert [what.get("done") for _, what in world.said] == [None, 2]


def test_nothing_is_moved_without_a_line_in_the_log(world: DeadWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.bury(0)
    monkeypatch.setattr(world.records, "note", _fails)
    with pytest.raises(RuntimeError):
        world.carry_out(world.order(0))
    assert world.task(0).state is TaskState.DEAD


def _fails(_entry: object) -> None:
    raise RuntimeError


def _line(world: World, since: Any = EPOCH, before: Any = NOW + DAY) -> list[int]:
    pages = DeadLine(world.tasks).pages(LABOURER, since, before)
    return [int(place.task.split("#")[1]) for page in pages for place in page]


def test_the_line_of_the_dead_is_read_by_the_moment_of_death(world: DeadWorld) -> None:
    for number in (2, 0, 1):
        world.bury(number)
        world.clock.advance(seconds=1)
    assert _line(world) == [2, 0, 1]
    assert _line(world, since=NOW + seconds(1)) == [0, 1]
    assert _line(world, before=NOW + seconds(1)) == [2]
    assert _line(World()) == []


@pytest.mark.parametrize("together", [1, PAGE, 3 * PAGE])
def test_each_is_read_once_however_many_died_in_one_millisecond(world: DeadWorld, together: int) -> None:
    count = 3 * PAGE + 1
    line = {"state": TaskState.DEAD, "queue": lifecycle.dead_key(LABOURER)}
    first = to_ms(NOW)
    tasks = [a_task(number, **line, rank=first + number // together) for number in range(count)]
    world.tasks.tasks = {task.id: task for task in tasks}
    assert sorted(_line(world)) == list(range(count))
