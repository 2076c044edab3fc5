"""When the archive looks at a job, and when it has seen enough of it.

A task closes after its job was submitted, and leaves the table a retention later. So whoever reads all tasks of a job
at least every half of a retention, and archives those that have closed since the last reading began, misses none; the
other half is there for what may go wrong. The totals, which may be late or wrong, only bring a reading forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sosw.domain.recount import FIRST_LOOK
from sosw.domain.task import TaskState

if TYPE_CHECKING:
    from sosw.domain.job import Job
    from sosw.domain.task import JobId, LabourerName, Task

LONGEST = timedelta(hours=12)
"""Between two looks: half of the shortest retention that can be set, which may be set at any moment."""
HOLD = timedelta(minutes=5)
"""So long one Scavenger is at it, from step to step; one that died is replaced then."""
SKEW = timedelta(minutes=10)
"""How far clocks, and what a cheap read shows, may be behind: what closed so shortly before is wanted again."""
LATE = timedelta(hours=1)
"""Where a look is so much behind its moment, or a reading takes so long, the archive does not keep up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the archive knows of one job."""

    job_id: JobId
    labourer: LabourerName
    due: datetime | None
    """When to look at it again; None when nothing of it can close any more."""
    since: datetime
    """All that closed before is archived."""
    read_by: datetime
    """Half of the shortest retention that was met since then: by then its tasks must be read, whatever totals say."""
    begun: datetime | None = None
    """When the reading began that is under way."""
    cursor: int = 0
    """Tasks that this reading has gone through."""
    met_open: bool = False
    """Some of those wait or run."""
    met_dead: bool = False
    """Some of those are dead: they may be replayed, and close once more."""
    is_read: bool = False
    """The last reading met no open task: the totals need not be asked any more."""
    dates: tuple[str, ...] = ()
    """Of the archive's partitions that have lines of it: `2026-01-31`, in order."""
    bucket: str = ""
    """That has these lines."""
    version: int = 0

    def under(self, retention: timedelta) -> Watch:
        """With this retention in force, too."""
        return replace(self, read_by=min(self.read_by, self.since + retention / 2))

    def wants(self, task: Task) -> bool:
        """Whether the task has closed since the last reading."""
        return task.state.is_closed and (task.closed_at or task.greenfield) >= self.since - SKEW

    def saw(self, task: Task) -> Watch:
        """After this task."""
        if not task.state.is_closed:
            return self if self.met_open else replace(self, met_open=True)
        return replace(self, met_dead=True) if task.state is TaskState.DEAD and not self.met_dead else self

    def is_read_soon(self, now: datetime) -> bool:
        """Whether its tasks are read as soon as all are closed: the archive keeps up with it."""
        return self.due is not None and now < self.due + LATE and (self.begun is None or now < self.begun + LATE)

    def dated(self, dates: set[str]) -> Watch:
        """With these partitions besides."""
        return replace(self, dates=tuple(sorted({*self.dates, *dates})))


def first(job: Job, retention: timedelta) -> Watch:
    """Of a job none of whose tasks is written yet."""
    due, since = job.submitted_at + FIRST_LOOK, job.submitted_at
    return Watch(job_id=job.id, labourer=job.labourer, due=due, since=since, read_by=since + retention / 2)


def found(job: Job, now: datetime) -> Watch:
    """Of a job that nobody has watched so far: it is read at once, for its first tasks may leave soon."""
    return replace(first(job, timedelta()), due=now)


def held(watch: Watch, now: datetime) -> Watch:
    """For who reads it now."""
    return replace(watch, due=now + HOLD, begun=watch.begun or now)


def later(watch: Watch, job: Job, now: datetime) -> Watch:
    """To be looked at later: soon while the job is young, and in time for those that close from now on."""
    wait = min(max(FIRST_LOOK, (now - job.submitted_at) / 2), LONGEST)
    return replace(watch, due=min(now + wait, max(now + FIRST_LOOK, watch.read_by)))


def ended(watch: Watch) -> Watch:
    """Not to be looked at any more."""
    return replace(watch, due=None, begun=None, cursor=0)


def read(watch: Watch, job: Job, now: datetime, retention: timedelta) -> Watch:
    """All of its tasks were read, and archived where they have closed."""
    since = watch.begun or watch.since
    done = replace(
        watch,
        since=since,
        read_by=since + retention / 2,
        begun=None,
        cursor=0,
        met_open=False,
        met_dead=False,
        is_read=not watch.met_open,
    )
    is_whole = job.total is not None and not job.state.is_open
    if is_whole and not watch.met_open and not watch.met_dead:
        return ended(done)
    return later(done, job, now)
