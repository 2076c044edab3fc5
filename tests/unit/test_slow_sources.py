"""Jobs whose sources are slow to read: they come forward, or wait; they never go round in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.job import JobState
from sosw.domain.messages import cancel_event, resume_event
from sosw.domain.sources import Source
from sosw.domain.task import JobId
from sosw.job_writer import BATCH, HOLD, RETRY_STUCK
from sosw.ports import Beat, no_beat
from sosw.testing import FakeClock, InMemorySources
from tests.factories import World, seconds

ID = JobId("r")
LINES = 12 * BATCH
JOB = {"lambda_name": "sales", "source": "s3://bucket/a.jsonl"}
LIST = {"lambda_name": "sales", "source": "s3://bucket/in/"}


class Slow(InMemorySources):
    """Each line takes `a_line` seconds, each list of objects `a_list`."""

    def __init__(self, clock: FakeClock, stored: dict[str, bytes], *, a_line: float = 0, a_list: float = 0) -> None:
        super().__init__(stored)
        self._clock, self.a_line, self.a_list = clock, a_line, a_list
        self.meanwhile: Callable[[], Any] = no_beat

    def lines(self, source: Source, pin: str) -> Iterator[bytes]:
        for line in super().lines(source, pin):
            self._clock.advance(seconds=self.a_line)
            yield line

    def objects(self, source: Source, pin: str, beat: Beat = no_beat) -> Iterator[dict[str, Any]]:
        self._clock.advance(seconds=self.a_list)
        self.meanwhile()
        yield from super().objects(source, pin, beat)


def slow_world(**slowness: float) -> World:
    world = World()
    stored = {"s3://bucket/a.jsonl": b"".join(b"%d\n" % n for n in range(LINES))}
    stored |= {f"s3://bucket/in/{n:05}": b"" for n in range(2 * BATCH)}
    world.sources = Slow(world.clock, stored, **slowness)
    return world


def until(world: World, total: float = 900) -> Callable[[], timedelta]:
    """The time that an invocation has left, which begins now."""
    begun = world.clock.now()
    return lambda: seconds(total) - (world.clock.now() - begun)


def send(world: World, event: Any, total: float = 900) -> dict[str, Any]:
    return world.scheduler().submit(event, request_id=ID, remaining=until(world, total))


def test_a_list_that_takes_longer_than_the_hold_lasts_is_written_all_the_same() -> None:
    world = slow_world(a_list=150)
    answer = send(world, LIST)

    assert (answer["state"], answer["created"], world.invoker.started) == ("ready", 2 * BATCH, [])


def test_a_job_taken_over_while_its_source_was_read_is_left_to_the_other() -> None:
    world = slow_world(a_list=1)
    world.scheduler().submit(LIST, request_id=ID, remaining=timedelta)  # no time left: handed over
    sources = world.sources
    assert isinstance(sources, Slow)

    def overtaken() -> None:
        world.clock.advance(HOLD)
        sources.meanwhile = no_beat
        assert send(world, resume_event(ID))["created"] == 2 * BATCH

    sources.meanwhile = overtaken
    answer = send(world, resume_event(ID))

    assert (answer["state"], answer["created"]) == ("ready", 0)


def test_while_a_source_is_read_nobody_takes_the_job_over() -> None:
    world = slow_world(a_line=0.045)  # the door and the first 6,000 take all of the first invocation
    assert send(world, JOB)["state"] == "creating"
    held: list[bool] = []

    def skipping() -> timedelta:
        job = world.jobs.jobs[ID]
        held.append(job.held_until is not None and job.held_until > world.clock.now())
        return seconds(900)

    world.scheduler().submit(resume_event(ID), request_id="b", remaining=skipping)

    assert (world.jobs.jobs[ID].state, all(held)) == (JobState.READY, True)
    assert len(held) >= LINES // BATCH  # asked all along, not with the first task alone


def test_handed_over_where_lines_come_slowly_each_invocation_writes_some() -> None:
    world = slow_world(a_line=0.06)
    answers = [send(world, JOB), send(world, resume_event(ID), 700), send(world, resume_event(ID))]

    assert [answer["state"] for answer in answers] == ["creating", "creating", "ready"]
    assert [bool(answer["created"]) for answer in answers] == [True, True, True]
    assert len(world.tasks.tasks) == LINES


def test_what_takes_all_the_time_without_a_task_is_not_begun_again_at_once() -> None:
    world = slow_world(a_line=0.045)
    send(world, JOB)
    begun, written = len(world.invoker.started), len(world.tasks.tasks)
    answer = send(world, resume_event(ID), 200)

    assert (answer["state"], answer["created"], len(world.tasks.tasks)) == ("creating", 0, written)
    assert len(world.invoker.started) == begun
    assert world.jobs.jobs[ID].held_until == world.clock.now() + RETRY_STUCK
    world.clock.advance(RETRY_STUCK + seconds(10))
    world.scavenger().sweep()
    assert world.invoker.started[begun:] == [("sosw-scheduler", resume_event(ID))]
    assert send(world, resume_event(ID))["state"] == "ready"


def test_a_submission_whose_time_went_into_looking_it_over_is_handed_over_once() -> None:
    world = slow_world(a_line=0.07)
    answer = send(world, JOB, 860)

    assert (answer["created"], world.invoker.started) == (0, [("sosw-scheduler", resume_event(ID))])


@pytest.mark.parametrize("wish", [{}, {"dry_run": True}])
def test_a_source_that_takes_longer_to_look_over_than_there_is_time_is_refused_before_that(wish: Any) -> None:
    world = slow_world(a_line=0.08)  # 960 s for all of it
    begun = world.clock.now()
    with pytest.raises(InvalidInput) as refused:
        send(world, {**JOB, **wish})
    assert str(refused.value) == (
        "source: 's3://bucket/a.jsonl' was read for 888 s and is not at its end: it must be looked over within 900 s "
        "(cut it into several, and submit a job for each)"
    )
    assert world.clock.now() < begun + seconds(900)
    assert (world.jobs.jobs, world.tasks.tasks, world.watches.watches, world.invoker.started) == ({}, {}, {}, [])


def test_a_dry_run_whose_second_look_takes_too_long_is_refused_as_well() -> None:
    world = slow_world(a_line=0.045)  # 540 s each time
    with pytest.raises(InvalidInput, match=r"was read for 8\d\d s"):
        send(world, {**JOB, "dry_run": True})


def test_a_list_that_takes_too_long_is_refused_while_it_is_pinned() -> None:
    world = slow_world()
    world.sources = Pinning(world.clock, world.sources.stored)
    with pytest.raises(InvalidInput, match="'s3://bucket/in/' was read for 886 s"):
        send(world, LIST)
    assert world.jobs.jobs == {}


class Pinning(Slow):
    """Its lists have pages without end."""

    def pin(self, source: Source, beat: Beat = no_beat) -> str:
        del source
        while True:
            self._clock.advance(seconds=1)
            beat()


@pytest.mark.parametrize("a_line", [0.0, 0.045])
def test_a_job_cancelled_while_its_source_is_read_is_cancelled_by_who_reads_it(a_line: float) -> None:
    world = slow_world(a_line=a_line)
    world.scheduler().submit(JOB, request_id=ID, remaining=timedelta)
    asked = iter([True])

    def cancelling() -> timedelta:
        if next(asked, False):
            world.submit(cancel_event(ID, by="ada", why=""), "another")
        return seconds(900)

    world.scheduler().submit(resume_event(ID), request_id="b", remaining=cancelling)

    assert world.jobs.jobs[ID].state is JobState.CANCELLED
    assert {task.state.value for task in world.tasks.tasks.values()} <= {"cancelled"}
