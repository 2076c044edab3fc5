"""Jobs: delivered twice is one job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from sosw.domain import job as moves
from sosw.domain.errors import StaleJob
from sosw.domain.job import Job, JobState, Totals
from sosw.domain.task import JobId
from tests.contract.backends import World
from tests.contract.moves import NOW

MINUTE = timedelta(minutes=1)
_years = count()


def _job(world: World, **fields: object) -> Job:
    common = {"labourer": world.labourer, "submitted_at": NOW, "held_until": NOW, "body": '{"a":"ü"}'}
    defaults = {"id": JobId(world.new_id().partition("#")[0]), **common}
    return Job(**{**defaults, **fields})  # type: ignore[arg-type]


def test_an_unknown_job_is_none(world: World) -> None:
    assert world.jobs.get(JobId(world.new_id())) is None


def test_a_job_is_opened_as_it_was_offered(world: World) -> None:
    job = _job(world)
    assert world.jobs.open(job) == job
    assert world.jobs.get(job.id) == job
    assert (job.state, job.total) == (JobState.CREATING, None)


def test_who_submitted_a_job_and_its_event_are_kept(world: World) -> None:
    job = _job(world, submitted_by="ada", source_event={"arn": "arn:aws:events:eu-west-1:1:rule/ü", "id": "e-1"})
    world.jobs.open(job)
    assert world.jobs.get(job.id) == job


def test_the_moment_of_submission_is_kept_to_the_millisecond(world: World) -> None:
    job = _job(world, submitted_at=NOW + timedelta(microseconds=1999))
    kept = replace(job, submitted_at=NOW + timedelta(milliseconds=1))
    assert world.jobs.open(job) == kept
    assert world.jobs.open(job) == kept
    assert world.jobs.get(job.id) == kept


def test_a_job_opened_again_is_what_it_was_at_first(world: World) -> None:
    first = world.jobs.open(_job(world))
    again = replace(first, body="{}", submitted_at=NOW + timedelta(days=1))
    assert world.jobs.open(again) == first
    ready = world.jobs.apply(moves.ready(held(world, first), total=12))
    assert (ready.state, ready.total, ready.held_until) == (JobState.READY, 12, None)
    assert world.jobs.open(again) == ready == world.jobs.get(first.id)


def held(world: World, job: Job) -> Job:
    return world.jobs.apply(moves.hold(job, now=NOW, until=NOW + MINUTE))


def test_one_scheduler_at_a_time_holds_a_job(world: World) -> None:
    job = world.jobs.open(_job(world))
    first = held(world, job)
    with pytest.raises(StaleJob) as stale:
        held(world, job)
    assert stale.value.found == first
    later = world.jobs.apply(moves.hold(job, now=NOW + MINUTE, until=NOW + 2 * MINUTE))
    assert later.held_until == NOW + 2 * MINUTE
    for late in (moves.note(first, cursor=1, until=NOW), moves.ready(first, total=1)):
        with pytest.raises(StaleJob):
            world.jobs.apply(late)
    assert world.jobs.apply(moves.note(later, cursor=7, until=NOW)).cursor == 7


def test_a_job_that_was_never_opened_cannot_be_moved(world: World) -> None:
    unknown = _job(world)
    with pytest.raises(StaleJob) as stale:
        world.jobs.apply(moves.ready(unknown, total=1))
    assert stale.value.found is None
    assert world.jobs.get(unknown.id) is None


def test_a_cancelled_job_remembers_who_and_why_and_who_is_at_it(world: World) -> None:
    job = held(world, world.jobs.open(_job(world)))
    cancelling = world.jobs.apply(moves.cancel(job, now=NOW, by="ada", why="so"))
    assert (cancelling.state, cancelling.held_until) == (JobState.CANCELLING, job.held_until)
    with pytest.raises(StaleJob):
        world.jobs.apply(moves.note(job, cursor=1, until=NOW))
    gone = world.jobs.apply(moves.cancelled(cancelling, total=3))
    assert world.jobs.get(job.id) == gone
    assert (gone.state, gone.total, gone.cancelled_by, gone.cancelled_why) == (JobState.CANCELLED, 3, "ada", "so")


def test_a_job_that_waits_says_why_until_somebody_is_at_it_again(world: World) -> None:
    job = held(world, world.jobs.open(_job(world)))
    waiting = world.jobs.apply(moves.wait(job, cursor=7, tag=None, until=NOW + MINUTE, why="no source"))
    assert world.jobs.get(job.id) == waiting
    assert (waiting.cursor, waiting.held_until, waiting.waits_why) == (7, NOW + MINUTE, "no source")
    later = world.jobs.apply(moves.hold(waiting, now=NOW + MINUTE, until=NOW + 2 * MINUTE))
    assert later.waits_why is None
    with pytest.raises(StaleJob):
        world.jobs.apply(moves.cancel(waiting, now=NOW, by="ada", why="so"))
    failed = world.jobs.apply(moves.fail(later, total=9, why="changed"))
    assert (failed.state, failed.cursor, failed.total, failed.held_until) == (JobState.FAILED, 9, 9, None)


def test_a_job_that_waits_and_one_that_is_cancelled_are_cancelled_at_once(world: World) -> None:
    job = held(world, world.jobs.open(_job(world)))
    waiting = world.jobs.apply(moves.wait(job, cursor=7, tag=3, until=NOW + MINUTE, why="no source"))
    cancelling = world.jobs.apply(moves.cancel(waiting, now=NOW, by="ada", why="so"))
    assert (cancelling.held_until, cancelling.waits_why) == (NOW, None)
    gone = world.jobs.apply(moves.cancelled(held(world, cancelling), total=7))
    again = world.jobs.apply(moves.cancel(gone, now=NOW, by="bob", why="again"))
    assert (again.state, again.swept, again.held_until) == (JobState.CANCELLING, 0, NOW)
    assert (again.cancelled_by, again.cancelled_why) == ("ada", "so")
    assert job.id in world.jobs.left(NOW, 1000)


def test_jobs_that_nobody_is_at_are_left_until_they_are_done(world: World) -> None:
    job = world.jobs.open(_job(world))
    assert job.id in world.jobs.left(NOW, 1000)
    busy = held(world, job)
    assert job.id not in world.jobs.left(NOW, 1000)
    assert job.id in world.jobs.left(NOW + MINUTE, 1000)
    ready = world.jobs.apply(moves.ready(busy, total=1))
    assert job.id not in world.jobs.left(NOW + MINUTE, 1000)
    world.jobs.apply(moves.cancel(ready, now=NOW, by="", why=""))
    assert job.id in world.jobs.left(NOW, 1000)


def test_recent_jobs_come_newest_first_over_the_turn_of_a_month(world: World) -> None:
    start = NOW.replace(year=1990 + next(_years), month=3, day=1)
    jobs = [world.jobs.open(_job(world, submitted_at=start + timedelta(days=days))) for days in (-40, -1, 0, 3)]
    newest_first = [job.id for job in reversed(jobs)]
    assert [job.id for job in world.jobs.recent(4, before=start + timedelta(days=4))] == newest_first
    assert [job.id for job in world.jobs.recent(2, before=start + timedelta(days=3))] == newest_first[1:3]


def test_totals_add_up_and_a_batch_that_comes_again_counts_once(world: World) -> None:
    job = world.jobs.open(_job(world))
    world.jobs.count(job.id, Totals(created=5), token="a", again=NOW)
    for _ in range(2):
        world.jobs.count(job.id, Totals(done=2, failed=1, dead=1), token="b", again=NOW)
    world.jobs.count(job.id, Totals(dead=-1, cancelled=1), token="c", again=NOW)
    found = world.jobs.get(job.id)
    assert found is not None
    assert found.totals == Totals(created=5, done=2, failed=1, dead=0, cancelled=1)


def test_nothing_is_counted_for_a_job_that_is_not_there(world: World) -> None:
    unknown = JobId(world.new_id())
    world.jobs.count(unknown, Totals(done=1), token="a", again=NOW)
    assert world.jobs.get(unknown) is None
