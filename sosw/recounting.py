"""Counts the tasks of jobs anew, and mends totals that have drifted: a part of the sweep, in the time that it has left.

What it costs: a query a minute; for each job, once it has ended, four reads and a write besides its tasks, which are
read 100 a call at half a read unit each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError, StaleJob
from sosw.domain.job import Job, Totals
from sosw.domain.recount import QUIET, Recount, is_closed_for_good, next_look
from sosw.domain.tally import correction
from sosw.domain.task import task_id

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.task import JobId
    from sosw.ports import Clock, JobStore, TaskStore
    from sosw.tallies import Tallies

log = logging.getLogger(__name__)

MAX_JOBS = 100
"""Jobs that one sweep looks at."""
MAX_TASKS = 5_000
"""Tasks that one sweep reads: a job of a million is counted within four hours."""
BATCH = 100
UNREADABLE = timedelta(hours=1)
"""So long a job is left alone whose row or tasks nobody can make sense of."""


class Recounting:
    """Whoever counts, and however often: what it writes is what the tasks say, or nothing."""

    def __init__(self, *, tasks: TaskStore, jobs: JobStore, tallies: Tallies, clock: Clock) -> None:
        self._tasks, self._jobs, self._tallies, self._clock = tasks, jobs, tallies, clock
        self._room = 0

    def run(self, has_time: Callable[[], bool]) -> int:
        """Go on with jobs whose turn it is, while there is time; how many totals were mended. Raises nothing."""
        self._room = MAX_TASKS
        try:
            due = self._jobs.uncounted(self._clock.now(), MAX_JOBS)
        except SoswError as error:
            log.warning("recount.unread", extra={"why": str(error)})  # the next sweep asks again
            return 0
        mended = 0
        for job_id in due:
            if not self._room or not has_time():
                break
            mended += self._try(job_id, has_time)
        return mended

    def recount(self, job_id: JobId) -> Totals | None:
        """Count a job that has ended, now and to the end; its drift, all 0 where its totals were right.

        None where it has not ended, was written to a moment ago, or has lost tasks by their retention. Raises
        `SoswError`, and `StaleJob` when its totals were counted meanwhile.
        """
        seen, job = self._jobs.recount(job_id), self._jobs.get(job_id)
        if seen is None or job is None or job.total is None or job.state.is_open:
            return None
        self._room = job.total
        found = self._counted(seen.begun(), job, self._clock.now(), lambda: True)
        if found.number < job.total:
            return None
        self._mend(job, seen, found)
        return found.drift

    def _try(self, job_id: JobId, has_time: Callable[[], bool]) -> bool:
        try:
            return self._go_on(job_id, has_time)
        except StaleJob:
            return False  # the stream has brought news meanwhile: the next sweep begins with those
        except SoswError as error:
            log.warning("recount.failed", extra={"job_id": job_id, "why": str(error)})  # the next sweep tries again
            return False
        except Exception:
            # A row that cannot be understood must not hold up the others, today or ever.
            log.exception("recount.unreadable", extra={"job_id": job_id})
            self._put_off(job_id)
            return False

    def _put_off(self, job_id: JobId) -> None:
        try:
            self._jobs.count_again(job_id, self._clock.now() + UNREADABLE)
        except SoswError as error:
            log.warning("recount.failed", extra={"job_id": job_id, "why": str(error)})  # the next sweep puts it off

    def _go_on(self, job_id: JobId, has_time: Callable[[], bool]) -> bool:
        """Whether its totals were mended."""
        now = self._clock.now()
        seen, job = self._jobs.recount(job_id), self._jobs.get(job_id)
        if seen is None or seen.at is None:
            return False  # somebody else has ended it
        if job is None:
            self._jobs.keep(seen, replace(seen, at=None))
            return False
        if job.total is None or job.state.is_open:
            self._jobs.keep(seen, replace(seen, at=next_look(job, now)))
            return False
        found = self._counted(seen if seen.number else seen.begun(), job, now, has_time)
        if found.number == job.total:
            return self._end(job, seen, found, now)
        self._jobs.keep(seen, found)
        return False

    def _end(self, job: Job, seen: Recount, found: Recount, now: datetime) -> bool:
        if found.is_stale:
            self._jobs.keep(seen, replace(found.begun(), at=now))
            return False
        return self._mend(job, seen, found)

    def _mend(self, job: Job, seen: Recount, found: Recount) -> bool:
        """The labourer's tally first: it knows the correction again, should the job's row not be written."""
        drift = found.drift
        if drift != Totals():
            self._tallies.correct(job.labourer, correction(drift), token=f"{job.id} {found.right}")
            log.warning("totals.mended", extra={"job_id": job.id, "was": str(seen.totals), "now": str(found.right)})
        self._jobs.keep(seen, replace(found, at=None, totals=found.right))
        return drift != Totals()

    def _counted(self, seen: Recount, job: Job, now: datetime, has_time: Callable[[], bool]) -> Recount:
        """As far as its tasks are closed for good, and there is room and time; `at` says when to go on."""
        assert job.total is not None  # noqa: S101  (asked for by whoever calls)
        found = replace(seen, at=now)
        while found.number < job.total and self._room and has_time():
            size = min(BATCH, self._room, job.total - found.number)
            ids = [task_id(job.id, number) for number in range(found.number, found.number + size)]
            tasks = self._tasks.get_many(ids, is_consistent=False)
            self._room -= size
            for each in ids:
                task = tasks.get(each)
                if task is None:
                    log.info("recount.gone", extra={"job_id": job.id, "task_id": each})
                    return replace(found, at=None)
                if not is_closed_for_good(task, now):
                    return replace(found, at=now + QUIET if task.state.is_closed else next_look(job, now))
                found = found.with_closed([task])
        return found
