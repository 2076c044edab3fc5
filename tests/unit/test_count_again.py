"""An order to count a job again, and a count of it that is under way, in the same millisecond."""

from __future__ import annotations

from sosw.domain import lifecycle
from sosw.domain.job import Totals
from sosw.domain.recount import FIRST_LOOK, QUIET
from sosw.domain.task import task_id
from tests.factories import JOB
from tests.unit.recounted import lost
from tests.unit.recounted_by_archive import Archived
from tests.unit.test_recounting import STATED


def test_an_order_in_the_very_millisecond_in_which_a_reading_is_noted_is_not_written_over() -> None:
    world = Archived(4)
    world.end(0, dies=True)
    world.end(1, 2, 3)
    world.tell()
    world.clock.advance(FIRST_LOOK)
    recounting = world.archivist().recounting
    reading = recounting.begin(world.jobs.jobs[JOB], 0)
    reading.saw(world.tasks.tasks, 4)
    recounting.note(reading)
    world.jobs.count_again(JOB, world.clock.now() + QUIET)
    recounting.end(reading)
    assert (world.recount.number, world.recount.begins) == (0, world.clock.now() + QUIET)
    world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(JOB, 0)], now=world.clock.now()))
    world.end(0)
    lost(world)
    world.sweep_for(STATED)
    assert world.totals() == Totals(created=4, done=4, failed=1)
