"""A batch that the row of a job does not take is not counted for its labourer either: the check adds it to both."""

from __future__ import annotations

from datetime import datetime

import pytest

from sosw.domain.errors import SoswError
from sosw.domain.job import Totals
from sosw.domain.task import JobId
from sosw.testing import InMemoryJobStore
from tests.factories import JOB
from tests.unit.recounted import Jobs
from tests.unit.test_recounting import STATED
from tests.unit.test_tallies import tally


class Busy(InMemoryJobStore):
    """Its rows take no batch, or take it and do not say so."""

    is_lost, is_unread = False, False

    def count(self, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        if self.is_lost:
            super().count(job_id, totals, token=token, again=again)
        raise SoswError("busy", job_id)

    def recount(self, job_id: JobId) -> None:
        if self.is_unread:
            raise SoswError("busy", job_id)
        return super().recount(job_id)  # type: ignore[return-value]


def told_to(world: Jobs, *, is_lost: bool, is_unread: bool) -> None:
    """The stream brings what has happened, while the table is busy."""
    busy = Busy()
    busy.__dict__.update(world.jobs.__dict__)
    busy.is_lost, busy.is_unread = is_lost, is_unread
    world.scavenger(jobs=busy).pass_on(world.tasks.changes, token="batch")


@pytest.mark.parametrize("is_unread", [False, True])
def test_what_the_job_misses_is_added_to_both_and_to_none_twice(*, is_unread: bool) -> None:
    world = Jobs()
    world.end(0, 1, 2, fails=1)
    told_to(world, is_lost=False, is_unread=is_unread)
    assert (world.totals(), tally(world).created) == (Totals(), 0)
    world.sweep_for(STATED)
    told = tally(world)
    assert world.totals() == Totals(created=3, done=3, failed=3)
    assert (told.created, told.done, told.failed, told.started, told.retried) == (3, 3, 3, 6, 3)


def test_what_the_job_has_counted_without_saying_so_is_counted_for_its_labourer() -> None:
    world = Jobs()
    world.end(0, 1, 2)
    told_to(world, is_lost=True, is_unread=False)
    world.sweep_for(STATED)
    assert (world.totals(), tally(world).done, world.jobs.jobs[JOB].totals.done) == (Totals(created=3, done=3), 3, 3)
