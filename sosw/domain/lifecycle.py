"""The state machine of a task: one named transition for each way it can move, and nothing else moves it.

            claim                complete
   queued ─────────► running ───────────────► done
     ▲  ▲ │  ▲          │ │                     ▲
     │  │ │  └──────────┘ │ fail, expire        │ complete (the late success of the latest attempt)
     │  │ │ fail, expire, │  (GiveUp)           │
     │  │ │ give_back     ▼                     │
     │  │ │              dead ── replay ─┐   (queued)
     │  │ └─ cancel ► cancelled          │         dead ── discard ► cancelled
     │  └────────────────────────────────┘
     └─ create; fence (stays queued, its version rises)

A `Transition` is a value: what it expects of the task, and the fields that it sets. Stores apply it in one conditional
write, or raise `StaleTask`. It is built only by the functions here, so a wrong combination cannot be spelled. Rules
that every transition keeps: `version` rises by one, `attempt` never falls, and only `claim` raises `attempt`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import StaleTask
from sosw.domain.moments import to_ms
from sosw.domain.ranks import Section, rank, shard_of
from sosw.domain.retry import GiveUp, RetryAt, RetryPolicy
from sosw.domain.task import Failure, LabourerName, Slot, Task, TaskId, TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

QUEUED, RUNNING, DONE, DEAD, CANCELLED = TaskState
MAX_FAILURES = 10
"""Failures that a task remembers, the last ones: with its payload, result and stats it must stay within 400 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One conditional write: move `task_id` if it is as expected."""

    move: str
    """Its name in the table of moves, for logs and errors."""
    task_id: TaskId
    states: tuple[TaskState, ...]
    """The task must be in one of these."""
    version: int | None = None
    """The task must be at this version."""
    attempt: int | None = None
    """The task's latest attempt must be this one: the fence for answers."""
    lease_over: datetime | None = None
    """The task's lease must have ended by this moment."""
    changes: Mapping[str, Any]
    """Fields of `Task` and their new values; None clears a field. `version` rises besides."""

    def expects(self, task: Task) -> bool:
        """Whether `task` is as this transition wants it."""
        return (
            task.state in self.states
            and self.version in {None, task.version}
            and self.attempt in {None, task.attempt}
            and (self.lease_over is None or task.greenfield <= self.lease_over)
        )


def apply(transition: Transition, task: Task | None) -> Task:
    """The task after the transition; raises `StaleTask` when it is not as expected, or not there."""
    if task is None or not transition.expects(task):
        raise StaleTask(transition.task_id, transition.move, task)
    return replace(task, version=task.version + 1, **transition.changes)


def queue_key(labourer: LabourerName, *, shard: int = 0) -> str:
    """One part of the line of a labourer's queued tasks: key of the sparse index, in which they stand by their rank."""
    return f"{labourer}/{shard}"


def dead_key(labourer: LabourerName) -> str:
    """The line of a labourer's dead tasks, by the moment when they died (ms since the epoch)."""
    return f"{labourer}/dead"


def queued(task: Task, *, tag: int | None = None, shards: int = 1, behind: timedelta = timedelta()) -> Task:
    """A new task, put in one of the `shards` parts of its line: what the Scheduler creates.

    With a virtual start `tag` (`sosw.domain.fairness`) it is ready, and stands by that. Without one it waits for its
    moment, and stands by that: `behind` so much, though it is due as soon as it says.
    """
    shard = shard_of(task.id, shards)
    section, number = (Section.APPOINTED, to_ms(task.greenfield + behind)) if tag is None else (Section.READY, tag)
    line = queue_key(task.labourer, shard=shard)
    return replace(task, shard=shard or None, queue=line, rank=rank(task.priority, section, number))


def _waiting(task: Task, due: datetime) -> dict[str, Any]:
    """In line again, in the same part of it."""
    line = queue_key(task.labourer, shard=task.shard or 0)
    return {"state": QUEUED, "greenfield": due, "queue": line, "rank": rank(task.priority, Section.AGAIN, to_ms(due))}


def claim(task: Task, *, row: int, now: datetime, lease: timedelta) -> Transition:
    """Start the next attempt of `task`, which was named in slot row `row` at the version that `task` has."""
    return Transition(
        move="claim",
        task_id=task.id,
        states=(QUEUED,),
        version=task.version,
        changes={
            "state": RUNNING,
            "attempt": task.attempt + 1,
            "greenfield": now + lease,
            "queue": None,
            "rank": None,
            "slot": Slot(row=row, version=task.version),
            "started_at": now,
        },
    )


def heartbeat(task_id: TaskId, *, attempt: int, lease_until: datetime) -> Transition:
    """The attempt lives: its lease now ends at `lease_until`."""
    changes = {"greenfield": lease_until}
    return Transition(move="heartbeat", task_id=task_id, states=(RUNNING,), attempt=attempt, changes=changes)


