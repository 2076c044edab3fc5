"""A task: one invocation's worth of work, and everything that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TaskId = NewType("TaskId", str)
JobId = NewType("JobId", str)
LabourerName = NewType("LabourerName", str)


PRIORITY, LAST_PRIORITY = 5, 9
MAX_DELAY = timedelta(days=7)
"""The longest that a Worker can put its task off at a time."""


class TaskState(str, Enum):
    """Where a task stands. DONE, DEAD and CANCELLED are closed: only an operator's order leaves DEAD."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"

    @property
    def is_closed(self) -> bool:
        """Nothing runs and nothing will, unless an operator replays it."""
        return self in {TaskState.DONE, TaskState.DEAD, TaskState.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """Where an attempt ran, in Lambda's words; None where nobody told."""

    request_id: str | None = None
    log_stream: str | None = None
    log_group: str | None = None
    """None for the function's own, `/aws/lambda/<function>`."""

    @property
    def fields(self) -> dict[str, Any]:
        """What is known of it, by the names of the fields of a task and of a failure."""
        known = {"request_id": self.request_id, "log_stream": self.log_stream, "log_group": self.log_group}
        return {name: value for name, value in known.items() if value is not None}


NOWHERE = Invocation()
OF_ATTEMPT = ("progress", "note", "request_id", "log_stream", "log_group")
"""What an attempt says of itself while it runs: the next one begins without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one attempt did not succeed."""

    attempt: int
    at: datetime
    error: str
    """The class of the error (`ValueError`), or `LeaseExpired` when the attempt fell silent."""
    message: str = ""
    trace: str = ""
    """Where it was raised (`sosw.domain.trace`); kept of the last failure alone."""
    started_at: datetime | None = None
    """When the attempt was claimed."""
    request_id: str | None = None
    """Of the invocation, by Lambda; None where nobody told."""
    log_stream: str | None = None
    """Where Lambda logged it."""
    log_group: str | None = None
    """None for the function's own, `/aws/lambda/<function>`."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay; moments are ISO 8601."""
        return {
            "attempt": self.attempt,
            "started_at": self.started_at and self.started_at.isoformat(),
            "at": self.at.isoformat(),
            "error": self.error,
            "message": self.message,
            "trace": self.trace,
            "request_id": self.request_id,
            "log_stream": self.log_stream,
            "log_group": self.log_group,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where the latest attempt was started: in row `row` of its labourer, named there at task version `version`."""

    row: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One row of the tasks table. Changed only by the transitions of `sosw.domain.lifecycle`."""

    id: TaskId
    """`"{job_id}#{sequence}"`: creating it twice is a no-op."""
    job_id: JobId
    labourer: LabourerName
    payload: Mapping[str, Any]
    """What the Worker is called with. JSON; never changed after creation."""
    created_at: datetime
    greenfield: datetime
    """When it next deserves attention: due time while queued, lease end while running, closing time when closed."""
    state: TaskState = TaskState.QUEUED
    version: int = 1
    """Rises by one with every transition."""
    attempt: int = 0
    """Number of the latest attempt, 0 before the first. Never falls, so it fences every late answer."""
    forgiven: int = 0
    """Attempts that do not count against the policy: before a replay, never invoked, or snoozed."""
    snoozes: int | None = None
    """How often an attempt has put it off; None for never."""
    snoozed_attempt: int | None = None
    """The latest attempt that has."""
    priority: int = PRIORITY
    """0 first … 9 last: who of those that are due is started first."""
    queue: str | None = None
    """The line in which it stands (`sosw.domain.lifecycle.queue_key`), or None when it stands in none."""
    rank: int | None = None
    """Its place in that line (`sosw.domain.ranks`)."""
    shard: int | None = None
    """The part of its labourer's line in which it waits, whenever it waits; None for the first, number 0."""
    key: str | None = None
    """Its concurrency key: of a labourer's tasks of one key only so many run at once."""
    is_recalled: bool | None = None
    """It is not to be tried again: an operator cancelled its job while it ran."""
    slot: Slot | None = None
    started_at: datetime | None = None
    """Start of the latest attempt."""
    closed_at: datetime | None = None
    expires_at: datetime | None = None
    """When a closed task leaves the table."""
    payload_at: str | None = None
    """Where the payload is that was too large for the table: `s3://bucket/key`. `payload` is empty then."""
    result_at: str | None = None
    """Where the result is that was too large for the table."""
    progress: float | None = None
    """0 … 1 of its work: what the latest attempt said last."""
    note: str | None = None
    """A word to that, for people."""
    request_id: str | None = None
    """Of the latest attempt's invocation, by Lambda; None until it reports, and where nobody told."""
    log_stream: str | None = None
    """Where Lambda logged it."""
    log_group: str | None = None
    """None for the function's own, `/aws/lambda/<function>`."""
    result: Any = None
    """What the Worker returned. Until the task is done: its last partial result, of whichever attempt."""
    stats: Any = None
    """What the Worker counted in the latest attempt that reported: an object of its `self.stats`, or None."""
    failures: tuple[Failure, ...] = ()
    """Of the last failed attempts, ten at most, oldest first; a replay keeps them."""
    replays: int | None = None
    """How often operators replayed it; None for never."""
    ruling: str | None = None
    """What was decided of it last: why it was given up, or who replayed or discarded it, when and why."""

    @property
    def tries(self) -> int:
        """Attempts that count against the retry policy."""
        return self.attempt - self.forgiven

    @property
    def invocation(self) -> Invocation:
        """Of its latest attempt."""
        return Invocation(request_id=self.request_id, log_stream=self.log_stream, log_group=self.log_group)


def task_id(job_id: JobId, sequence: int) -> TaskId:
    """The id of a job's task number `sequence`, counted from 0: a job's tasks can be listed without an index."""
    return TaskId(f"{job_id}#{sequence}")


def parts_of(task_id: str) -> tuple[JobId, str]:
    """The job and the number, as it is written, in the id of a task; a text without `#` has no job."""
    job_id, _, number = task_id.rpartition("#")
    return JobId(job_id), number
