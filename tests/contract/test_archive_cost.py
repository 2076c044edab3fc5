"""What the archive costs, which counts what it reads: half a read unit a task, no write; some write units a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sosw.archivist import Archivist
from sosw.aws.dynamodb import DynamoWatchStore
from sosw.domain import job as moves
from sosw.domain import watch
from sosw.domain.job import Job, Totals
from sosw.domain.recount import FIRST_LOOK
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId, task_id
from sosw.recounting import Recounting
from sosw.tallies import Tallies
from sosw.testing import FakeClock, InMemoryObjects
from tests.contract.backends import DynamoWorld
from tests.contract.moves import NOW, brought
from tests.contract.test_cost import _billed, _real, metered_world, world
from tests.factories import one_by_one

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
    parts: dict[str, Any] = {"tasks": world.tasks, "jobs": world.jobs, "watches": watches, "clock": FakeClock(now)}
    recounting = Recounting(**parts, tallies=Tallies(world.records, one_by_one))
    return Archivist(**parts, objects=InMemoryObjects(), settings=EssentialSettings(), recounting=recounting)


def test_a_task_is_archived_and_counted_for_half_a_read_unit_and_a_job_for_seven_write_units(
    world: DynamoWorld, watches: DynamoWatchStore
) -> None:
    job = finished(world, watches)
    archivist = archivist_at(NOW + FIRST_LOOK, world, watches)
    with _billed(world) as bill:
        counts = archivist.run(lambda: True)
        assert archivist.recounting.run(lambda: True) == 0
    reads = 0.5 * TASKS_OF_A_JOB + 0.5 + 1 + 3  # the tasks, the index, the watch, the job and twice its totals
    watch_writes = 3 + 2  # begun (the row, and its place in the index twice), ended (the row, and its place)
    assert counts == {"archived": TASKS_OF_A_JOB, "objects": 1}
    assert bill.units == reads + watch_writes + 2  # the totals leave their line
    assert bill.calls == {"Query": 3, "BatchGetItem": 2, "GetItem": 3, "PutItem": 2, "UpdateItem": 1}
    seen = world.jobs.recount(job.id)
    assert seen is not None
    assert seen.at is None


def test_a_sweep_without_anything_to_archive_is_one_call(world: DynamoWorld, watches: DynamoWatchStore) -> None:
    archivist = archivist_at(NOW - timedelta(days=9000), world, watches)
    with _billed(world) as bill:
        assert archivist.run(lambda: True) == {}
    assert bill.calls == {"Query": 1}