def complete(
    task_id: TaskId, *, attempt: int, now: datetime, retention: timedelta, result: Any = None, stats: Any = None
) -> Transition:
    """Attempt `attempt` succeeded: taken while it runs, and while the task waits for a retry that has not started."""
    return Transition(
        move="complete",
        task_id=task_id,
        states=(RUNNING, QUEUED),
        attempt=attempt,
        changes={**_closed(DONE, now, retention), "result": result, "stats": stats},
    )


def fail(
    task: Task,
    failure: Failure,
    *,
    policy: RetryPolicy,
    retention: timedelta,
    jitter: float,
    is_retryable: bool = True,
    stats: Any = None,
) -> Transition:
    """The running attempt `failure.attempt` failed: queued again after a backoff, or dead; cancelled if recalled."""
    decision = policy.decide(
        tries=task.tries,
        is_retryable=is_retryable,
        now=failure.at,
        jitter=jitter,
        error=failure.error,
        created_at=task.created_at,
    )
    ended = _ended(task, failure, decision, retention, move="fail")
    return replace(ended, changes={**ended.changes, "stats": stats})


def expire(task: Task, *, now: datetime, policy: RetryPolicy, retention: timedelta, jitter: float) -> Transition:
    """The running attempt fell silent: its lease ended by `now`."""
    message = f"no answer before the lease ended at {task.greenfield.isoformat(timespec='seconds')}"
    failure = Failure(attempt=task.attempt, at=now, error="LeaseExpired", message=message)
    decision = policy.decide(
        tries=task.tries,
        is_retryable=True,
        now=now,
        jitter=jitter,
        error=failure.error,
        created_at=task.created_at,
    )
    return replace(_ended(task, failure, decision, retention, move="expire"), lease_over=now)


def give_back(task: Task, *, due: datetime) -> Transition:
    """The claimed attempt was certainly never invoked: queued again, no attempt burnt."""
    return Transition(
        move="give_back",
        task_id=task.id,
        states=(RUNNING,),
        version=task.version,
        attempt=task.attempt,
        changes={
            **_waiting(task, due),
            "forgiven": task.forgiven + 1,
        },
    )


def fence(task: Task) -> Transition:
    """Raise the version of a task that was named in a slot row but not claimed: a late claim of the name then fails."""
    return Transition(move="fence", task_id=task.id, states=(QUEUED,), version=task.version, changes={})


def cancel(task_id: TaskId, *, now: datetime, retention: timedelta) -> Transition:
    """An operator does not want it any more. What already runs is left to end."""
    return Transition(move="cancel", task_id=task_id, states=(QUEUED,), changes=_closed(CANCELLED, now, retention))


def recall(task: Task) -> Transition:
    """An operator does not want the running task tried again: it may end well, but when it fails it is cancelled."""
    changes = {"is_recalled": True}
    return Transition(move="recall", task_id=task.id, states=(RUNNING,), version=task.version, changes=changes)


def replay(task: Task, *, now: datetime, note: str | None = None) -> Transition:
    """An operator wants a dead task tried anew: all attempts so far are forgiven, their numbers are not used again.

    `note` tells who, when and why.
    """
    return Transition(
        move="replay",
        task_id=task.id,
        states=(DEAD,),
        version=task.version,
        changes={
            **_waiting(task, now),
            "forgiven": task.attempt,
            "closed_at": None,
            "expires_at": None,
            "replays": (task.replays or 0) + 1,
            "note": note,
        },
    )


def discard(task: Task, *, now: datetime, retention: timedelta, note: str | None = None) -> Transition:
    """An operator wants a dead task looked at no more: it leaves the line of the dead. `note`: who, when and why."""
    changes = {**_closed(CANCELLED, now, retention), "note": note}
    return Transition(move="discard", task_id=task.id, states=(DEAD,), version=task.version, changes=changes)


def _ended(task: Task, failure: Failure, decision: RetryAt | GiveUp, retention: timedelta, *, move: str) -> Transition:
    """A failed attempt, by the retry policy's decision."""
    changes: dict[str, Any]
    match decision:
        case _ if task.is_recalled:
            changes = _closed(CANCELLED, failure.at, retention)
        case RetryAt(at=due):
            changes = _waiting(task, due)
        case GiveUp(reason=why):  # pragma: no branch  (there is no third)
            line = {"queue": dead_key(task.labourer), "rank": to_ms(failure.at)}
            changes = {**_closed(DEAD, failure.at, retention), **line, "note": why}
    changes["failures"] = (*task.failures, failure)[-MAX_FAILURES:]
    states, version = (RUNNING,), task.version
    return Transition(
        move=move, task_id=task.id, states=states, version=version, attempt=failure.attempt, changes=changes
    )


def _closed(state: TaskState, now: datetime, retention: timedelta) -> dict[str, Any]:
    line = {"queue": None, "rank": None}
    return {"state": state, "greenfield": now, **line, "closed_at": now, "expires_at": now + retention}
