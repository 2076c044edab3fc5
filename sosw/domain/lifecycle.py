"""The state machine of a task: one named transition for each way it can move, and nothing else moves it.

            claim                complete
   queued ─────────► running ───────────────► done
     ▲  ▲ │  ▲          │ │                     ▲
     │  │ │  └──────────┘ │ fail, expire        │ complete (the late success of the latest attempt)
     │  │ │ fail, expire, │  (GiveUp)           │
     │  │ │ snooze,       ▼                     │
     │  │ │ give_back    dead ── replay ─┐   (queued)
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
from sosw.domain.retry import SNOOZED_TOO_LONG, GiveUp, RetryAt, RetryPolicy
from sosw.domain.task import NOWHERE, OF_ATTEMPT, Failure, Invocation, LabourerName, Slot, Task, TaskId, TaskState

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
            **{name: None for name in OF_ATTEMPT if getattr(task, name) is not None},
        },
    )


def heartbeat(
    task_id: TaskId, *, attempt: int, lease_until: datetime, said: Mapping[str, Any] | None = None
) -> Transition:
    """The attempt lives: its lease now ends at `lease_until`.

    `said`: what it tells besides of `progress`, `note`, its partial `result` and its invocation; the rest stays.
    """
    changes = {"greenfield": lease_until, **(said or {})}
    return Transition(move="heartbeat", task_id=task_id, states=(RUNNING,), attempt=attempt, changes=changes)


def complete(  # noqa: PLR0913  (as fail)
    task_id: TaskId,
    *,
    attempt: int,
    now: datetime,
    retention: timedelta,
    result: Any = None,
    result_at: str | None = None,
    stats: Any = None,
    invocation: Invocation = NOWHERE,
) -> Transition:
    """Attempt `attempt` succeeded: taken while it runs, and while the task waits for a retry that has not started.
    `result_at` is where the result is, if it is not given.
    """
    said = {"progress": None, "note": None, "result": result, "stats": stats}
    said |= {} if result_at is None else {"result_at": result_at}
    return Transition(
        move="complete",
        task_id=task_id,
        states=(RUNNING, QUEUED),
        attempt=attempt,
        changes={**_closed(DONE, now, retention), **said, **invocation.fields},
    )


def fail(  # noqa: PLR0913  (all that the decision depends on)
    task: Task,
    failure: Failure,
    *,
    policy: RetryPolicy,
    retention: timedelta,
    jitter: float,
    is_retryable: bool = True,
    stats: Any = None,
    delay: timedelta | None = None,
    runs_on: timedelta = timedelta(),
    partial: Any = None,
) -> Transition:
    """The running attempt `failure.attempt` failed: queued again after a backoff, or dead; cancelled if recalled.

    `delay` and `runs_on` are as in `RetryPolicy.decide`; a `partial` result that is not None is kept for the next one.
    """
    decision = policy.decide(
        tries=task.tries,
        is_retryable=is_retryable,
        now=failure.at,
        jitter=jitter,
        error=failure.error,
        created_at=task.created_at,
        delay=delay,
        runs_on=runs_on,
    )
    left = {"stats": stats} if partial is None else {"stats": stats, "result": partial}
    changes = {**_ended(task, failure, decision, retention), **left}
    return _of_running(task, "fail", failure.attempt, changes)


def snooze(  # noqa: PLR0913  (as fail)
    task: Task,
    *,
    attempt: int,
    now: datetime,
    delay: timedelta,
    policy: RetryPolicy,
    retention: timedelta,
    stats: Any = None,
    note: str | None = None,
) -> Transition:
    """The running attempt `attempt` wants the task tried later: forgiven, and queued again for then.

    Dead when that is more often, or later, than its policy allows; cancelled if recalled.
    """
    snoozes = task.snoozes or 0
    left = {"stats": stats, "note": note}
    changes: dict[str, Any]
    match policy.snooze(delay=delay, snoozes=snoozes, now=now, created_at=task.created_at):
        case _ if task.is_recalled:
            changes = _closed(CANCELLED, now, retention)
        case RetryAt(at=due):
            counts = {"forgiven": task.forgiven + 1, "snoozes": snoozes + 1, "snoozed_attempt": attempt}
            changes = {**_waiting(task, due), **counts}
        case GiveUp(reason=why) as decision:  # pragma: no branch  (there is no third)
            error, started = SNOOZED_TOO_LONG, task.started_at
            failure = Failure(attempt=attempt, at=now, error=error, message=why, started_at=started)
            changes = _ended(task, failure, decision, retention)
    return _of_running(task, "snooze", attempt, {**changes, **left})


def expire(task: Task, *, now: datetime, policy: RetryPolicy, retention: timedelta, jitter: float) -> Transition:
    """The running attempt fell silent: its lease ended by `now`."""
    message = f"no answer before the lease ended at {task.greenfield.isoformat(timespec='seconds')}"
    known = {"started_at": task.started_at, **task.invocation.fields}
    failure = Failure(attempt=task.attempt, at=now, error="LeaseExpired", message=message, **known)
    decision = policy.decide(
        tries=task.tries, is_retryable=True, now=now, jitter=jitter, error=failure.error, created_at=task.created_at
    )
    changes = _ended(task, failure, decision, retention)
    return replace(_of_running(task, "expire", task.attempt, changes), lease_over=now)


def give_back(task: Task, *, due: datetime) -> Transition:
    """The claimed attempt was certainly never invoked: queued again, no attempt burnt."""
    return _of_running(task, "give_back", task.attempt, {**_waiting(task, due), "forgiven": task.forgiven + 1})


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


def replay(task: Task, *, now: datetime, ruling: str | None = None) -> Transition:
    """An operator wants a dead task tried anew: attempts and snoozes are forgiven, no attempt's number comes again."""
    changes = {**_waiting(task, now), "forgiven": task.attempt, "snoozes": None, "closed_at": None, "expires_at": None}
    changes |= {"replays": (task.replays or 0) + 1, "ruling": ruling}
    return Transition(move="replay", task_id=task.id, states=(DEAD,), version=task.version, changes=changes)


