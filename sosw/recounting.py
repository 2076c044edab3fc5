"""Counts the tasks of jobs anew, and mends totals that have drifted: a part of the sweep, in the time that it has left.

A job that is archived is read by the archive once it has ended, and counted by the way: see `begin`. By itself the
recount reads others, and those whose totals keep the archive waiting: 100 tasks a call at half a read unit each. Of a
job it costs a query, some reads and a write besides, each time that it is looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError, StaleJob
from sosw.domain.job import Job, Totals
from sosw.domain.recount import QUIET, Recount, next_look
from sosw.domain.tally import correction
from sosw.domain.task import task_id
from sosw.domain.watch import found as found_unwatched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sosw.domain.task import JobId, Task, TaskId
    from sosw.ports import Clock, JobStore, TaskStore
    from sosw.storage import WatchStore
    from sosw.tallies import Tallies

log = logging.getLogger(__name__)

MAX_JOBS = 100
"""Jobs that one sweep looks at."""
MAX_TASKS = 20_000
"""Tasks that one sweep reads: a job of a million is counted within an hour."""
BATCH = 100
LAST = 10
"""Tasks of a job that are begun last: while some of these are open, it has not ended."""
UNREADABLE = timedelta(hours=1)
"""So long a job is left alone whose row or tasks nobody can make sense of."""


@dataclass
class Reading:
    """Of all tasks of a job, by somebody who reads them for another reason."""

    job: Job
    seen: Recount | None = None
    """As it is kept; None where nothing is to be counted."""
    found: Recount | None = None
    """None where an open task was met, or others have gone on with the count."""

    def saw(self, tasks: Mapping[TaskId, Task], end: int) -> None:
        """The next ones, up to number `end`."""
        found = self.found.with_next(tasks, end) if self.found else None
        self.found = found if found and found.number >= end else None


class Recounting:
    """Whoever counts, and however often: what it writes is what the tasks say, or nothing."""

    def __init__(
        self, *, tasks: TaskStore, jobs: JobStore, tallies: Tallies, clock: Clock, watches: WatchStore | None = None
    ) -> None:
        """`watches`: of the archive, where there is one that tells what it reads."""
        self._tasks, self._jobs, self._tallies, self._clock = tasks, jobs, tallies, clock
        self._watches, self._room = watches, 0
        self._unnoted = ""
        """A debt that was paid and is not noted as such: one at a time, for the tally knows the last few again."""

    def run(self, has_time: Callable[[], bool]) -> int:
        """Go on with jobs whose turn it is, while there is time; how many totals were mended. Raises nothing."""
        self._room, self._unnoted = MAX_TASKS, ""  # it is the first in line
        try:
            due = self._jobs.uncounted(self._clock.now(), MAX_JOBS)
        except SoswError as error:
            log.warning("recount.unread", extra={"why": str(error)})  # the next sweep asks again
            return 0
        mended = 0
        for job_id in due:
            if self._room <= 0 or not has_time():
                break
            mended += self._try(job_id, lambda job_id=job_id: self._go_on(job_id, has_time))  # type: ignore[misc]
        return mended

    def begin(self, job: Job, cursor: int) -> Reading:
        """For who reads all tasks of a job, from this number on, and lets the `Reading` see them: each counts once all
        before it are closed. Raises nothing, nor do `note` and `end`.
        """
        reading = Reading(job)
        self._try(job.id, lambda: self._begin(reading, cursor))
        return reading

    def note(self, reading: Reading) -> None:
        """So far: who goes on with the reading, goes on with the count; the check leaves it alone for a while."""
        seen, found, reading.found = reading.seen, reading.found, None
        if not seen or not found or seen.at is None:
            return
        then = replace(found, at=max(seen.at, self._clock.now() + QUIET))
        if self._try(reading.job.id, lambda: self._is_kept(seen, then)):
            reading.seen = reading.found = then

    def end(self, reading: Reading) -> bool:
        """All were seen; whether totals were mended."""
        job, seen, found = reading.job, reading.seen, reading.found
        if not seen or not found or found.number != job.total:
            return False
        return self._try(job.id, lambda: self._end(job, seen, found, self._clock.now()))

    def recount(self, job_id: JobId) -> Totals | None:
        """Count a job that has ended, now and to the end; its drift, all 0 where its totals were right.

        None where it has not ended, was written to a moment ago, or has lost tasks by their retention. Raises
        `SoswError`, and `StaleJob` when its totals were counted meanwhile.
        """
        seen, job, now = self._jobs.recount(job_id), self._jobs.get(job_id), self._clock.now()
        if seen is None or not seen.may_begin(now) or job is None or job.total is None or job.state.is_open:
            return None
        self._room = job.total
        found = self._counted(seen.begun(), job, now, lambda: True)
        if found.number < job.total or not found.is_settled(now):
            return None
        self._mend(job, seen, found)
        return found.drift

    def _try(self, job_id: JobId, step: Callable[[], bool]) -> bool:
        try:
            return step()
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

    def _begin(self, reading: Reading, cursor: int) -> bool:
        """Whether what it sees counts."""
        job, seen = reading.job, self._jobs.recount(reading.job.id)
        if seen is None or seen.at is None or not seen.may_begin(self._clock.now()):
            return False
        if job.total is None or job.state.is_open or seen.number < cursor:
            return False
        reading.seen, reading.found = seen, seen if cursor else seen.begun()
        return True

    def _is_kept(self, seen: Recount, found: Recount) -> bool:
        self._jobs.keep(seen, found)
        return True

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
        if at := self._left_until(job, seen, now):
            self._jobs.keep(seen, replace(seen, at=at))
            return False
        found = self._counted(seen if seen.number else seen.begun(), job, now, has_time)
        if found.number == job.total:
            return self._end(job, seen, found, now)
        self._jobs.keep(seen, found)
        return False

    def _left_until(self, job: Job, seen: Recount, now: datetime) -> datetime | None:
        """When to look again at a job that the archive reads, now or as soon as it has ended; None for any other."""
        if self._watches is None or seen.number == job.total:
            return None
        watch = self._watches.get(job.id)
        if watch is None:  # it was submitted before there was an archive, or while it was switched off
            watch = found_unwatched(job, now)
            self._watches.watch(watch)
        if watch.due is None or not watch.is_read_soon(now):
            return None
        if watch.begun:
            return now + QUIET
        if seen.number or (job.is_finished and watch.since > job.submitted_at):
            return None  # a count of its own is under way; or the archive has read it before, and met an open task
        if not job.is_finished:
            # Its totals may have missed something: then the archive waits in vain.
            return None if self._seems_over(job) else next_look(job, now)
        if watch.due > now:
            self._watches.save(replace(watch, due=now))
        return now + QUIET

    def _seems_over(self, job: Job) -> bool:
        assert job.total is not None  # noqa: S101  (asked for by whoever calls)
        last = [task_id(job.id, number) for number in range(max(0, job.total - LAST), job.total)]
        self._room -= len(last)
        return all(task.state.is_closed for task in self._tasks.get_many(last, is_consistent=False).values())

    def _end(self, job: Job, seen: Recount, found: Recount, now: datetime) -> bool:
        """Of a job whose tasks are all counted; whether its totals were mended."""
        if not found.is_settled(now):
            self._jobs.keep(seen, replace(found, at=found.settles))
            return False
        if found.is_stale:
            self._jobs.keep(seen, replace(found.begun(), at=now))
            return False
        return self._mend(job, seen, found)

    def _mend(self, job: Job, seen: Recount, found: Recount) -> bool:
        """The job's row first: it keeps what the labourer's tally has yet to hear, however often that is tried."""
        is_paid = found.owed != Totals()
        if is_paid:
            if self._unnoted:
                return False  # the table is busy: the next sweep goes on
            self._unnoted = found.debt
            self._tallies.correct(job.labourer, correction(found.owed), token=found.debt)
            found = found.paid()
        is_right = found.drift == Totals()
        then = replace(found, at=None) if is_right else found.mended(self._clock.now())
        self._jobs.keep(seen, then)
        if is_paid:
            self._unnoted = ""
        if is_right:
            return False
        log.warning("totals.mended", extra={"job_id": job.id, "was": str(seen.totals), "now": str(then.totals)})
        self._mend(job, then, then)
        return True

    def _counted(self, seen: Recount, job: Job, now: datetime, has_time: Callable[[], bool]) -> Recount:
        """As far as its tasks are closed, and there is room and time; `at` says when to go on."""
        assert job.total is not None  # noqa: S101  (asked for by whoever calls)
        found = replace(seen, at=now)
        while found.number < job.total and self._room > 0 and has_time():
            end = min(found.number + min(BATCH, self._room), job.total)
            ids = [task_id(job.id, number) for number in range(found.number, end)]
            tasks = self._tasks.get_many(ids, is_consistent=False)
            self._room -= len(ids)
            found = found.with_next(tasks, end)
            if found.number < end:
                next_one = task_id(job.id, found.number)
                if next_one in tasks:
                    return replace(found, at=next_look(job, now))
                log.info("recount.gone", extra={"job_id": job.id, "task_id": next_one})
                return replace(found, at=None)
        return found
