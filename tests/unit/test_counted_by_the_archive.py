"""One reading serves the archive and the totals; the recount reads by itself where the archive does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw import archivist as archiving
from sosw.domain import lifecycle
from sosw.domain.errors import SoswError
from sosw.domain.job import Totals
from sosw.domain.recount import FIRST_LOOK, QUIET, Recount
from sosw.domain.task import JobId, task_id
from sosw.domain.watch import LATE, Watch
from sosw.recounting import LAST
from sosw.storage import ObjectsFailed
from sosw.testing import InMemoryJobStore, InMemoryObjects
from tests.factories import DAY, JOB, NOW
from tests.unit.archiving import archived
from tests.unit.recounted import MINUTE, lost
from tests.unit.recounted_by_archive import Archived, is_over
from tests.unit.test_recounting import STATED


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> int:
    """Tasks that the archive reads at a time, and writes at once."""
    monkeypatch.setattr(archiving, "READ_AT_ONCE", 2)
    monkeypatch.setattr(archiving, "MOST_LINES", 2)
    return 2


def test_each_task_is_read_once_for_both() -> None:
    world = Archived(250)
    world.end(*range(250))
    world.tell()
    world.sweep_for(DAY)
    assert (is_over(world), world.read.number) == (True, 250)


def test_what_drifted_is_mended_by_the_reading_of_the_archive_and_counted_as_such() -> None:
    world = Archived()
    lost(world)
    world.end(0, 1, fails=1)
    world.end(2)
    world.tell()
    world.clock.advance(FIRST_LOOK)
    scavenger = world.scavenger(archivist=world.archivist())
    scavenger.sweep()
    assert (scavenger.stats["totals_mended"], world.totals().created, world.recount.at) == (1, 3, None)
    assert world.read.number == 3


def test_tasks_that_closed_a_moment_ago_are_counted_at_once_and_told_when_the_stream_has_told_of_them() -> None:
    world = Archived()
    lost(world)
    world.sweep_for(FIRST_LOOK - MINUTE)
    before = world.read.number
    world.end(0, 1, 2)
    world.tell()
    world.sweep()
    assert (sum(archived(world).values()), world.totals().created) == (3, 0)
    world.sweep_for(QUIET)
    assert (is_over(world), world.read.number - before) == (True, 3)


def test_a_batch_lost_amid_a_job_is_mended_within_the_stated_time_and_the_job_archived() -> None:
    world = Archived()
    world.tell()
    world.sweep_for(timedelta(hours=9))
    world.end(0, 1)
    lost(world)
    world.end(2)
    world.tell()
    world.sweep_for(STATED)
    assert world.totals() == Totals(created=3, done=3)
    world.sweep_for(timedelta(hours=5))
    assert is_over(world)


def test_a_long_job_that_has_ended_is_archived_when_its_totals_are_checked_not_half_its_length_later() -> None:
    world = Archived(200)
    world.tell()
    world.sweep_for(timedelta(hours=9))
    before = world.read.number
    world.end(*range(200))
    world.tell(*world.tasks.changes[200:])
    world.sweep_for(STATED)
    assert (is_over(world), world.read.number - before) == (True, 200)


def test_of_a_job_that_goes_on_the_last_tasks_alone_are_looked_at() -> None:
    world = Archived(500)
    world.end(*range(499))
    world.tell()
    world.sweep_for(DAY)
    assert 20 * LAST < world.read.number < 40 * LAST
    assert archived(world) == {}


def test_a_job_whose_archive_stands_still_is_counted_all_the_same(steps: int) -> None:
    class Broken(InMemoryObjects):
        def put(self, key: str, body: bytes, *, kind: str) -> None:
            del body, kind
            raise ObjectsFailed(self.bucket, key, "AccessDenied")

    world = Archived(2 * steps)
    lost(world)
    world.objects = Broken()
    world.end(*range(2 * steps))
    world.tell()
    world.sweep_for(FIRST_LOOK + LATE - MINUTE)
    assert world.totals() == Totals(done=4)
    world.sweep_for(2 * QUIET)
    assert world.totals() == Totals(created=4, done=4)


def read_a_step(world: Archived) -> None:
    """The archive has time for one."""
    times = iter([True])
    world.archivist().run(lambda: next(times, False))
    world.clock.advance(MINUTE)


def test_a_reading_that_several_sweeps_share_is_counted_by_all_of_them(steps: int) -> None:
    world = Archived(3 * steps)
    lost(world)
    world.end(*range(3 * steps))
    world.tell()
    world.clock.advance(FIRST_LOOK)
    for step in (1, 2):
        read_a_step(world)
        assert (world.recount.number, world.watched.cursor) == (step * steps, step * steps)
    world.sweep()
    assert (is_over(world), world.read.number) == (True, 3 * steps)


def test_while_the_archive_reads_a_job_nobody_else_does_nor_takes_its_count_from_it(steps: int) -> None:
    world = Archived(3 * steps)
    world.end(*range(3 * steps))
    world.tell()
    world.clock.advance(FIRST_LOOK)
    other, looks = world.archivist().recounting, list[Watch]()

    def has_time() -> bool:
        looks.append(world.watched)
        if looks[-1].begun:
            other.run(lambda: True)
        return world.watched == looks[-1]

    world.archivist().run(has_time)
    assert len([look for look in looks if look.begun]) > 1
    assert (is_over(world), world.read.number) == (True, 3 * steps)


def test_a_job_that_the_archive_has_no_time_for_is_counted_when_it_is_late() -> None:
    world = Archived()
    lost(world)
    world.end(0, 1, 2)
    world.tell()
    for minute in range(int((FIRST_LOOK + LATE + QUIET) / MINUTE)):
        assert world.totals() == Totals(done=3) or minute * MINUTE >= LATE
        world.clock.advance(MINUTE)
        world.archivist().recounting.run(lambda: True)
    assert world.totals() == Totals(created=3, done=3)


def test_what_is_read_while_dead_tasks_are_moved_does_not_count(steps: int) -> None:
    world = Archived(2 * steps)
    world.end(0, dies=True)
    world.end(*range(1, 2 * steps))
    world.tell()
    world.clock.advance(FIRST_LOOK)
    read_a_step(world)
    world.jobs.count_again(JOB, world.clock.now() + QUIET)
    read_a_step(world)
    world.archivist().run(lambda: True)
    assert (world.recount.number, world.recount.at) == (0, world.clock.now() - 1 * MINUTE + QUIET)
    world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(JOB, 0)], now=world.clock.now()))
    world.end(0)
    world.sweep_for(STATED)
    assert world.totals() == Totals(created=4, done=4, failed=1)


def test_what_is_read_from_an_order_about_dead_tasks_until_its_count_may_begin_does_not_count() -> None:
    world = Archived()
    world.end(0, dies=True)
    world.end(1, 2)
    world.tell()
    world.clock.advance(FIRST_LOOK)
    recounting, job = world.archivist().recounting, world.jobs.jobs[JOB]
    world.jobs.count_again(JOB, world.clock.now() + QUIET)
    assert recounting.begin(job, 0).seen is None
    assert recounting.recount(JOB) is None
    world.clock.advance(QUIET)
    assert recounting.begin(job, 0).seen == world.recount
    assert recounting.recount(JOB) == Totals()


def test_what_others_counted_meanwhile_is_not_counted_over(steps: int) -> None:
    world = Archived(2 * steps)
    world.end(*range(2 * steps))
    world.tell()
    world.clock.advance(FIRST_LOOK)
    recounting = world.archivist().recounting
    reading = recounting.begin(world.jobs.jobs[JOB], 0)
    reading.saw(world.tasks.tasks, steps)
    world.jobs.count_again(JOB, world.clock.now() + QUIET)
    recounting.note(reading)
    reading.saw(world.tasks.tasks, 2 * steps)
    recounting.note(reading)
    assert (recounting.end(reading), world.recount.number) == (False, 0)


def test_totals_that_say_too_much_do_not_have_the_archive_read_the_job_again_and_again() -> None:
    world = Archived(300)
    world.end(*range(1, 300))
    world.tell()
    world.jobs.count(JOB, Totals(done=1), token="twice", again=NOW)
    world.sweep_for(FIRST_LOOK)
    assert (world.read.number, world.watched.is_read) == (300 + 100, False)
    looks, due = 12, world.watched.due
    for _ in range(looks):
        world.clock.advance(timedelta(hours=1))
        world.archivist().recounting.run(lambda: True)
    assert (world.read.number, world.watched.due) == (400 + looks * 100, due)
    world.end(0)
    world.tell(*world.tasks.changes[-2:])
    world.sweep_for(STATED)
    assert world.totals() == Totals(created=300, done=300)


def test_a_job_with_dead_tasks_is_counted_by_the_archive_and_after_a_replay_by_the_recount() -> None:
    world = Archived()
    world.end(0, dies=True)
    world.end(1, 2)
    lost(world)
    world.sweep_for(STATED)
    assert (world.totals(), world.recount.at) == (Totals(created=3, done=2, dead=1, failed=1), None)
    world.jobs.count_again(JOB, world.clock.now() + QUIET)
    world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(JOB, 0)], now=world.clock.now()))
    world.end(0)
    lost(world)
    world.sweep_for(STATED)
    assert (world.totals(), world.recount.at) == (Totals(created=3, done=3, failed=1), None)


def test_totals_that_cannot_be_read_or_written_hold_up_no_archive() -> None:
    class Broken(InMemoryJobStore):
        def recount(self, job_id: JobId) -> Recount | None:
            raise SoswError("too busy", job_id)

    world, broken = Archived(), Broken()
    world.end(0, 1, 2)
    world.tell()
    broken.jobs, broken._recounts = world.jobs.jobs, world.jobs._recounts
    world.clock.advance(FIRST_LOOK)
    assert world.archivist(jobs=broken).run(lambda: True) == {"archived": 3, "objects": 1}


@pytest.mark.parametrize("number", [JobId("unknown"), JOB])
def test_what_needs_no_count_is_not_counted(number: JobId) -> None:
    world = Archived()
    world.end(0, 1, 2)
    world.tell()
    world.sweep_for(FIRST_LOOK)
    recounting, job = world.archivist().recounting, world.jobs.jobs[JOB]
    reading = recounting.begin(replace(job, id=number), 0)
    reading.saw(world.tasks.tasks, 3)
    assert not recounting.end(reading)
    assert reading.seen is None
