"""What a Worker is invoked with, and what it knows of its attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import invalid
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.task import JobId, LabourerName, Task, TaskId

if TYPE_CHECKING:
    from datetime import datetime

RESERVED_KEYS = ("task_id", "sosw")
"""Keys of the Worker's event that are ours: a payload may not have them."""


def _no_time() -> timedelta:
    return timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a Worker knows of the attempt it runs: `self.task`."""

    id: TaskId
    job_id: JobId
    labourer: LabourerName
    attempt: int
    """Counted from 1; never used twice, also after a replay."""
    tries: int
    """Attempts so far that count against the retry policy, this one included."""
    max_attempts: int | None = None
    """So many tries the labourer's policy grants at most, whatever the errors; None when the event did not say it."""
    lease_until: datetime
    """The attempt must have ended by then."""
    partial: Any = None
    """The last partial result of an earlier attempt of this task; None where there was none."""
    left: Callable[[], timedelta] = field(default=_no_time, repr=False, compare=False)
    """Tells `remaining`."""

    @property
    def remaining(self) -> timedelta:
        """The time that is left now: until Lambda's time-out; where there is no Lambda, until the lease ends."""
        return max(timedelta(), self.left())

    @property
    def is_last_attempt(self) -> bool | None:
        """Whether the task is dead if this attempt fails; None when the event did not say it.

        By the labourer's policy when the attempt was started. What is not the last attempt may be so all the same: by
        the task's age, by a policy for one class of errors, or because it cannot be retried.
        """
        return None if self.max_attempts is None else self.tries >= self.max_attempts


def worker_event(task: Task, *, max_attempts: int | None = None) -> dict[str, Any]:
    """The event that the Worker of a just claimed `task` is invoked with: the payload, flat, and who is asked.

    sosw 0.7's flat fields of a task are there too, where the payload has no key of that name.
    """
    started = to_ms(task.started_at or task.created_at)
    legacy = {
        "labourer_id": task.labourer,
        "attempts": task.tries,
        "created_at": to_ms(task.created_at) // 1000,
        "greenfield": started // 1000,
    }
    ours: dict[str, Any] = {
        "job_id": task.job_id,
        "labourer": task.labourer,
        "attempt": task.attempt,
        "tries": task.tries,
        "max_attempts": max_attempts,
        "lease_until": to_ms(task.greenfield),
        "partial": task.result,
    }
    if task.payload_at:
        ours["payload_is_stored"] = True
    return {**legacy, **task.payload, "task_id": task.id, "sosw": ours}


def assignment(event: Any) -> Assignment | None:
    """Who is asked by a Worker's event; None when it was not sosw that invoked the function.

    Raises `InvalidInput` when it looks like sosw's but is not whole: to run it would be to run it unreported.
    """
    if not isinstance(event, dict) or not isinstance(event.get("sosw"), dict) or "task_id" not in event:
        return None
    ours = event["sosw"]
    if not isinstance(event["task_id"], str):
        raise invalid("task_id", event["task_id"], "must be str, or leave out sosw to run alone")
    for key, kind in _ASSIGNMENT.items():
        if not isinstance(ours.get(key), kind):
            raise invalid(f"sosw.{key}", ours.get(key), f"must be {kind.__name__}, or leave out sosw to run alone")
    return Assignment(
        id=TaskId(event["task_id"]),
        job_id=JobId(ours["job_id"]),
        labourer=LabourerName(ours["labourer"]),
        attempt=ours["attempt"],
        tries=_whole(ours, "tries") or ours["attempt"],
        max_attempts=_whole(ours, "max_attempts"),
        lease_until=from_ms(ours["lease_until"]),
        partial=ours.get("partial"),
    )


_ASSIGNMENT = {"job_id": str, "labourer": str, "attempt": int, "lease_until": int}


def _whole(ours: dict[str, Any], key: str) -> int | None:
    """Of an Orchestrator that says it: an older one does not."""
    value = ours.get(key)
    return value if type(value) is int else None
