"""How far the check of a job's totals is: kept by one conditional write, and never over what the stream has brought."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.aws.dynamodb import DynamoJobStore
from sosw.aws.dynamodb.batches import Backoff
from sosw.aws.dynamodb.errors import ConditionFailed
from sosw.domain.errors import StaleJob
from sosw.domain.job import Job, Totals
from sosw.domain.recount import FIRST_LOOK, Recount
from sosw.domain.task import JobId
from tests.contract.backends import DynamoWorld, World
from tests.contract.moves import NOW
from tests.contract.test_jobs import _job

DUE = NOW + FIRST_LOOK
HOUR = timedelta(hours=1)


def opened(world: World) -> Job:
    return world.jobs.open(_job(world))


def seen_of(world: World, job: Job) -> Recount:
    seen = world.jobs.recount(job.id)
    assert seen is not None
    return seen


def test_the_totals_of_a_new_job_are_due_a_while_after_its_submission(world: World) -> None:
    job = opened(world)
    assert seen_of(world, job) == Recount(job_id=job.id, at=DUE)
    assert job.id not in world.jobs.uncounted(DUE - timedelta(milliseconds=1), 1000)
    assert job.id in world.jobs.uncounted(DUE, 1000)
    assert job.id not in world.jobs.left(NOW - HOUR, 1000)


def test_a_recount_is_kept_as_it_was_and_is_due_when_it_says(world: World) -> None:
    job = opened(world)
    world.jobs.count(job.id, Totals(created=9), token="a", again=DUE)
    seen = seen_of(world, job)
    found = Totals(created=7, done=5, failed=3, dead=1, cancelled=1)
    then = replace(seen, at=DUE + HOUR, number=7, found=found, is_cut=True, since="a", settles=NOW, begins=DUE)
    world.jobs.keep(seen, then)
    assert seen_of(world, job) == then
    assert (then.totals, then.batches) == (Totals(created=9), ("a",))
    assert job.id not in world.jobs.uncounted(DUE, 1000)
    assert job.id in world.jobs.uncounted(DUE + HOUR, 1000)


def test_totals_are_mended_and_the_job_is_looked_at_no_more(world: World) -> None:
    job = opened(world)
    seen = seen_of(world, job)
    world.jobs.keep(seen, replace(seen, at=None, totals=Totals(created=2, done=2)))
    known = world.jobs.get(job.id)
    assert known is not None
    assert known.totals == Totals(created=2, done=2)
    assert job.id not in world.jobs.uncounted(DUE + HOUR, 1000)
    again = seen_of(world, job)
    world.jobs.keep(again, replace(again, totals=Totals(created=3, done=3)))
    assert seen_of(world, job).totals == Totals(created=3, done=3)


def test_a_batch_that_was_counted_meanwhile_stops_the_mending_and_the_end_but_no_other_progress(world: World) -> None:
    job = opened(world)
    seen = seen_of(world, job)
    world.jobs.count(job.id, Totals(created=1), token="meanwhile", again=DUE)
    for then in (replace(seen, totals=Totals(created=2)), replace(seen, at=None)):
        with pytest.raises(StaleJob):
            world.jobs.keep(seen, then)
    world.jobs.keep(seen, replace(seen, at=DUE + HOUR, number=1))
    assert seen_of(world, job).totals == Totals(created=1)
    with pytest.raises(StaleJob):
        world.jobs.keep(seen, replace(seen, at=DUE))


def test_a_batch_that_comes_when_the_check_has_ended_has_the_job_checked_again(world: World) -> None:
    job = opened(world)
    seen = seen_of(world, job)
    world.jobs.keep(seen, replace(seen, at=None, number=2, totals=Totals(created=2, done=2)))
    for _ in range(2):
        world.jobs.count(job.id, Totals(done=1), token="late", again=DUE + HOUR)
    totals = Totals(created=2, done=3)
    assert seen_of(world, job) == Recount(job_id=job.id, at=DUE + HOUR, totals=totals, batches=("late",))
    assert job.id in world.jobs.uncounted(DUE + HOUR, 1000)
    world.jobs.count(job.id, Totals(done=1), token="later", again=DUE + 2 * HOUR)
    assert seen_of(world, job).at == DUE + HOUR


def test_a_batch_whose_write_is_under_way_while_the_check_ends_has_the_job_checked_again(
    dynamo_world: DynamoWorld,
) -> None:
    job = opened(dynamo_world)

    class Overtaken:
        """A jobs table: between the reading and the first write, the check ends."""

        get = dynamo_world.jobs._table.get
        updates = 0

        def update(self, *args: Any) -> Any:
            self.updates += 1
            if self.updates == 1:
                seen = seen_of(dynamo_world, job)
                dynamo_world.jobs.keep(seen, replace(seen, at=None, totals=Totals(created=1)))
            return dynamo_world.jobs._table.update(*args)

    table: Any = Overtaken()
    DynamoJobStore(table).count(job.id, Totals(created=1), token="a", again=DUE + HOUR)
    seen = seen_of(dynamo_world, job)
    assert (table.updates, seen.at, seen.totals) == (2, DUE + HOUR, Totals(created=2))


def test_who_is_overtaken_each_time_gives_up_a_batch_and_says_so(dynamo_world: DynamoWorld) -> None:
    job, waits = opened(dynamo_world), list[float]()

    class Busy:
        get = dynamo_world.jobs._table.get

        def update(self, *_: Any) -> Any:
            raise ConditionFailed(None)

    table: Any = Busy()
    store = DynamoJobStore(table, backoff=Backoff(sleep=waits.append))
    with pytest.raises(StaleJob, match="count a batch of"):
        store.count(job.id, Totals(created=1), token="a", again=DUE)
    assert (len(waits), seen_of(dynamo_world, job).totals) == (7, Totals())


def test_who_has_no_totals_is_not_recounted_nor_made_by_it(world: World) -> None:
    unknown = JobId(world.new_id().partition("#")[0])
    assert world.jobs.recount(unknown) is None
    world.jobs.count_again(unknown, DUE)
    with pytest.raises(StaleJob):
        world.jobs.keep(Recount(job_id=unknown, at=None), Recount(job_id=unknown, at=DUE))
    assert world.jobs.recount(unknown) is None
    assert world.jobs.get(unknown) is None


def test_a_job_can_be_counted_again_from_its_first_task_on(world: World) -> None:
    job = opened(world)
    seen = seen_of(world, job)
    world.jobs.keep(seen, replace(seen, at=None, number=7, totals=Totals(created=2)))
    world.jobs.count_again(job.id, DUE + HOUR)
    assert seen_of(world, job) == Recount(job_id=job.id, at=DUE + HOUR, begins=DUE + HOUR, totals=Totals(created=2))
    assert job.id in world.jobs.uncounted(DUE + HOUR, 1000)


def test_a_job_that_is_counted_again_in_the_same_millisecond_is_not_written_over(world: World) -> None:
    job = opened(world)
    world.jobs.keep(seen_of(world, job), replace(seen_of(world, job), at=DUE + HOUR, number=1, since="a"))
    seen = seen_of(world, job)
    world.jobs.count_again(job.id, DUE + HOUR)
    for then in (replace(seen, at=None), replace(seen, number=2)):
        with pytest.raises(StaleJob):
            world.jobs.keep(seen, then)
    again = seen_of(world, job)
    assert (again.number, again.begins) == (0, DUE + HOUR)
    world.jobs.keep(again, replace(again, at=DUE + 2 * HOUR, number=1))
    with pytest.raises(StaleJob):
        world.jobs.keep(again, replace(again, number=3))
    known = seen_of(world, job)
    assert (known.number, known.begins) == (1, DUE + HOUR)
    world.jobs.keep(known, replace(known, begins=None))
    with pytest.raises(StaleJob):
        world.jobs.keep(known, replace(known, number=3))


def test_what_is_owed_to_a_tally_outlives_who_has_the_job_counted_again_until_it_is_paid(world: World) -> None:
    job = opened(world)
    seen = seen_of(world, job)
    world.jobs.keep(seen, replace(seen, at=None, number=7, owed=Totals(dead=-1, done=2), debt="d"))
    world.jobs.count(job.id, Totals(done=1), token="late", again=DUE)
    world.jobs.count_again(job.id, DUE + HOUR)
    owing = seen_of(world, job)
    assert (owing.number, owing.owed, owing.debt) == (0, Totals(dead=-1, done=2), "d")
    world.jobs.keep(owing, owing.paid())
    assert seen_of(world, job) == owing.paid()


def test_totals_whose_job_came_later_are_due_though_a_sweep_has_given_them_up(dynamo_world: DynamoWorld) -> None:
    class Died(Exception):
        pass

    class Half:
        """A jobs table whose caller dies between the two writes."""

        def __init__(self) -> None:
            self.puts = 0

        def put(self, *args: object) -> None:
            self.puts += 1
            if self.puts == 2:
                raise Died
            dynamo_world.jobs._table.put(*args)  # type: ignore[arg-type]

    job = _job(dynamo_world)
    with pytest.raises(Died):
        type(dynamo_world.jobs)(Half()).open(job)  # type: ignore[arg-type]
    seen = seen_of(dynamo_world, job)
    dynamo_world.jobs.keep(seen, replace(seen, at=None))
    dynamo_world.jobs.open(job)
    assert seen_of(dynamo_world, job).at == DUE
