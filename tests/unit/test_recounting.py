"""Totals that have drifted, for batches of the stream were lost, are put right by the sweep alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sosw.dead_orders import DeadOrders
from sosw.domain import lifecycle
from sosw.domain.dead_orders import DeadKind, DeadOrder
from sosw.domain.errors import SoswError
from sosw.domain.job import Job, Totals
from sosw.domain.lifecycle import MAX_FAILURES
from sosw.domain.recount import FIRST_LOOK, LATEST, QUIET, Recount
from sosw.domain.settings import EssentialSettings
from sosw.domain.tally import Tally
from sosw.domain.task import JobId, Task, TaskId, task_id
from sosw.recounting import BATCH, Recounting
from sosw.tallies import Tallies
from sosw.testing import InMemoryJobStore
from tests.factories import DAY, JOB, LABOURER, NOW, World, one_by_one
from tests.unit.recounted import MINUTE, Jobs, lost
from tests.unit.test_tallies import tally

STATED = timedelta(minutes=70)
"""So long after its end a job's totals are right, at most: docs/explanation/totals.md says it."""


def test_a_job_of_which_the_stream_told_nothing_is_right_within_the_stated_time_after_its_end() -> None:
    world = Jobs(tasks=4)
    world.sweep_for(timedelta(hours=9))
    world.end(0, 1, fails=2)
    world.end(2, dies=True)
    world.tasks.apply(lifecycle.cancel(task_id(JOB, 3), now=world.clock.now(), retention=DAY))
    lost(world)
    world.sweep_for(QUIET - MINUTE)
    assert world.totals() == Totals()
    world.sweep_for(STATED - QUIET)
    assert world.totals() == Totals(created=4, done=2, failed=5, dead=1, cancelled=1)


def test_a_young_job_is_right_within_ten_minutes_of_its_end() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    lost(world)
    world.sweep(10)
    assert world.totals() == Totals(created=3, done=3)


def test_a_lost_batch_is_added_to_the_labourers_tally_as_well_and_once() -> None:
    world = Jobs()
    world.tell()
    lost(world)
    world.end(0, 1, fails=1)
    lost(world)
    world.end(2)
    world.tell()
    world.sweep(60)
    assert world.totals() == Totals(created=3, done=3, failed=2)
    assert tally(world) == Tally(created=3, started=5, done=3, failed=2, retried=2)


