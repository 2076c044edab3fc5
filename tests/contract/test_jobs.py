"""Jobs: delivered twice is one job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.domain.job import Job, JobState
from sosw.domain.task import JobId
from tests.contract.backends import World
from tests.contract.moves import NOW


def _job(world: World, **fields: object) -> Job:
    defaults = {"id": JobId(world.new_id()), "labourer": world.labourer, "submitted_at": NOW, "body": '{"a":"ü"}'}
    return Job(**{**defaults, **fields})  # type: ignore[arg-type]


def test_an_unknown_job_is_none(world: World) -> None:
    assert world.jobs.get(JobId(world.new_id())) is None


def test_a_job_is_opened_as_it_was_offered(world: World) -> None:
    job = _job(world)
    assert world.jobs.open(job) == job
    assert world.jobs.get(job.id) == job
    assert (job.state, job.total) == (JobState.CREATING, None)


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
    world.jobs.ready(first.id, 12)
    assert world.jobs.open(again) == replace(first, state=JobState.READY, total=12)


def test_a_job_is_ready_once_its_total_is_known(world: World) -> None:
    job = world.jobs.open(_job(world))
    world.jobs.ready(job.id, 0)
    assert world.jobs.get(job.id) == replace(job, state=JobState.READY, total=0)


def test_a_job_that_was_never_opened_cannot_be_made_ready(world: World) -> None:
    unknown = JobId(world.new_id())
    with pytest.raises(KeyError):
        world.jobs.ready(unknown, 1)
    assert world.jobs.get(unknown) is None
