"""Batches of the stream that are counted when the totals were found right, or are just being found so."""

from __future__ import annotations

from sosw.domain.job import Totals
from sosw.domain.recount import FIRST_LOOK, QUIET, Recount
from sosw.testing import InMemoryJobStore
from tests.factories import JOB, NOW
from tests.unit.recounted import Jobs
from tests.unit.test_tallies import tally


def test_a_batch_that_is_counted_long_after_the_totals_were_right_spoils_them_for_some_minutes_at_most() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    late = list(world.tasks.changes)
    world.sweep(60)
    assert (world.totals(), world.recount.at) == (Totals(created=3, done=3), None)
    world.tell(*late)
    assert world.totals() == Totals(created=6, done=6)
    world.sweep_for(FIRST_LOOK)
    assert (world.totals(), world.recount.at) == (Totals(created=3, done=3), None)


def test_a_batch_that_is_counted_while_right_totals_are_checked_is_mended_by_the_next_check() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    world.tell()

    class Busy(InMemoryJobStore):
        def keep(self, seen: Recount, then: Recount) -> None:
            busy.count(JOB, Totals(done=1), token="meanwhile", again=NOW)
            super().keep(seen, then)

    busy = Busy()
    busy.jobs, busy._recounts, busy._counted = world.jobs.jobs, world.jobs._recounts, world.jobs._counted
    world.clock.advance(FIRST_LOOK)
    world.scavenger(jobs=busy).sweep()
    assert world.totals() == Totals(created=3, done=4)
    world.sweep()
    assert (world.totals(), world.recount.at) == (Totals(created=3, done=3), None)


def test_what_a_late_batch_adds_to_the_labourers_tally_is_taken_off_again() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    late = list(world.tasks.changes)
    world.sweep(60)
    world.tell(*late)
    assert (world.totals().done, tally(world).done) == (6, 6)
    world.sweep_for(QUIET)
    assert (world.totals().done, tally(world).done) == (3, 3)


def test_a_batch_that_comes_while_the_tally_is_told_is_taken_off_again() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    late = list(world.tasks.changes)

    class Busy(InMemoryJobStore):
        def keep(self, seen: Recount, then: Recount) -> None:
            if then.at is None:
                world.tell(*late)
            super().keep(seen, then)

    busy = Busy()
    busy.jobs, busy._recounts = world.jobs.jobs, world.jobs._recounts
    world.clock.advance(FIRST_LOOK)
    world.scavenger(jobs=busy).sweep()
    assert (world.totals().done, tally(world).done, world.recount.owed.done) == (6, 6, 3)
    world.sweep()
    assert (world.totals().done, tally(world).done, world.recount.at) == (3, 3, None)
