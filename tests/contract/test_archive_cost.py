"""What the archive costs: half a read unit a task, no write; some write units a job, and few objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sosw.archivist import Archivist
from sosw.aws.dynamodb import DynamoWatchStore
from sosw.domain import job as moves
from sosw.domain import watch
from sosw.domain.job import Job, Totals
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId, task_id
from sosw.testing import FakeClock, InMemoryObjects
from tests.contract.backends import DynamoWorld
from tests.contract.moves import NOW, brought
from tests.contract.test_cost import _billed, _real, metered_world, world

__all__ = ["metered_world", "world"]
TASKS_OF_A_JOB = 100


@pytest.fixture
def watches(world: DynamoWorld) -> DynamoWatchStore:
    return DynamoWatchStore.for_prefix(world.prefix, database=world.database)


def finished(world: DynamoWorld, watches: DynamoWatchStore) -> Job:
    """A job whose hundred small tasks are done."""
    job_id = JobId(world.new_id().partition("#")[0])
    job = Job(id=job_id, labourer=world.labourer, submitted_at=NOW, body="{}", held_until=NOW)
    world.jobs.open(job)
    watches.watch(watch.first(job, timedelta(days=30)))
    small = _real(world)
    for number, task in enumerate(world.new_tasks(TASKS_OF_A_JOB, payload=small.payload)):
        brought(world.tasks, replace(task, id=task_id(job_id, number), job_id=job_id), "done")
    held = world.jobs.apply(moves.hold(job, now=NOW, until=NOW + timedelta(minutes=1)))
    world.jobs.apply(moves.ready(held, total=TASKS_OF_A_JOB))
    world.jobs.count(job_id, Totals(created=TASKS_OF_A_JOB, done=TASKS_OF_A_JOB), token="1", again=NOW)
    return job


def archivist_at(now: datetime, world: DynamoWorld, watches: DynamoWatchStore) -> Archivist:
    return Archivist(
        tasks=world.tasks,
        jobs=world.jobs,
        watches=watches,
        objects=InMemoryObjects(),
        clock=FakeClock(now),
        settings=EssentialSettings(),
    )


def test_a_task_is_archived_for_half_a_read_unit_and_a_job_for_five_write_units(
    world: DynamoWorld, watches: DynamoWatchStore
) -> None:
    finished(world, watches)
    archivist = archivist_at(NOW + timedelta(minutes=6), world, watches)
    with _billed(world) as bill:
        counts = archivist.run(lambda: True)
    reads = 0.5 * TASKS_OF_A_JOB + 0.5 + 1 + 2  # the tasks, the index, the watch, the job and its totals
    writes = 3 + 2  # begun (the row, and its place in the index twice), ended (the row, and its place)
    assert counts == {"archived": TASKS_OF_A_JOB, "objects": 1}
    assert bill.units == reads + writes
    assert bill.calls["PutItem"] == 2


def test_a_sweep_without_anything_to_archive_is_one_call(world: DynamoWorld, watches: DynamoWatchStore) -> None:
    archivist = archivist_at(NOW - timedelta(days=9000), world, watches)
    with _billed(world) as bill:
        assert archivist.run(lambda: True) == {}
    assert bill.calls == {"Query": 1}
