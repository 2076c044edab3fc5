"""How far the check of a job's totals is, as it is kept."""

from __future__ import annotations

from sosw.domain.job import Totals
from sosw.domain.recount import Recount, progress_of
from tests.factories import DAY, JOB, NOW


def test_what_is_kept_of_a_recount_comes_back_and_nothing_kept_is_nothing_counted() -> None:
    seen = Recount(
        job_id=JOB,
        at=None,
        number=7,
        found=Totals(created=7, failed=3, done=7),
        is_cut=True,
        since="b",
        settles=NOW,
        begins=NOW + DAY,
        owed=Totals(done=-1),
        debt="d",
    )
    assert Recount(job_id=JOB, at=None, **progress_of(seen.progress())) == seen
    assert progress_of({}) == {}
