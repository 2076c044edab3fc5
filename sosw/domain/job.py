"""A job as it is remembered: one row of the jobs table, and the moves that change it.

    creating ──► ready, failed            creating, ready, failed, cancelled ──► cancelling ──► cancelled

While a job is being created or cancelled, one Scheduler at a time is at it: it holds the job until `held_until`, and
renews that with every step that it notes. One that died is replaced when its hold is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import StaleJob
from sosw.domain.task import PRIORITY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sosw.domain.task import JobId, LabourerName


class JobState(str, Enum):
    """CREATING while its tasks are being written, READY once all are; CANCELLING while they are being cancelled."""

    CREATING = "creating"
    READY = "ready"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """The rest of its tasks can never be written: what it reads is another by now. Those written are done."""

    @property
    def is_open(self) -> bool:
        """A Scheduler has work to do on it."""
        return self in {JobState.CREATING, JobState.CANCELLING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What became of a job's tasks so far, for people: counted from the stream, a moment late."""

    created: int = 0
    done: int = 0
    failed: int = 0
    """Failed attempts."""
    dead: int = 0
    cancelled: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(**{name: getattr(self, name) + getattr(other, name) for name in _COUNTS})

    @property
    def closed(self) -> int:
        """Tasks of which nothing more is to come."""
        return self.done + self.dead + self.cancelled


_COUNTS = ("created", "done", "failed", "dead", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Delivered twice it is one job."""

    id: JobId
    labourer: LabourerName
    submitted_at: datetime
    """Also the moment from which its period counts, however late its tasks are written."""
    body: str
    """What was asked for, as JSON: the same id with another body is refused."""
    submitted_by: str = ""
    """Who asked: an ARN of a rule, a user's name; empty where nobody said."""
    source_event: Mapping[str, str] | None = None
    """Of EventBridge: `arn` of the rule or the schedule, `id` and `time` of the event, as far as they were given."""
    source_pin: str | None = None
    """What its source was when it was submitted: whoever goes on with it reads the same, or nothing."""
    skipped_lines: int = 0
    """Bad lines of its source that were left out."""
    priority: int = PRIORITY
    planned: int = 0
    """Tasks that it makes, as counted when it was submitted."""
    tag: int | None = None
    """Virtual start tag of its first task (`sosw.domain.fairness`), once noted: it is gone on with from there."""
    not_before: datetime | None = None
    """None of its tasks is due before."""
    state: JobState = JobState.CREATING
    cursor: int = 0
    """Tasks that are known to be written."""
    swept: int = 0
    """Tasks that cancelling has gone through."""
    held_until: datetime | None = None
    """Until then a Scheduler is at it. None once there is nothing to do."""
    total: int | None = None
    """Number of its tasks, once all are written."""
    totals: Totals = field(default_factory=Totals)
    waits_why: str | None = None
    """Why nobody is at it, though it is held: it cannot go on for now, and is left alone until its hold is over."""
    failed_why: str | None = None
    cancelled_by: str | None = None
    cancelled_why: str | None = None

    @property
    def is_finished(self) -> bool:
        """Nothing of it waits or runs any more, by the totals."""
        return self.total is not None and self.totals.closed >= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMove:
    """One conditional write on a job."""

    move: str
    job_id: JobId
    states: tuple[JobState, ...]
    """The job must be in one of these."""
    held_until: datetime | None = None
    """The job must be held until this very moment: the mover's own hold."""
    free_by: datetime | None = None
    """The hold must be over by then."""
    changes: Mapping[str, Any]
    """Fields of `Job`; None clears one."""

    def expects(self, job: Job) -> bool:
        """Whether `job` is as this move wants it."""
        return (
            job.state in self.states
            and self.held_until in {None, job.held_until}
            and (self.free_by is None or (job.held_until is not None and job.held_until <= self.free_by))
        )


def apply(move: JobMove, job: Job | None) -> Job:
    """The job after the move; raises `StaleJob` when it is not as expected, or not there."""
    if job is None or not move.expects(job):
        raise StaleJob(move.job_id, move.move, job)
    return replace(job, **move.changes)


_OPEN = (JobState.CREATING, JobState.CANCELLING)


def hold(job: Job, *, now: datetime, until: datetime) -> JobMove:
    """Be the one Scheduler that is at it; refused while another one is."""
    changes = {"held_until": until, "waits_why": None}
    return JobMove(move="hold", job_id=job.id, states=_OPEN, free_by=now, changes=changes)


def note(job: Job, *, until: datetime, **come: int | None) -> JobMove:
    """Remember how far its holder has come, as `cursor` (and `tag`) or `swept`; `until` of now lets go of it."""
    changes = {**come, "held_until": until}
    return JobMove(move="note", job_id=job.id, states=(job.state,), held_until=job.held_until, changes=changes)


def wait(job: Job, *, cursor: int, tag: int | None, until: datetime, why: str) -> JobMove:
    """It cannot go on for now: its holder lets go of it, and nobody is to try before `until`."""
    changes = {"cursor": cursor, "tag": tag, "held_until": until, "waits_why": why}
    states = (JobState.CREATING,)
    return JobMove(move="wait", job_id=job.id, states=states, held_until=job.held_until, changes=changes)


def ready(job: Job, *, total: int) -> JobMove:
    """All of its tasks are written."""
    changes = {"state": JobState.READY, "cursor": total, "total": total, "held_until": None}
    states = (JobState.CREATING,)
    return JobMove(move="ready", job_id=job.id, states=states, held_until=job.held_until, changes=changes)


def fail(job: Job, *, total: int, why: str) -> JobMove:
    """No more of its tasks can ever be written than those `total`."""
    changes = {"state": JobState.FAILED, "failed_why": why, "cursor": total, "total": total, "held_until": None}
    states = (JobState.CREATING,)
    return JobMove(move="fail", job_id=job.id, states=states, held_until=job.held_until, changes=changes)


def cancel(job: Job, *, now: datetime, by: str, why: str) -> JobMove:
    """Whatever of it has not started must not start. Who writes its tasks still holds it, for as long as it did; one
    that waits for something (`waits_why`) is free at once.

    A job that is cancelled already is gone through again, in case a task was written after that. It keeps who and why.
    """
    changes: dict[str, Any] = {"state": JobState.CANCELLING, "cancelled_by": by, "cancelled_why": why}
    if job.state is JobState.CANCELLED:
        changes = {"state": JobState.CANCELLING, "swept": 0}
    if not job.state.is_open or job.waits_why is not None:
        changes |= {"held_until": now, "waits_why": None}  # nobody is at it
    held = job.held_until if job.waits_why is not None else None  # unless somebody has begun with it by now
    return JobMove(move="cancel", job_id=job.id, states=(job.state,), held_until=held, changes=changes)


def cancelled(job: Job, *, total: int) -> JobMove:
    """All of its tasks were gone through."""
    changes = {"state": JobState.CANCELLED, "total": total, "held_until": None}
    states = (JobState.CANCELLING,)
    return JobMove(move="cancelled", job_id=job.id, states=states, held_until=job.held_until, changes=changes)
