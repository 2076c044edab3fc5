"""Why a task is where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain.dead_orders import discarded_by
from sosw.domain.facts import COUNTED
from sosw.domain.moments import told
from sosw.domain.slots import CLAIM_GRACE
from sosw.domain.task import TaskState
from sosw.domain.why import WITHIN_A_MINUTE, Answer, Hindrance, Reason, hindrance, rated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sosw.domain.facts import TaskFacts
    from sosw.domain.slots import Name
    from sosw.domain.task import Failure


def why_task(facts: TaskFacts) -> Answer:
    """Why it waits, runs, or is over."""
    match facts.task.state:
        case TaskState.QUEUED:
            return _queued(facts)
        case TaskState.RUNNING:
            return _running(facts)
        case TaskState.DONE:
            return _done(facts)
        case TaskState.DEAD:
            return _dead(facts)
        case _:
            return _cancelled(facts)


def _running(facts: TaskFacts) -> Answer:
    task, now = facts.task, facts.of.now
    since = f"running since {told(task.started_at, now)}, " if task.started_at else "running, "
    ends = f"its lease ends at {told(task.greenfield, now)}"
    if task.greenfield <= now:
        ends = f"its lease ended at {told(task.greenfield, now)}: the sweep ends the attempt within a minute"
    said = (sentence,) if (sentence := _said(facts)) else ()
    recalled = ("an operator has cancelled its job: it may end well, and is not tried again",) * bool(task.is_recalled)
    return Answer(
        reason=Reason.RUNNING,
        headline=f"{since}attempt {task.attempt}; {ends}",
        more=(*said, *recalled, *_failures(facts)),
    )


def _done(facts: TaskFacts) -> Answer:
    task, now = facts.task, facts.of.now
    lasted = f" after {_lasted(task.started_at, task.closed_at)}" if task.started_at and task.closed_at else ""
    headline = f"done since {told(task.greenfield, now)}, by attempt {task.attempt}{lasted}"
    return Answer(reason=Reason.DONE, headline=headline, more=(*_failures(facts), *_leaves(facts)))


def _dead(facts: TaskFacts) -> Answer:
    task, now = facts.task, facts.of.now
    last = f": {_error(task.failures[-1])}" if task.failures else ""
    plural = "s" * (task.tries != 1)
    return Answer(
        reason=Reason.DEAD,
        headline=f"dead after {task.tries:,} attempt{plural}{last}",
        more=(f"since {told(task.greenfield, now)}: only an operator's replay tries it anew", *_given_up(facts),
              *_failures(facts), *_leaves(facts)),
    )  # fmt: skip


def _cancelled(facts: TaskFacts) -> Answer:
    job, now = facts.job, facts.of.now
    if discarded := discarded_by(facts.task):
        headline = f"cancelled since {told(facts.task.greenfield, now)}: {discarded}"
        return Answer(reason=Reason.CANCELLED, headline=headline, more=(*_failures(facts), *_leaves(facts)))
    order = f": {job.cancelled_why}" if job and job.cancelled_why else ""
    by = f" by {job.cancelled_by}" if job and job.cancelled_by else ""
    headline = f"cancelled since {told(facts.task.greenfield, now)}{by}{order}"
    return Answer(reason=Reason.CANCELLED, headline=headline, more=(*_failures(facts), *_leaves(facts)))


def _queued(facts: TaskFacts) -> Answer:
    task, now = facts.task, facts.of.now
    if name := _name(facts):
        return Answer(reason=Reason.STARTING, headline=_starting(name, now), more=tuple(_failures(facts)))
    held = hindrance(facts.of)
    if task.greenfield > now:
        reason, headline = _not_due(facts)
        besides = (f"besides: {_of_labourer(held)}",) if held and held.reason in _LASTING else ()
        return Answer(reason=reason, headline=headline, more=(*besides, *_failures(facts)))
    held = held or _of_key(facts) or rated(facts.key_rate, facts.of)
    if held:
        headline = _of_labourer(held) if held.reason in _LASTING else f"waiting: {held.sentence}"
        return Answer(reason=held.reason, headline=headline, more=(*_position(facts), *_failures(facts)))
    reason, headline = _next(facts)
    return Answer(reason=reason, headline=headline, more=tuple(_failures(facts)))


_LASTING = (Reason.UNREGISTERED, Reason.MISTAKEN, Reason.PAUSED)
"""What does not pass by itself."""


def _of_labourer(held: Hindrance) -> str:
    """From the task's point of view."""
    match held.reason:
        case Reason.UNREGISTERED:
            return f"its labourer {held.sentence}"
        case Reason.MISTAKEN:
            return f"its labourer's {held.sentence}"
        case _:
            return held.sentence


