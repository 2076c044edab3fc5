"""Jobs that were submitted before there was an archive, or while it was switched off: they are archived, too."""

from __future__ import annotations

import pytest

from sosw.domain.job import Totals
from tests.factories import DAY, JOB
from tests.unit.archiving import archived
from tests.unit.recounted import MINUTE, lost
from tests.unit.recounted_by_archive import Archived, is_over
from tests.unit.test_recounting import STATED


def unwatched() -> Archived:
    """One of its tasks has ended twenty days ago; then the archive is deployed."""
    world = Archived()
    del world.watches.watches[JOB]
    world.end(0)
    world.tell()
    world.clock.advance(20 * DAY)
    return world


def test_what_has_ended_of_an_open_job_is_archived_with_the_first_sweeps(caplog: pytest.LogCaptureFixture) -> None:
    world = unwatched()
    world.sweep(2)
    assert (sum(archived(world).values()), world.watched.is_read) == (1, False)
    assert "archive.late" not in caplog.messages


def test_what_ends_later_is_archived_and_counted_as_of_any_other_job() -> None:
    world = unwatched()
    world.sweep(30)
    lost(world)
    world.end(1)
    lost(world)
    world.end(2)
    world.tell()
    world.sweep_for(STATED)
    assert world.totals() == Totals(created=3, done=3)
    world.sweep_for(DAY)
    assert is_over(world)


def test_a_job_whose_check_was_under_way_is_archived_when_it_is_whole() -> None:
    world = unwatched()
    world.end(1, 2)
    lost(world)
    world.sweep_for(STATED)
    assert (is_over(world), world.totals()) == (True, Totals(created=3, done=3))


def test_while_the_archive_is_switched_off_no_job_is_watched() -> None:
    world = unwatched()
    for _ in range(30):
        world.clock.advance(MINUTE)
        world.scavenger().sweep()
    assert (archived(world), world.watches.watches) == ({}, {})
