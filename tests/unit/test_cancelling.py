"""Cancelled jobs: what has not started does not start, what runs is not tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from unittest.mock import Mock

import pytest

from sosw.domain import job as moves
from sosw.domain import lifecycle
from sosw.domain.errors import SoswError, StaleJob, TasksLeft
from sosw.domain.job import Job, JobMove, JobState
from sosw.domain.lifecycle import Transition
from sosw.domain.messages import cancel_event, resume_event
from sosw.domain.task import Failure, JobId, Task, TaskState, task_id
from sosw.job_canceller import STEP, TRIES
from sosw.job_writer import BATCH, HOLD, RETRY_STUCK
from sosw.ports import Outcome
from sosw.testing import InMemoryJobStore, InMemoryTaskStore
from tests.factories import DAY, NOW, POLICY, World
from tests.unit.test_long_jobs import ID, JOB, TASKS, Died, Dying, dying_stores, job_of, shrinking

BUSY = SoswError("the table is busy")


@pytest.fixture
def world() -> World:
    world = World()
    world.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    return world


def test_a_cancelled_job_leaves_nothing_that_could_start(world: World) -> None:
    world.submit(JOB, ID)
    world.orchestrator()({})
    world.tasks.apply(lifecycle.complete(task_id(ID, 0), attempt=1, now=world.clock.now(), retention=DAY))

    answer = world.submit(cancel_event(ID, by="ada", why="wrong year"), "another")
    states = Counter(task.state for task in world.tasks.tasks.values())

    assert (answer["state"], answer["tasks"]) == ("cancelled", TASKS)
    assert (job_of(world).cancelled_by, job_of(world).cancelled_why) == ("ada", "wrong year")
    assert states == {TaskState.DONE: 1, TaskState.RUNNING: 1, TaskState.CANCELLED: TASKS - 2}


def test_a_task_that_ran_when_its_job_was_cancelled_may_end_well_but_is_not_tried_again(world: World) -> None:
    world.submit({**JOB, "shops": [0, 1]}, ID)
    world.orchestrator()({})
    world.submit(cancel_event(ID, by="ada", why=""), "another")

    def report(action: str, number: int) -> dict[str, Any]:
        return world.assistant()({"action": action, "task_id": task_id(ID, number), "attempt": 1})

    assert [report("complete", 0)["state"], report("fail", 1)["state"]] == ["done", "cancelled"]


def test_a_recall_between_reading_and_failing_is_not_overlooked(world: World) -> None:
    world.submit({**JOB, "shops": [0]}, ID)
    world.orchestrator()({})
    read = world.tasks.tasks[task_id(ID, 0)]
    world.tasks.apply(lifecycle.recall(read))
    failure = Failure(attempt=1, at=world.clock.now(), error="E")
    stale = lifecycle.fail(read, failure, policy=POLICY, retention=DAY, jitter=0)

    assert [outcome.value for outcome in world.tasks.apply_all([stale])] == ["stale"]


def test_a_job_cancelled_while_its_tasks_are_written_stops_there_and_is_cancelled_by_its_holder(world: World) -> None:
    class Cancelling(InMemoryTaskStore):
        def create(self, tasks: Sequence[Task]) -> int:
            if len(self.tasks) == BATCH:
                world.submit(cancel_event(ID, by="ada", why=""), "another")
            return super().create(tasks)

    world.tasks = Cancelling()
    answer = world.submit(JOB, ID)

    assert (answer["state"], answer["tasks"]) == ("cancelled", 2 * BATCH)
    assert set(world.states()) == {TaskState.CANCELLED}


def test_a_cancelled_job_whose_holder_died_is_cancelled_by_the_next_when_the_hold_is_over(world: World) -> None:
    death = Dying(3 + BATCH // 25 + 5, is_done=True)
    with pytest.raises(Died):
        world.submit(JOB, ID, **dying_stores(world, death))
    order = cancel_event(ID, by="ada", why="")
    assert world.submit(order, "another")["state"] == "cancelling"
    world.clock.advance(HOLD)

    assert world.submit(resume_event(ID), "a third")["state"] == "cancelled"
    assert set(world.states()) == {TaskState.CANCELLED}


def test_tasks_that_their_retention_took_do_not_hide_those_behind_them(world: World) -> None:
    world.submit(JOB, ID)
    for number in range(2 * BATCH):
        del world.tasks.tasks[task_id(ID, number)]
    answer = world.submit(cancel_event(ID, by="ada", why=""), "another")

    assert (answer["state"], answer["tasks"]) == ("cancelled", TASKS)
    assert set(world.states()) == {TaskState.CANCELLED}


def test_a_batch_that_lands_after_the_job_was_cancelled_is_cancelled_by_who_wrote_it(world: World) -> None:
    class Late(InMemoryTaskStore):
        def create(self, tasks: Sequence[Task]) -> int:
            if len(self.tasks) == BATCH:  # this call takes longer than the hold lasts
                world.clock.advance(HOLD)
                world.submit(cancel_event(ID, by="ada", why=""), "another")
            return super().create(tasks)

    world.tasks = Late()
    answer = world.submit(JOB, ID)

    assert answer["state"] == "cancelled"
    assert (len(world.tasks.tasks), set(world.states())) == (2 * BATCH, {TaskState.CANCELLED})


def test_a_cancellation_that_another_scheduler_took_over_is_left_to_it(world: World) -> None:
    class Slow(InMemoryTaskStore):
        def create(self, tasks: Sequence[Task]) -> int:
            if len(self.tasks) == BATCH:
                world.submit(cancel_event(ID, by="ada", why=""), "another")
            return super().create(tasks)

        def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
            if world.clock.now() == NOW:  # this call takes longer than the hold lasts
                world.clock.advance(HOLD)
                world.submit(resume_event(ID), "a third")
            return super().apply_all(transitions)

    world.tasks = Slow()
    answer = world.submit(JOB, ID)

    assert (answer["state"], job_of(world).state.value) == ("cancelled", "cancelled")
    assert set(world.states()) == {TaskState.CANCELLED}


def test_a_long_cancellation_is_handed_over_too(world: World) -> None:
    world.submit(JOB, ID)
    orders: list[Any] = [cancel_event(ID, by="", why=""), *[resume_event(ID)] * (TASKS // BATCH + 1)]
    answers = [world.scheduler().submit(o, request_id="another", remaining=shrinking(900)) for o in orders]

    assert [answer["state"] for answer in answers[-2:]] == ["cancelling", "cancelled"]
    assert set(world.states()) == {TaskState.CANCELLED}


def test_a_batch_that_fails_in_part_after_the_job_was_cancelled_leaves_nothing_that_could_start(world: World) -> None:
    class Late(InMemoryTaskStore):
        def create(self, tasks: Sequence[Task]) -> int:
            if len(self.tasks) < BATCH:
                return super().create(tasks)
            world.clock.advance(HOLD)
            world.submit(cancel_event(ID, by="ada", why=""), "another")
            super().create(tasks[:600])
            raise BUSY

    world.tasks = Late()
    with pytest.raises(SoswError, match="busy"):
        world.submit(JOB, ID)

    assert job_of(world).state is JobState.CANCELLED
    assert Counter(world.states()) == {TaskState.CANCELLED: BATCH + 600}


def test_a_batch_that_fails_is_told_of_whatever_becomes_of_its_job(world: World) -> None:
    class Gone(InMemoryJobStore):
        def get(self, job_id: JobId) -> Job | None:
            return None if self.jobs.get(job_id) else super().get(job_id)

    class Unread(InMemoryJobStore):
        def get(self, job_id: JobId) -> Job | None:
            raise SoswError(f"{job_id} cannot be read")

    class Full(InMemoryTaskStore):
        create = Mock(side_effect=BUSY)

    for jobs in (InMemoryJobStore(), Gone(), Unread()):
        with pytest.raises(SoswError, match="the table is busy"):
            world.submit(JOB, ID, tasks=Full(), jobs=jobs)
        assert jobs.jobs[ID].state is JobState.CREATING


def test_tasks_written_after_their_job_was_cancelled_are_cancelled_by_cancelling_it_again(world: World) -> None:
    world.submit(JOB, ID)
    late = list(world.tasks.tasks.values())[TASKS - 50 :]
    for task in late:
        del world.tasks.tasks[task.id]
    world.submit(cancel_event(ID, by="ada", why="first"), "a")
    world.tasks.create(late)
    assert Counter(world.states()) == {TaskState.CANCELLED: TASKS - 50, TaskState.QUEUED: 50}
    answer = world.submit(cancel_event(ID, by="bob", why="again"), "b")

    assert (answer["state"], set(world.states())) == ("cancelled", {TaskState.CANCELLED})
    assert (job_of(world).cancelled_by, job_of(world).cancelled_why) == ("ada", "first")


def waiting(world: World) -> datetime:
    """When it is to be gone on with, of a job that is written in part and whose labourer is gone."""
    world.scheduler().submit(JOB, request_id=ID, remaining=shrinking(900))
    labourers = world.config["task_config"].pop("labourers")
    world.submit(resume_event(ID), "another")
    world.config["task_config"]["labourers"] = labourers
    until = job_of(world).held_until
    assert until is not None
    return until


def test_a_job_that_waits_for_its_settings_is_cancelled_at_once(world: World) -> None:
    assert waiting(world) == NOW + RETRY_STUCK
    answer = world.submit(cancel_event(ID, by="ada", why=""), "b")

    assert (answer["state"], set(world.states())) == ("cancelled", {TaskState.CANCELLED})
    assert (job_of(world).waits_why, job_of(world).held_until) == (None, None)


def test_a_job_that_waited_and_was_begun_with_is_cancelled_by_who_is_at_it(world: World) -> None:
    class Resumed(InMemoryJobStore):
        def apply(self, move: JobMove) -> Job:
            job = self.jobs[ID]
            if move.move == "cancel" and job.waits_why is not None:
                now = world.clock.now()
                super().apply(moves.hold(job, now=now, until=now + HOLD))
            return super().apply(move)

    until = waiting(world)
    world.clock.advance(RETRY_STUCK)
    resumed = Resumed()
    resumed.jobs = world.jobs.jobs
    answer = world.submit(cancel_event(ID, by="ada", why=""), "b", jobs=resumed)

    assert (answer["state"], answer["duplicate"]) == ("cancelling", True)
    assert job_of(world).held_until == until + HOLD


def test_cancelling_twice_is_cancelling_once(world: World) -> None:
    world.submit({**JOB, "shops": [0]}, ID)
    first = world.submit(cancel_event(ID, by="ada", why="first"), "a")
    second = world.submit(cancel_event(ID, by="bob", why="second"), "b")

    assert (first["state"], second["state"], second["tasks"]) == ("cancelled", "cancelled", 1)
    assert job_of(world).cancelled_by == "ada"


def test_a_job_whose_last_task_is_written_just_then_is_cancelled_all_the_same(world: World) -> None:
    class Busy(InMemoryJobStore):
        races = 1

        def apply(self, move: JobMove) -> Job:
            if move.move == "cancel" and self.races:
                self.races -= 1
                raise StaleJob(move.job_id, move.move, self.get(move.job_id))
            return super().apply(move)

    world.jobs = Busy()
    world.submit({**JOB, "shops": [0]}, ID)

    assert world.submit(cancel_event(ID, by="ada", why=""), "another")["state"] == "cancelled"


@pytest.mark.parametrize("outcome", [Outcome.UNCERTAIN, Outcome.STALE])
def test_a_table_that_refuses_every_move_ends_the_cancellation_with_a_sentence_and_the_next_one_goes_on(
    world: World, outcome: Outcome
) -> None:
    world.submit(JOB, ID)

    class Busy(InMemoryTaskStore):
        tries = 0

        def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
            self.tries += 1
            return [outcome] * len(transitions)

    busy = Busy()
    busy.tasks = world.tasks.tasks
    with pytest.raises(TasksLeft, match=f"could not cancel {STEP} tasks, such as {ID}#0: the table is busy"):
        world.submit(cancel_event(ID, by="ada", why=""), "another", tasks=busy)
    assert busy.tries == TRIES
    world.clock.advance(seconds=HOLD.total_seconds())
    assert world.submit(resume_event(ID), "a third")["state"] == "cancelled"
    assert {task.state for task in world.tasks.tasks.values()} == {TaskState.CANCELLED}