def _name(facts: TaskFacts) -> Name | None:
    """The slot that an Orchestrator has taken for the task as it is."""
    names = (row.names.get(facts.task.id) for row in facts.of.rows)
    return next((name for name in names if name and name.version == facts.task.version), None)


def _starting(name: Name, now: datetime) -> str:
    since = f"an Orchestrator has taken a slot for it at {told(name.since, now)}"
    if now - name.since <= CLAIM_GRACE:
        return f"being started: {since}"
    return f"waiting: {since} and has not started it: the sweep frees the slot within a minute, then it starts"


def _not_due(facts: TaskFacts) -> tuple[Reason, str]:
    task, now = facts.task, facts.of.now
    until = f"waiting until {told(task.greenfield, now)}"
    failure = task.failures[-1] if task.failures else None
    if failure and failure.attempt == task.attempt:
        return Reason.RETRY, f"{until}: attempt {failure.attempt} failed with {_error(failure)}"
    if task.attempt and task.snoozed_attempt == task.attempt:
        often = f" ({task.snoozes:,} times so far)" if task.snoozes and task.snoozes > 1 else ""
        return Reason.SNOOZED, f"{until}: attempt {task.attempt} put it off{often}" + f": {task.note}" * bool(task.note)
    if task.attempt and task.forgiven:
        return Reason.RETRY, f"{until}: attempt {task.attempt} was given back, for its function could not be invoked"
    if facts.job and facts.job.not_before == task.greenfield:
        return Reason.NOT_DUE, f"{until}: its job starts no task before"
    return Reason.NOT_DUE, f"{until}: it is not due before"


def _said(facts: TaskFacts) -> str:
    """What the running attempt told of itself: `40 % are done: 12 of 30 shops`."""
    task = facts.task
    done = "" if task.progress is None else f"{task.progress:.0%} of its work is done"
    return ": ".join(part for part in (done, task.note) if part)


def _of_key(facts: TaskFacts) -> Hindrance | None:
    key = facts.key
    if key is None or key.running < key.most:
        return None
    return Hindrance(Reason.KEY, f"{key.running:,} of {key.most:,} running of key {key.key!r}")


def _next(facts: TaskFacts) -> tuple[Reason, str]:
    """Of a due task that nothing holds back."""
    of, ahead = facts.of, _ahead(facts)
    most = of.decision(of.labourer).limit if of.labourer else 0
    free = max(0, most - of.running)
    if ahead is not None and ahead >= free:
        return Reason.BEHIND, f"waiting: {_others(ahead)} first, and {free:,} of {most:,} slots are free"
    return Reason.NEXT, f"due, and slots are free: it starts {WITHIN_A_MINUTE}"


def _position(facts: TaskFacts) -> Iterator[str]:
    ahead = _ahead(facts)
    if ahead is None:
        return
    if ahead == 0:
        yield "it is the first in line"
    else:
        yield f"{_others(ahead)} first"


def _others(ahead: int) -> str:
    if ahead > COUNTED:
        return f"more than {COUNTED:,} others go"
    return f"{ahead:,} others go" if ahead != 1 else "1 other goes"


def _ahead(facts: TaskFacts) -> int | None:
    """How many go first; `COUNTED` + 1 for more than were counted, None where the index does not have it yet."""
    due = list(facts.of.due)
    if facts.task.id in due:
        return due.index(facts.task.id)
    return len(due) if facts.of.is_more else None


def _given_up(facts: TaskFacts) -> Iterator[str]:
    """Why a dead task was given up; where that was not kept, that it had fewer attempts than its labourer grants."""
    labourer = facts.of.labourer
    if facts.task.ruling:
        yield f"given up: {facts.task.ruling}"
    elif labourer and facts.task.tries < labourer.retry.max_attempts:
        most = labourer.retry.max_attempts
        yield f"its labourer grants {most:,} attempts now: no retry could mend it, or fewer were granted then"


def _failures(facts: TaskFacts) -> Iterator[str]:
    for failure in facts.task.failures:
        yield f"attempt {failure.attempt} failed at {told(failure.at, facts.of.now)}: {_error(failure)}"
        if failure.trace:
            yield f"attempt {failure.attempt} was at {failure.trace}"


def _error(failure: Failure) -> str:
    return f"{failure.error}: {failure.message}" if failure.message else failure.error


def _leaves(facts: TaskFacts) -> Iterator[str]:
    if facts.task.expires_at:
        yield f"it leaves the table after {told(facts.task.expires_at)}"


def _lasted(begin: datetime, end: datetime) -> str:
    return f"{(end - begin).total_seconds():,.1f} s"