def discard(task: Task, *, now: datetime, retention: timedelta, ruling: str | None = None) -> Transition:
    """An operator wants a dead task looked at no more: it leaves the line of the dead. `ruling`: who and why."""
    changes = {**_closed(CANCELLED, now, retention), "ruling": ruling}
    return Transition(move="discard", task_id=task.id, states=(DEAD,), version=task.version, changes=changes)


def _ended(task: Task, failure: Failure, decision: RetryAt | GiveUp, retention: timedelta) -> dict[str, Any]:
    """What a failed attempt changes, by the retry policy's decision."""
    changes: dict[str, Any]
    match decision:
        case _ if task.is_recalled:
            changes = _closed(CANCELLED, failure.at, retention)
        case RetryAt(at=due):
            changes = _waiting(task, due)
        case GiveUp(reason=why):  # pragma: no branch  (there is no third)
            line = {"queue": dead_key(task.labourer), "rank": to_ms(failure.at)}
            changes = {**_closed(DEAD, failure.at, retention), **line, "ruling": why}
    earlier = (replace(each, trace="") for each in task.failures)
    told = dict.fromkeys(task.invocation.fields)  # the failure has it now
    return {**changes, **told, "failures": (*earlier, failure)[-MAX_FAILURES:]}


def _of_running(task: Task, move: str, attempt: int, changes: Mapping[str, Any]) -> Transition:
    """A move of attempt `attempt` of the running `task`, as it was read."""
    states, version = (RUNNING,), task.version
    return Transition(move=move, task_id=task.id, states=states, version=version, attempt=attempt, changes=changes)


def _closed(state: TaskState, now: datetime, retention: timedelta) -> dict[str, Any]:
    ends = {"closed_at": now, "expires_at": now + retention}
    return {"state": state, "greenfield": now, "queue": None, "rank": None, **ends}
