"""Jobs whose source fails while they are written: what may pass is waited for, what cannot ends the job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sosw.domain import job as moves
from sosw.domain.errors import SoswError, SourceUnavailable, invalid
from sosw.domain.job import JobState
from sosw.domain.messages import resume_event
from sosw.domain.sources import Source
from sosw.domain.task import JobId
from sosw.job_writer import BACK_OFF, BATCH, HOLD
from sosw.ports import no_beat
from sosw.testing import InMemorySources
from tests.factories import World
from tests.unit.client.conftest import ClientWorld
from tests.unit.test_long_jobs import Died

ID = JobId("r")
LINES = 3 * BATCH
JOB = {"lambda_name": "sales", "source": "s3://bucket/a.jsonl"}
URL = JOB["source"]
CHANGED = invalid("source", URL, "is no longer what it was when the job was submitted")
SLOW_DOWN = SourceUnavailable(URL, "cannot be read now: SlowDown")


class Failing(InMemorySources):
    """Its readings number `at` raise `error` before the line of that number, after `meanwhile`."""

    def __init__(self, at: dict[int, int], error: BaseException, meanwhile: Callable[[], Any] = no_beat) -> None:
        super().__init__({URL: b"".join(b"%d\n" % n for n in range(LINES))})
        self._at, self._error, self._meanwhile, self.readings = at, error, meanwhile, 0

    def lines(self, source: Source, pin: str) -> Iterator[bytes]:
        self.readings += 1
        last = self._at.get(self.readings)
        for number, line in enumerate(super().lines(source, pin)):
            if number == last:
                self._meanwhile()
                raise self._error
            yield line


def failing_world(error: SoswError, *, at: int = 2 * BATCH + 500, reading: int = 2) -> World:
    world = World()
    world.sources = Failing({reading: at}, error)
    return world


@pytest.mark.parametrize("padding", [0, 90_000])  # which is noted after each batch, and after each third
def test_a_source_that_fails_in_passing_is_gone_on_with_a_minute_later(padding: int) -> None:
    world = failing_world(SLOW_DOWN)
    answer = world.submit({**JOB, "padding": "x" * padding}, ID)
    job = world.jobs.jobs[ID]

    assert (answer["state"], answer["tasks"], answer["created"]) == ("creating", 2 * BATCH, 2 * BATCH)
    assert (job.cursor, job.waits_why, job.held_until) == (2 * BATCH, str(SLOW_DOWN), world.clock.now() + BACK_OFF)
    assert world.invoker.started == []
    world.clock.advance(BACK_OFF)
    assert world.submit(resume_event(ID), "another")["state"] == "ready"
    assert (len(world.tasks.tasks), world.jobs.jobs[ID].waits_why) == (LINES, None)


@pytest.mark.parametrize("padding", [0, 90_000])
def test_a_source_that_changed_fails_the_job_with_as_many_tasks_as_were_written(padding: int) -> None:
    world = failing_world(CHANGED)
    answer = world.submit({**JOB, "padding": "x" * padding}, ID)
    job = world.jobs.jobs[ID]

    assert (answer["state"], answer["tasks"], len(world.tasks.tasks)) == ("failed", 2 * BATCH, 2 * BATCH)
    assert (job.state, job.total, job.failed_why) == (JobState.FAILED, 2 * BATCH, str(CHANGED))


def test_a_job_that_fails_counts_also_what_an_earlier_holder_did_not_note() -> None:
    world = failing_world(CHANGED, at=0, reading=3)
    sources = world.sources

    dying = Failing({2: 2 * BATCH}, Died())
    with pytest.raises(Died):
        world.submit({**JOB, "padding": "x" * 90_000}, ID, sources=dying)
    assert (world.jobs.jobs[ID].cursor, len(world.tasks.tasks)) == (0, 2 * BATCH)
    world.clock.advance(HOLD)
    assert isinstance(sources, Failing)
    sources.readings = 2
    world.submit(resume_event(ID), "another")

    assert (world.jobs.jobs[ID].state, world.jobs.jobs[ID].total) == (JobState.FAILED, 2 * BATCH)


@pytest.mark.parametrize("error", [SLOW_DOWN, CHANGED])
def test_who_was_overtaken_neither_fails_the_job_nor_lets_go_of_it_for_the_other(error: SoswError) -> None:
    world = World()

    def overtaken() -> None:
        world.clock.advance(HOLD)
        now = world.clock.now()
        world.jobs.apply(moves.hold(world.jobs.jobs[ID], now=now, until=now + HOLD))

    world.sources = Failing({2: 1500}, error, overtaken)
    answer = world.submit(JOB, ID)
    job = world.jobs.jobs[ID]

    assert (answer["state"], job.state, job.waits_why) == ("creating", JobState.CREATING, None)
    assert job.held_until == world.clock.now() + HOLD


def test_at_the_door_it_is_why_the_job_was_not_taken() -> None:
    world = failing_world(SLOW_DOWN, reading=1)
    with pytest.raises(SourceUnavailable, match=r"source: 's3://bucket/a\.jsonl' cannot be read now: SlowDown"):
        world.submit(JOB, ID)

    assert (world.tasks.tasks, world.jobs.jobs) == ({}, {})


def test_a_client_is_told_nothing_was_written_only_when_that_is_so() -> None:
    from sosw.client.errors import JobRefused  # noqa: PLC0415

    world = ClientWorld()
    world.sources = Failing({1: 7, 3: 2500}, SLOW_DOWN)
    with pytest.raises(JobRefused, match="SlowDown"):
        world.client.submit("sales", source=URL, idempotency_key="k")
    assert world.tasks.tasks == {}
    job = world.client.submit("sales", source=URL, idempotency_key="k")

    status = job.status()

    assert (status.state, status.waits_why, len(world.tasks.tasks)) == (JobState.CREATING, str(SLOW_DOWN), 2 * BATCH)
