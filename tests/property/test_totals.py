"""Whatever becomes of the stream and of sweeps: when all is quiet, the totals, the tally and the archive are whole.

SOSW_STORIES=20000 pytest tests/property/test_totals.py     a longer search, from the same first seeds
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sosw import archivist, recounting
from sosw.domain import recount, watch
from sosw.domain.job import Job, Totals
from sosw.domain.recount import Recount
from sosw.domain.tally import Counted
from sosw.domain.task import JobId
from sosw.domain.watch import Watch
from sosw.testing import InMemoryJobStore
from tests.factories import DAY
from tests.property.totals_story import Story

STORIES = int(os.environ.get("SOSW_STORIES", "60"))
MUTANT_STORIES = 400
"""So many a planted bug may survive."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a job of some tasks is read in several steps."""
    monkeypatch.setattr(archivist, "READ_AT_ONCE", 2)
    monkeypatch.setattr(archivist, "MOST_LINES", 3)
    monkeypatch.setattr(recounting, "BATCH", 3)
    monkeypatch.setattr(recounting, "LAST", 2)


@pytest.mark.parametrize("part", range(3))
def test_totals_tally_and_archive_are_whole_in_the_end(part: int) -> None:
    for seed in range(part, STORIES, 3):
        assert (seed, Story(seed).play()) == (seed, {})


def a_late_batch_has_nothing_checked(patch: pytest.MonkeyPatch) -> None:
    careful = InMemoryJobStore.count

    def count(self: InMemoryJobStore, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        before = self.recount(job_id)
        careful(self, job_id, totals, token=token, again=again)
        if before and before.at is None:
            self._recounts[job_id] = replace(self._recounts[job_id], at=None)

    patch.setattr(InMemoryJobStore, "count", count)


def a_replayed_task_stays_counted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(InMemoryJobStore, "count_again", lambda _self, _job_id, _at: None)
    patch.setattr(Recount, "is_stale", False)


def a_debt_is_paid_as_often_as_it_is_tried(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Counted, "with_correction", lambda self, added, _token: replace(self, tally=self.tally + added))


def a_count_goes_on_over_an_open_task(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recount, "_is_closed", lambda task: task is not None)


def a_task_that_closed_amid_a_reading_is_not_wanted(patch: pytest.MonkeyPatch) -> None:
    careful = watch.read

    def read(old: Watch, job: Job, now: datetime, retention: timedelta) -> Watch:
        return replace(careful(old, job, now, retention), since=now + DAY)

    patch.setattr(watch, "read", read)


@pytest.mark.parametrize(
    "plant",
    [
        a_late_batch_has_nothing_checked,
        a_replayed_task_stays_counted,
        a_debt_is_paid_as_often_as_it_is_tried,
        a_count_goes_on_over_an_open_task,
        a_task_that_closed_amid_a_reading_is_not_wanted,
    ],
)
def test_a_planted_bug_is_found(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(Story(seed).play() for seed in range(MUTANT_STORIES))
