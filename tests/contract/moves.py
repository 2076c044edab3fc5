"""The moves of a task and the ways into each state, for tests to go through them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from sosw.domain import lifecycle
from sosw.domain.lifecycle import Transition
from sosw.domain.retry import RetryPolicy
from sosw.domain.task import Failure, Task
from sosw.ports import TaskStore

NOW: Final = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
LEASE: Final = timedelta(seconds=1200)
RETENTION: Final = timedelta(days=30)
POLICY: Final = RetryPolicy(max_attempts=3, base=timedelta(seconds=60), cap=timedelta(hours=1))
AFTER_LEASE: Final = NOW + LEASE

Move = Callable[[Task], Transition]


def claim(task: Task) -> Transition:
    return lifecycle.claim(task, row=2, now=NOW, lease=LEASE)


def heartbeat(task: Task) -> Transition:
    return lifecycle.heartbeat(task.id, attempt=_latest(task), lease_until=NOW + 2 * LEASE)


def complete(task: Task) -> Transition:
    result, stats = {"rows": 3}, {"read": 1}
    return lifecycle.complete(task.id, attempt=_latest(task), now=NOW, retention=RETENTION, result=result, stats=stats)


def fail(task: Task, *, is_retryable: bool = True) -> Transition:
    failure = Failure(attempt=_latest(task), at=NOW, error="ValueError", message="no such shop")
    return lifecycle.fail(task, failure, policy=POLICY, retention=RETENTION, jitter=0.5, is_retryable=is_retryable)


def bury(task: Task) -> Transition:
    return fail(task, is_retryable=False)


def expire(task: Task) -> Transition:
    return lifecycle.expire(task, now=AFTER_LEASE, policy=POLICY, retention=RETENTION, jitter=0.5)


def give_back(task: Task) -> Transition:
    return lifecycle.give_back(task, due=NOW + timedelta(seconds=2))


def cancel(task: Task) -> Transition:
    return lifecycle.cancel(task.id, now=NOW, retention=RETENTION)


def replay(task: Task) -> Transition:
    return lifecycle.replay(task, now=NOW, note="replayed by ann: the database is back")


def discard(task: Task) -> Transition:
    return lifecycle.discard(task, now=NOW, retention=RETENTION, note="discarded by ann: no such shop")


MOVES: Final[dict[str, Move]] = {
    "claim": claim,
    "heartbeat": heartbeat,
    "complete": complete,
    "fail": fail,
    "bury": bury,
    "expire": expire,
    "give_back": give_back,
    "fence": lifecycle.fence,
    "cancel": cancel,
    "replay": replay,
    "discard": discard,
}

STATES: Final[dict[str, tuple[Move, ...]]] = {
    "queued": (),
    "fenced": (lifecycle.fence,),
    "running": (claim,),
    "waiting for its retry": (claim, fail),
    "given back": (claim, give_back),
    "running again": (claim, fail, claim),
    "done": (claim, complete),
    "dead": (claim, bury),
    "cancelled": (cancel,),
    "replayed": (claim, bury, replay),
    "discarded": (claim, bury, discard),
}
"""By which moves each is reached from a new task."""


def brought(store: TaskStore, task: Task, state: str) -> Task:
    """`task`, written and brought into `state`."""
    store.create([task])
    for move in STATES[state]:
        task = store.apply(move(task))
    return task


def _latest(task: Task) -> int:
    """Of a task that was never claimed nobody can speak, but someone may try: as of attempt 1."""
    return max(1, task.attempt)
