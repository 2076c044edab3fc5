"""A dead task as clients see it, in a list of them or among the failures of its job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sosw.domain.dead import error_of
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadTask:
    """A task that is out of attempts, or failed in a way that no retry can mend, as it was read."""

    task_id: TaskId
    job_id: JobId
    labourer: LabourerName
    died_at: datetime
    error: str
    """The class of the last error; empty where none is known."""
    message: str
    """What the last error said."""
    reason: str
    """Why it was given up; empty for those of earlier versions of sosw."""
    attempts: int
    """Tries that it had since it was created, or replayed."""
    replays: int
    """How often it was replayed before."""
    failures: tuple[Failure, ...]
    """Why each of its last attempts did not succeed, ten at most, oldest first."""
    expires_at: datetime | None
    """When it leaves the table."""
    payload: Any
    """What the Worker was called with; of a list, None where it is too large for the table: see `payload_at`."""
    payload_at: str | None
    """Where a large payload is; `show` reads it."""

    @classmethod
    def of(cls, task: Task) -> DeadTask:
        """Of a task that is dead."""
        return cls(
            task_id=task.id,
            job_id=task.job_id,
            labourer=task.labourer,
            died_at=task.greenfield,
            error=error_of(task),
            message=task.failures[-1].message if task.failures else "",
            reason=task.ruling or "",
            attempts=task.tries,
            replays=task.replays or 0,
            failures=task.failures,
            expires_at=task.expires_at,
            payload=task.payload if task.payload_at is None else None,
            payload_at=task.payload_at,
        )

    @property
    def number(self) -> int:
        """Of the task in its job, from 0."""
        return int(parts_of(self.task_id)[1])

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        failures = [each.to_json() for each in self.failures]
        moments = {"died_at": self.died_at.isoformat(), "expires_at": self.expires_at and self.expires_at.isoformat()}
        return {**plain, **moments, "failures": failures}
