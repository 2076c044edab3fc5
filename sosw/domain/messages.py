"""What the Lambdas say to each other: changes of tasks, the wake of the Orchestrator, and orders of the Scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.job import Totals
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CLOSED = (TaskState.DONE, TaskState.DEAD, TaskState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the stream of the tasks table tells of one write: how the task was then, and how before."""

    task_id: TaskId
    job_id: JobId
    labourer: LabourerName
    state: TaskState
    version: int
    greenfield: datetime
    was: TaskState | None = None
    """Its state before; None when it was created."""
    failed: int = 0
    """Attempts that this write noted as failed."""
    is_snoozed: bool = False
    """An attempt put it off."""

    @property
    def is_over(self) -> bool:
        """Whether it tells that an attempt ended: then the Orchestrator should hear of it.

        Not for a task given back: its slot is freed by who gave it back, and what refused it would refuse the next.
        """
        is_retried = self.failed or self.is_snoozed
        is_given_back = self.was is TaskState.RUNNING and self.state is TaskState.QUEUED and not is_retried
        return self.version > 1 and not is_given_back

    @property
    def totals(self) -> Totals:
        """What it adds to the totals of its job."""
        counts = {state.value: int(self.state is state) - int(self.was is state) for state in _CLOSED}
        return Totals(created=int(self.was is None), failed=self.failed, **counts)


def change(before: Task | None, after: Task) -> Change:
    """What a write that made `after` of `before` tells."""
    return Change(
        task_id=after.id,
        job_id=after.job_id,
        labourer=after.labourer,
        state=after.state,
        version=after.version,
        greenfield=after.greenfield,
        was=before.state if before else None,
        failed=int(after.failures[-1:] != (before.failures[-1:] if before else ())),
        is_snoozed=after.snoozes != (before.snoozes if before else None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """What wakes the Orchestrator: labourers with something to start, and what is known to have ended."""

    ended: Mapping[LabourerName, Mapping[TaskId, int]]
    """By labourer, a task's version at which it was seen not running: names of earlier versions are over."""

    def to_event(self) -> dict[str, Any]:
        """As the Orchestrator is invoked with."""
        return {"wake": {name: dict(tasks) for name, tasks in self.ended.items()}}

    @classmethod
    def from_event(cls, event: Any) -> Wake | None:
        """None for any other event (the minute rule's): then all labourers are dispatched."""
        if not isinstance(event, dict) or "wake" not in event:
            return None
        wake = event["wake"]
        is_right = isinstance(wake, dict) and all(
            isinstance(tasks, dict) and all(type(version) is int for version in tasks.values())
            for tasks in wake.values()
        )
        if not is_right:
            raise invalid("wake", wake, "must be {labourer: {task id: version}}")
        return cls(ended=wake)


RESUME, CANCEL = "resume", "cancel"
ORDER_KEYS = ("resume", "cancel", "by", "why")


def resume_event(job_id: JobId) -> dict[str, Any]:
    """For the Scheduler: go on with the job where its last holder stopped."""
    return {"sosw": {RESUME: job_id}}


def cancel_event(job_id: JobId, *, by: str, why: str) -> dict[str, Any]:
    """For the Scheduler: what of the job has not started must not start."""
    return {"sosw": {CANCEL: job_id, "by": by, "why": why}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the Scheduler is told to do with a job that it knows."""

    job_id: JobId
    is_cancel: bool
    by: str = ""
    why: str = ""

    @classmethod
    def from_event(cls, event: Any) -> Order | None:
        """None for a new job; raises `InvalidInput` for an order that is none."""
        if not isinstance(event, dict) or "sosw" not in event:
            return None
        order = event["sosw"]
        if not isinstance(order, dict) or (RESUME in order) == (CANCEL in order):
            raise invalid("sosw", order, 'must be {"resume": job id} or {"cancel": job id, "by": …, "why": …}')
        for key, value in order.items():
            if key not in ORDER_KEYS or not isinstance(value, str):
                raise invalid(f"sosw.{key}", value, "must be a text of an order", did_you_mean(key, ORDER_KEYS))
        is_cancel = CANCEL in order
        job_id = JobId(order[CANCEL if is_cancel else RESUME])
        return cls(job_id=job_id, is_cancel=is_cancel, by=order.get("by", ""), why=order.get("why", ""))
