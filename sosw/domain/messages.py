"""What the Lambdas say to each other: the Worker's event, its report, and the wake of the Orchestrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean, invalid
from sosw.domain.job import Totals
from sosw.domain.jsontext import MAX_RESULT_BYTES, MAX_STATS_BYTES, reportable
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

RESERVED_KEYS = ("task_id", "sosw")
"""Keys of the Worker's event that are ours: a payload may not have them."""
MESSAGE_CHARS = 500
"""So much is kept of what an error says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a Worker knows of the attempt it runs: `self.task`."""

    id: TaskId
    job_id: JobId
    labourer: LabourerName
    attempt: int
    """Counted from 1; never used twice, also after a replay."""
    lease_until: datetime
    """The attempt must have ended by then."""


def worker_event(task: Task) -> dict[str, Any]:
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
    ours = {
        "job_id": task.job_id,
        "labourer": task.labourer,
        "attempt": task.attempt,
        "lease_until": to_ms(task.greenfield),
    }
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
        lease_until=from_ms(ours["lease_until"]),
    )


_ASSIGNMENT = {"job_id": str, "labourer": str, "attempt": int, "lease_until": int}


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

    @property
    def is_over(self) -> bool:
        """Whether it tells that an attempt ended: then the Orchestrator should hear of it.

        Not for a task given back: its slot is freed by who gave it back, and what refused it would refuse the next.
        """
        is_given_back = self.was is TaskState.RUNNING and self.state is TaskState.QUEUED and not self.failed
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


COMPLETE, FAIL, HEARTBEAT = "complete", "fail", "heartbeat"
REPORTED = "sosw_reported"
"""Key of what a Worker's function returns when it has reported, of itself, anything but its success."""
_ACTIONS = {
    COMPLETE: COMPLETE,
    FAIL: FAIL,
    HEARTBEAT: HEARTBEAT,
    "mark_task_as_completed": COMPLETE,
    "mark_task_as_failed": FAIL,
}
_LIMITS = {"result": MAX_RESULT_BYTES, "stats": MAX_STATS_BYTES}
_REPORT_KEYS = (
    *("action", "task_id", "attempt", "labourer", "result", "stats", "error", "message", "is_retryable", "signals"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a Worker says of its attempt to the WorkerAssistant."""

    action: str
    task_id: TaskId
    attempt: int = 1
    """Without one (sosw 0.7's form) only a first attempt can be meant: later ones are fenced."""
    labourer: LabourerName | None = None
    """Whose settings hold; a report without one (sosw 0.7's form) gets the defaults."""
    result: Any = None
    stats: Any = None
    error: str = "Failed"
    message: str = ""
    is_retryable: bool = True
    signals: Any = None
    """How uses of resources went, as `sosw.domain.signals.read` reads it: whatever it is, the report is taken."""

    def to_event(self) -> dict[str, Any]:
        """As the WorkerAssistant is invoked with; what is at its default is left out."""
        event: dict[str, Any] = {"action": self.action, "task_id": self.task_id, "attempt": self.attempt}
        if self.action == FAIL:
            event |= {"error": self.error, "message": self.message, "is_retryable": self.is_retryable}
        given = {"labourer": self.labourer, "result": self.result, "stats": self.stats, "signals": self.signals}
        return event | {key: value for key, value in given.items() if value is not None}

    @classmethod
    def from_event(cls, event: Any) -> Report:
        """Raises `InvalidInput` for what is no report. Its result is never what makes it none."""
        if not isinstance(event, dict):
            raise invalid("event", event, "must be an object: action, task_id, attempt, …")
        problems = list(_report_problems(event))
        if problems:
            raise InvalidInput(problems)
        given = {key: reportable(value, _LIMITS[key]) if key in _LIMITS else value for key, value in event.items()}
        return cls(**{**given, "action": _ACTIONS[event["action"]]})


def _report_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    action, task, attempt = event.get("action"), event.get("task_id"), event.get("attempt", 1)
    if not isinstance(action, str) or action not in _ACTIONS:
        yield Problem("action", action, "is not an action", did_you_mean(str(action), _ACTIONS))
    if not isinstance(task, str) or not task:
        yield Problem("task_id", task, "must be the id of a task")
    if type(attempt) is not int or attempt < 1:
        yield Problem("attempt", attempt, "must be a whole number from 1")
    for key in ("error", "message", "labourer"):
        if not isinstance(event.get(key, ""), str):
            yield Problem(key, event[key], "must be a text")
    if not isinstance(event.get("is_retryable", True), bool):
        yield Problem("is_retryable", event["is_retryable"], "must be true or false")
    for key in event:
        if key not in _REPORT_KEYS:
            yield Problem(str(key), event[key], "is not part of a report", did_you_mean(str(key), _REPORT_KEYS))