def test_right_totals_are_read_once_more_and_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    world, read = Jobs(tasks=250), list[TaskId]()
    world.end(*range(250))
    world.tell()
    get_many = world.tasks.get_many

    def watched(task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        assert not is_consistent, "half the price"
        read.extend(ids := list(task_ids))
        return get_many(ids)

    monkeypatch.setattr(world.tasks, "get_many", watched)
    before = world.totals()
    world.sweep(120)
    assert (world.totals(), len(read), world.recount.at) == (before, 250, None)


def test_what_the_stream_may_still_bring_is_never_counted_twice() -> None:
    world = Jobs()
    world.sweep(60)
    world.end(0, 1, 2)
    late = list(world.tasks.changes)
    for _ in range(int(QUIET / MINUTE) - 1):
        world.sweep()
    world.tell(*late)
    world.sweep(120)
    assert world.totals() == Totals(created=3, done=3)


def test_a_batch_that_is_counted_meanwhile_is_not_lost() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    lost(world)

    class Busy(InMemoryJobStore):
        def keep(self, seen: Recount, then: Recount) -> None:
            if then.totals != seen.totals:
                busy.count(JOB, Totals(created=3), token="meanwhile", again=NOW)
            super().keep(seen, then)

    busy = Busy()
    busy.jobs, busy._recounts = world.jobs.jobs, world.jobs._recounts
    world.jobs = busy
    world.clock.advance(FIRST_LOOK)
    world.scavenger().sweep()
    assert world.totals() == Totals(created=3)
    busy.keep = InMemoryJobStore.keep.__get__(busy)  # type: ignore[method-assign]
    world.sweep()
    assert world.totals() == Totals(created=3, done=3)


@pytest.mark.parametrize(
    "broken_from", [1, 2], ids=["mending the totals", "noting that the labourer's tally has heard"]
)
def test_a_correction_is_added_once_though_the_jobs_row_could_not_be_written_at_first(broken_from: int) -> None:
    class Broken(InMemoryJobStore):
        writes = 0

        def keep(self, seen: Recount, then: Recount) -> None:
            self.writes += 1
            if self.writes >= broken_from:
                raise SoswError("too busy", seen, then)
            super().keep(seen, then)

    world = Jobs()
    world.end(0, 1, 2)
    lost(world)
    broken = Broken()
    broken.jobs, broken._recounts = world.jobs.jobs, world.jobs._recounts
    world.clock.advance(FIRST_LOOK)
    for jobs in (broken, broken, world.jobs, world.jobs):
        world.scavenger(jobs=jobs).sweep()
    assert (world.totals(), tally(world).done) == (Totals(created=3, done=3), 3)
    assert (world.recount.at, world.recount.owed) == (None, Totals())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Tasks that one sweep reads in these tests."""
    monkeypatch.setattr("sosw.recounting.MAX_TASKS", 150)
    return 150


def test_a_long_job_is_counted_over_many_sweeps_a_task_once(few: int) -> None:
    world = Jobs(tasks=2 * few + 1)
    world.end(*range(2 * few + 1))
    lost(world)
    world.sweep_for(FIRST_LOOK)
    numbers = [world.recount.number]
    world.sweep()
    numbers.append(world.recount.number)
    world.sweep()
    assert numbers == [few, 2 * few]
    assert world.totals() == Totals(created=2 * few + 1, done=2 * few + 1)


def test_dead_tasks_replayed_amid_a_long_count_make_it_begin_anew(few: int) -> None:
    world = Jobs(tasks=few + 1)
    world.end(0, dies=True)
    world.end(*range(1, few + 1))
    world.tell()
    lost(world)
    world.sweep_for(FIRST_LOOK)
    assert world.recount.number == few
    world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(JOB, 0)], now=NOW))
    world.end(0)
    world.tell()
    world.sweep(15)
    assert world.totals() == Totals(created=few + 1, done=few + 1, failed=1)
    assert world.recount.at is None


def test_an_open_task_has_its_job_looked_at_later_and_later_but_within_an_hour() -> None:
    world = Jobs()
    world.end(0)
    looks: list[datetime | None] = []
    for _ in range(24 * 60):
        world.sweep()
        if not looks or looks[-1] != world.recount.at:
            looks.append(world.recount.at)
    gaps = [(b - a) for a, b in pairwise(looks) if a and b]
    assert (min(gaps), max(gaps), len(looks) < 40) == (QUIET, LATEST + MINUTE / 2, True)
    assert world.recount.number == 1


def test_a_job_whose_tasks_are_still_written_is_looked_at_later() -> None:
    world = World()
    world.jobs.open(Job(id=JOB, labourer=LABOURER, submitted_at=NOW, held_until=NOW + DAY, body="{}"))
    world.clock.advance(FIRST_LOOK)
    world.scavenger().sweep()
    seen = world.jobs.recount(JOB)
    assert seen is not None
    assert seen.at == NOW + FIRST_LOOK + QUIET


def test_a_job_whose_tasks_have_left_the_table_keeps_its_totals() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    world.tell()
    del world.tasks.tasks[task_id(JOB, 1)]
    world.sweep(60)
    assert (world.totals(), world.recount.at) == (Totals(created=3, done=3), None)


def test_failures_of_which_only_the_last_are_known_take_nothing_from_the_totals() -> None:
    world = Jobs(tasks=1)
    world.end(0, fails=MAX_FAILURES + 5)
    world.tell()
    world.sweep(60)
    assert world.totals() == Totals(created=1, done=1, failed=MAX_FAILURES + 5)


@pytest.mark.parametrize(
    ("ends", "minutes", "found"),
    [((0, 1, 2), 6, Totals(created=3, done=3)), ((0, 1, 2), 1, None), ((0, 1), 6, None)],
    ids=["ended", "a moment ago", "open"],
)
def test_a_job_that_has_ended_is_recounted_at_once_when_asked(
    ends: tuple[int, ...], minutes: int, found: Totals | None
) -> None:
    world = Jobs()
    world.end(*ends)
    lost(world)
    world.clock.advance(minutes * MINUTE)
    recounting = Recounting(
        tasks=world.tasks, jobs=world.jobs, tallies=Tallies(world.records, one_by_one), clock=world.clock
    )
    assert recounting.recount(JOB) == found
    assert recounting.recount(JobId("unknown")) is None
    assert recounting.recount(JOB) == (found and Totals())
    assert world.totals() == (found or Totals())


def test_who_replays_has_the_totals_checked_again() -> None:
    world = Jobs()
    world.end(0, 1, dies=True)
    world.end(2)
    world.tell()
    world.sweep(60)
    world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(JOB, 0)], now=NOW))
    world.end(0)
    world.jobs.count_again(JOB, world.clock.now() + QUIET)
    world.jobs.count_again(JobId("unknown"), NOW)
    world.sweep(10)
    assert world.totals() == Totals(created=3, done=2, failed=2, dead=1)


def test_a_batch_of_reads_is_what_one_call_takes() -> None:
    assert BATCH == 100


@pytest.mark.parametrize("kind", DeadKind)
def test_after_an_order_about_dead_tasks_the_totals_of_their_job_are_checked_anew(kind: DeadKind) -> None:
    world = Jobs(tasks=2)
    world.end(0)
    world.end(1, dies=True)
    world.tell()
    world.sweep_for(STATED)
    assert world.recount.at is None

    dead = world.tasks.tasks[task_id(JOB, 1)]
    order = DeadOrder(kind=kind, labourer=LABOURER, tasks={dead.id: dead.version}, by="ann", why="mended", of="all")
    parts: dict[str, Any] = {"tasks": world.tasks, "jobs": world.jobs, "records": world.records, "clock": world.clock}
    DeadOrders(**parts, settings=EssentialSettings.from_mapping(world.config)).carry_out(order)
    if kind is DeadKind.REPLAY:
        world.end(1)
    lost(world)
    world.sweep_for(STATED)
    ended = Totals(done=1) if kind is DeadKind.REPLAY else Totals(cancelled=1)
    assert world.totals() == Totals(created=2, done=1, failed=1) + ended
