"""The doctor reads tables of every kind alike: what is lost, what holds a slot, totals that drifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.client import Client, Diagnosis, Service
from sosw.domain import job as moves
from sosw.domain import lifecycle
from sosw.domain.job import Job, Totals
from sosw.domain.records import of_labourer
from sosw.domain.slots import SlotRow
from sosw.domain.tally import TOTALS, Counted
from sosw.domain.task import JobId, Task, TaskState, task_id
from sosw.settings import ESSENTIAL_CONFIG, Names
from sosw.testing import DictConfigSource, FakeClock
from tests.contract.backends import World
from tests.contract.moves import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def doctor(world: World, job: Job, **how: Any) -> Diagnosis:
    """An hour later, of that job alone; what stands around the tables is not looked at."""
    settings = {"task_config": {"labourers": {world.labourer: {"max_simultaneous_invocations": 9}}}}
    service = Service(
        names=Names("contract"), call=_nobody, jobs=world.jobs, tasks=world.tasks, slots=world.slots,
        records=world.records, config=DictConfigSource({ESSENTIAL_CONFIG: settings}), clock=FakeClock(NOW + HOUR),
    )  # fmt: skip
    return Client(service=service).doctor(job.id, **how)


def _nobody(*_: Any) -> Any:
    raise AssertionError("it only looks")


def a_job(world: World, total: int) -> tuple[Job, list[Task]]:
    job_id = JobId(world.new_id().partition("#")[0])
    job = world.jobs.open(Job(id=job_id, labourer=world.labourer, submitted_at=NOW, held_until=NOW, body="{}"))
    tasks = [world.new_task(id=task_id(job_id, number), job_id=job_id) for number in range(total)]
    return world.jobs.apply(moves.ready(job, total=total)), tasks


def test_tasks_that_are_lost_and_a_lease_that_nobody_swept_are_found(world: World) -> None:
    job, tasks = a_job(world, 250)
    world.tasks.create(tasks[:-1])
    row = SlotRow(labourer=world.labourer, number=0, capacity=9)
    world.slots.write(row.named(tasks[:1], NOW))
    world.tasks.apply(lifecycle.claim(tasks[0], row=0, now=NOW, lease=timedelta(minutes=20)))
    world.tasks.apply(lifecycle.claim(tasks[1], row=0, now=NOW, lease=timedelta(minutes=20)))
    over = f"{NOW + timedelta(minutes=20):%H:%M:%S} UTC"
    assert [str(finding) for finding in doctor(world, job).findings] == [
        f"slot row 0 of labourer {world.labourer}, task {tasks[0].id}, is held by a lease that ended at {over}",
        f"job {job.id} lacks 1 of the 250 tasks that were looked at: {tasks[-1].id}",
        f"task {tasks[1].id} runs, and no slot names it",
    ]


@pytest.mark.parametrize("lost", [True, False])
def test_totals_are_mended_where_they_drifted_and_the_labourers_with_them(world: World, *, lost: bool) -> None:
    job, tasks = a_job(world, 3)
    closed = [replace(each, state=TaskState.DONE, closed_at=NOW, queue=None, rank=None) for each in tasks]
    world.tasks.create(closed)
    world.jobs.count(job.id, Totals(created=3, done=1 if lost else 3), token="a", again=NOW)
    assert [finding.check for finding in doctor(world, job).findings] == (["totals"] if lost else [])
    assert len(doctor(world, job, mend=True).mended) == int(lost)
    assert doctor(world, job).findings == ()
    known, key = world.jobs.get(job.id), of_labourer(world.labourer, TOTALS)
    assert known is not None
    assert known.totals == Totals(created=3, done=3)
    assert Counted.from_json(world.records.read([key])[key].value).tally.done == (2 if lost else 0)
