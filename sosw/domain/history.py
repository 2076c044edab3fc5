"""What happened to a task, moment by moment, told by the task itself: no other table, and no write more.

A task remembers when it was created, when its latest attempt started, the last ten failures, and when it closed. What
came between and left nothing (an attempt that was given back, or put off by its Worker, a replay) shows as a gap
between the attempts' numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from sosw.domain.dead_orders import discarded_by
from sosw.domain.log_links import LogPlace
from sosw.domain.moments import told
from sosw.domain.task import Failure, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence


class What(str, Enum):
    """The kinds of steps."""

    CREATED = "created"
    UNKNOWN = "unknown"
    """Attempts that the task does not remember."""
    STARTED = "started"
    FAILED = "failed"
    RUNNING = "running"
    QUEUED = "queued"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to a task."""

    what: What
    said: str
    """A sentence, without the moment."""
    at: datetime | None = None
    """None where nobody knows."""
    attempt: int | None = None
    after: timedelta | None = None
    """Since the last moment that is known before; of a failure and an end, since the start of its attempt where that is
    known.
    """
    log: LogPlace | None = None
    """Of its attempt, where it ended, or runs."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is known of one."""

    number: int
    started_at: datetime | None
    failure: Failure | None = None


def steps(task: Task, *, group: str, now: datetime) -> list[Step]:
    """In their order; `group` is that of the function's log."""
    found = [Step(what=What.CREATED, at=task.created_at, said="created")]
    last = 0
    for attempt in _attempts(task):
        found += _gap(last + 1, attempt.number - 1)
        found += _attempt(attempt, group, found)
        last = attempt.number
    if task.state is not TaskState.RUNNING:
        found += _gap(last + 1, task.attempt)
    return [*found, _end(task, group, found, now)]


def _attempts(task: Task) -> Iterator[_Attempt]:
    """Those that left something, by their numbers."""
    for failure in task.failures:
        yield _Attempt(failure.attempt, _start_of(failure, task), failure)
    numbers = {failure.attempt for failure in task.failures}
    if task.attempt and task.attempt not in numbers and task.state in {TaskState.RUNNING, TaskState.DONE}:
        yield _Attempt(task.attempt, task.started_at)


def _start_of(failure: Failure, task: Task) -> datetime | None:
    return failure.started_at or (task.started_at if failure.attempt == task.attempt else None)


def _place(of: Failure | Task, group: str, start: datetime, end: datetime) -> LogPlace:
    """Where what tells of an attempt says that its log is."""
    where = {"request_id": of.request_id, "stream": of.log_stream}
    return LogPlace(group=of.log_group or group, start=start, end=end, **where)


def _gap(first: int, last: int) -> Iterator[Step]:
    if last >= first:
        which = f"attempt {first}" if first == last else f"attempts {first} to {last}"
        why = "not remembered: put off by its Worker, given back before it ran, or before the last ten failures"
        yield Step(what=What.UNKNOWN, attempt=last, said=f"{which}: {why}")


def _attempt(attempt: _Attempt, group: str, before: Sequence[Step]) -> Iterator[Step]:
    started, failure = attempt.started_at, attempt.failure
    if started:
        said = f"attempt {attempt.number} started"
        yield Step(what=What.STARTED, at=started, attempt=attempt.number, said=said, after=_since(before, started))
    if failure:
        after = failure.at - started if started else _since(before, failure.at)
        yield Step(
            what=What.FAILED,
            at=failure.at,
            attempt=attempt.number,
            said=f"attempt {attempt.number} failed: {failure.error}" + f": {failure.message}" * bool(failure.message),
            after=after,
            log=_place(failure, group, started or _latest(before) or failure.at, failure.at),
        )


def _end(task: Task, group: str, before: Sequence[Step], now: datetime) -> Step:
    """How it stands now, or how it ended."""
    if task.state is TaskState.QUEUED:
        until = "waits since it is due" if task.greenfield <= now else "waits to be due"
        is_put_off = task.attempt and task.snoozed_attempt == task.attempt  # else the note is of an attempt that failed
        said = until + (f": {task.note}" if is_put_off and task.note else "")
        return Step(what=What.QUEUED, at=task.greenfield, said=said)
    if task.state is TaskState.RUNNING:
        said = f"attempt {task.attempt} runs{_progress(task)}; its lease ends at {told(task.greenfield)}"
        since = task.started_at or task.created_at
        log = _place(task, group, since, now)
        return Step(what=What.RUNNING, attempt=task.attempt, at=now, said=said, after=now - since, log=log)
    at = task.closed_at or task.greenfield
    is_done = task.state is TaskState.DONE
    start = task.started_at if is_done else None
    return Step(
        what=What(task.state.value),
        at=at,
        attempt=task.attempt if is_done else None,
        said=_closed(task),
        after=at - start if start else _since(before, at),
        log=_place(task, group, start, at) if start else None,
    )


def _closed(task: Task) -> str:
    """How it ended, and by what ruling."""
    if task.state is TaskState.DONE:
        return f"done by attempt {task.attempt}"
    if task.state is TaskState.DEAD:
        return f"dead after {_tries(task.tries)}: {task.ruling or 'nothing more will be tried'}"
    discarded = discarded_by(task)
    return "cancelled" + (f": {discarded}" if discarded else "")


def _progress(task: Task) -> str:
    """What the attempt that runs has said of its work."""
    percent = "" if task.progress is None else f", {task.progress:.0%} done"
    return percent + (f" ({task.note})" if task.note else "")


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _latest(before: Sequence[Step]) -> datetime | None:
    return next((step.at for step in reversed(before) if step.at), None)


def _since(before: Sequence[Step], at: datetime) -> timedelta | None:
    latest = _latest(before)
    return at - latest if latest else None
