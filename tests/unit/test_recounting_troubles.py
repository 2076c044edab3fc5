"""The check of totals goes on, whatever becomes of a job, a row, a call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import SoswError
from sosw.domain.job import Job, Totals
from sosw.domain.recount import FIRST_LOOK, Recount
from sosw.domain.task import JobId, TaskState, task_id
from sosw.recounting import MAX_JOBS, UNREADABLE
from sosw.testing import InMemoryJobStore, InMemoryTaskStore
from tests.factories import JOB, NOW, World, a_task
from tests.unit.recounted import Jobs


def test_a_row_that_cannot_be_understood_holds_up_no_other_job(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(InMemoryTaskStore):
        def get_many(self, task_ids: Any, *, is_consistent: bool = True) -> Any:
            ids = list(task_ids)
            if ids and ids[0] == task_id(JOB, 0):
                raise ValueError(ids)
            return super().get_many(ids, is_consistent=is_consistent)

    world, other = Jobs(), JobId("other")
    world.end(0, 1, 2)
    odd = Odd()
    odd.tasks = world.tasks.tasks
    odd.create([a_task(0, id=task_id(other, 0), job_id=other, state=TaskState.DONE, closed_at=NOW)])
    world.open(1, other)
    world.tasks = odd
    world.sweep_for(FIRST_LOOK)
    assert world.totals(other) == Totals(created=1, done=1)
    assert (world.recount.at, "recount.unreadable" in caplog.messages) == (NOW + FIRST_LOOK + UNREADABLE, True)


def test_a_row_that_can_neither_be_understood_nor_put_off_ends_no_sweep(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(InMemoryJobStore):
        def recount(self, job_id: JobId) -> Recount | None:
            raise ValueError(job_id)

        def count_again(self, job_id: JobId, at: Any) -> None:
            raise SoswError("too busy", job_id, at)

    world, odd = Jobs(), Odd()
    odd.jobs, odd._recounts = world.jobs.jobs, world.jobs._recounts
    world.clock.advance(FIRST_LOOK)
    assert world.scavenger(jobs=odd).sweep() == {"freed": {}}
    assert {"recount.unreadable", "recount.failed"} <= set(caplog.messages)


def test_a_sweep_looks_at_so_many_jobs_and_ends_with_its_time() -> None:
    world = Jobs(tasks=0)
    for number in range(MAX_JOBS + 5):
        world.open(0, JobId(f"{number:03}"))
    world.clock.advance(FIRST_LOOK)
    ends = iter([timedelta(minutes=2)] * 5 + [timedelta()] * 99)
    world.scavenger().sweep(remaining=lambda: next(ends))
    left = len(world.jobs.uncounted(world.clock.now(), 999))
    world.scavenger().sweep()
    assert left > MAX_JOBS
    assert len(world.jobs.uncounted(world.clock.now(), 999)) == left - MAX_JOBS


def test_jobs_that_cannot_be_read_are_asked_for_by_the_next_sweep(caplog: pytest.LogCaptureFixture) -> None:
    class Unread(InMemoryJobStore):
        def uncounted(self, now: Any, limit: int) -> list[JobId]:
            raise SoswError("too busy", now, limit)

    assert World().scavenger(jobs=Unread()).sweep() == {"freed": {}}
    assert "recount.unread" in caplog.messages


def test_totals_without_a_job_are_looked_at_once() -> None:
    class Orphan(InMemoryJobStore):
        def get(self, job_id: JobId) -> Job | None:
            del job_id
            return None

    world = Jobs()
    orphan = Orphan()
    orphan.jobs, orphan._recounts = world.jobs.jobs, world.jobs._recounts
    world.clock.advance(FIRST_LOOK)
    world.scavenger(jobs=orphan).sweep()
    assert world.recount.at is None


def test_a_job_that_another_sweep_has_ended_meanwhile_is_left_alone() -> None:
    class Late(InMemoryJobStore):
        def uncounted(self, now: Any, limit: int) -> list[JobId]:
            del now, limit
            return [JOB, JobId("unknown")]

    world = Jobs()
    late = Late()
    late.jobs = world.jobs.jobs
    world.scavenger(jobs=late).sweep()
    assert (late.recount(JOB), world.totals()) == (Recount(job_id=JOB, at=None), Totals())
