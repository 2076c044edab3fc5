"""How a job stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.job import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sosw.domain.job import Job
    from sosw.domain.task import JobId, LabourerName


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """How a job stood when it was looked at.

    The counts are the totals of the job's row, which the tables' stream brings a moment late and which may miss a
    little; when `is_counted`, they are those of the tasks themselves.
    """

    job_id: JobId
    labourer: LabourerName
    state: JobState
    submitted_at: datetime
    submitted_by: str = ""
    """A user's name, or an ARN; empty where nobody said."""
    source_event: Mapping[str, str] | None = None
    """Of EventBridge: `arn` of the rule or the schedule, `id` and `time`, as far as they were given."""
    priority: int
    not_before: datetime | None = None
    cursor: int = 0
    """Tasks that are known to be written."""
    total: int | None = None
    """How many tasks it has; None until all are written."""
    created: int = 0
    done: int = 0
    failed: int = 0
    """Failed attempts, of which a task can have several; of those that are kept with the task when `is_counted`."""
    dead: int = 0
    cancelled: int = 0
    gone: int = 0
    """Tasks that have left the table after their retention, known when `is_counted`."""
    queued: int | None = None
    """Known when `is_counted`."""
    running: int | None = None
    """Known when `is_counted`."""
    is_counted: bool = False
    """By reading the tasks, not by the totals."""
    skipped_lines: int = 0
    """Bad lines of its source that were left out."""
    waits_why: str | None = None
    """Why nobody writes its tasks for now, though they are not all written."""
    failed_why: str | None = None
    """Why the rest of its tasks can never be written; those that were are tasks like others."""
    cancelled_by: str | None = None
    cancelled_why: str | None = None

    @classmethod
    def of(cls, job: Job) -> JobStatus:
        """By the job's row."""
        totals = job.totals
        return cls(
            **_facts(job),
            total=job.total,
            created=totals.created,
            done=totals.done,
            failed=totals.failed,
            dead=totals.dead,
            cancelled=totals.cancelled,
        )

    @classmethod
    def counted(cls, job: Job, counts: Mapping[str, int]) -> JobStatus:
        """By its tasks; `counts` are by state, and `failed` and `gone`. The job's number of tasks is their sum."""
        total = sum(counts.values()) - counts["failed"]
        return cls(
            **_facts(job),
            total=total if job.total is not None else None,
            created=total,
            done=counts["done"],
            failed=counts["failed"],
            dead=counts["dead"],
            cancelled=counts["cancelled"],
            gone=counts["gone"],
            queued=counts["queued"],
            running=counts["running"],
            is_counted=True,
        )

    @property
    def closed(self) -> int:
        """Tasks of which nothing more is to come."""
        return self.done + self.dead + self.cancelled + self.gone

    @property
    def open(self) -> int:
        """Tasks that wait or run. While tasks are written, of those written so far."""
        return max(0, self.known - self.closed)

    @property
    def known(self) -> int:
        """All of its tasks, or those known so far."""
        return self.total if self.total is not None else max(self.cursor, self.created)

    @property
    def is_settled(self) -> bool:
        """No Scheduler has work to do on it: its tasks are all written, or as many as ever can be, or cancelled."""
        return not self.state.is_open

    @property
    def is_finished(self) -> bool:
        """Nothing of it waits or runs any more."""
        return self.is_settled and self.total is not None and self.closed == self.created == self.total

    def __str__(self) -> str:
        if self.state is JobState.CREATING:
            return f"being created, {self.known:,} tasks so far, {self.done:,} done, {self.dead:,} dead"
        parts = [f"{self.done:,} done", f"{self.dead:,} dead"]
        parts += [
            f"{number:,} {word}" for number, word in ((self.cancelled, "cancelled"), (self.gone, "gone")) if number
        ]
        if self.is_counted and self.open:
            parts += [f"{self.running:,} running", f"{self.queued:,} queued"]
        elif self.open:
            parts.append(f"{self.open:,} open")
        doing = f"{self.state.value}: " if self.state is not JobState.READY else ""
        return f"{doing}{self.closed:,} of {self.known:,} tasks closed ({', '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay: moments as ISO 8601 in UTC, what is not known as None."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in _TOLD}
        for name in ("submitted_at", "not_before"):
            plain[name] = plain[name] and plain[name].isoformat()
        return {**plain, "state": self.state.value}


_TOLD = (
    "job_id", "labourer", "state", "is_finished", "total", "created", "open", "queued", "running", "done", "dead",
    "cancelled", "gone", "failed", "is_counted", "cursor", "priority", "not_before", "submitted_at", "submitted_by",
    "source_event", "skipped_lines", "waits_why", "failed_why", "cancelled_by", "cancelled_why",
)  # fmt: skip


def _facts(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "labourer": job.labourer,
        "state": job.state,
        "submitted_at": job.submitted_at,
        "submitted_by": job.submitted_by,
        "source_event": job.source_event,
        "priority": job.priority,
        "not_before": job.not_before,
        "cursor": job.cursor,
        "skipped_lines": job.skipped_lines,
        "waits_why": job.waits_why,
        "failed_why": job.failed_why,
        "cancelled_by": job.cancelled_by,
        "cancelled_why": job.cancelled_why,
    }
