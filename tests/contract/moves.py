"""The moves of a task and the ways into each state, for tests to go through them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from sosw.domain import lifecycle
from sosw.domain.lifecycle import Transition
from sosw.domain.retry import RetryPolicy
from sosw.domain.task import Failure, Invocation, Task
from sosw.ports import TaskStore

NOW: Final = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
LEASE: Final = timedelta(seconds=1200)
RETENTION: Final = timedelta(days=30)
POLICY: Final = RetryPolicy(max_attempts=3, base=timedelta(seconds=60), cap=timedelta(hours=1))
INVOCATION: Final = Invocation(
    request_id="6f0a9d0e-4f2c-4c7e-9a51-0d6f2b8c1e11", log_stream="2026/01/01/[$LATEST]4f2c4c7e9a510d6f2b8c1e116f0a9d0e"
)
TRACE: Final = "app.py:12 __call__ > delays/reading.py:140 minutes_of > delays/parsing.py:17 number"
AFTER_LEASE: Final = NOW + LEASE

Move = Callable[[Task], Transition]


def claim(task: Task) -> Transition:
    return lifecycle.claim(task, row=2, now=NOW, lease=LEASE)


def heartbeat(task: Task) -> Transition:
    said = {"progress": 0.4, "note": "12 of 30 shops", "result": {"rows": 1}, **INVOCATION.fields}
    return lifecycle.heartbeat(task.id, attempt=_latest(task), lease_until=NOW + 2 * LEASE, said=said)


def complete(task: Task) -> Transition:
    result, stats = {"rows": 3}, {"read": 1}
    told: dict[str, Any] = {"result": result, "stats": stats, "invocation": INVOCATION}
    return lifecycle.complete(task.id, attempt=_latest(task), now=NOW, retention=RETENTION, **told)


def fail(task: Task, *, is_retryable: bool = True) -> Transition:
    failure = Failure(
        attempt=_latest(task), at=NOW, error="ValueError", message="no such shop", trace=TRACE, started_at=NOW,
        **INVOCATION.fields,
    )  # fmt: skip
    return lifecycle.fail(task, failure, policy=POLICY, retention=RETENTION, jitter=0.5, is_retryable=is_retryable)


def snooze(task: Task) -> Transition:
    delay = timedelta(minutes=10)
    return lifecycle.snooze(
        task, attempt=_latest(task), now=NOW, delay=delay, policy=POLICY, retention=RETENTION, note="too early"
    )


def bury(task: Task) -> Transition:
    return fail(task, is_retryable=False)


def expire(task: Task) -> Transition:
    return lifecycle.expire(task, now=AFTER_LEASE, policy=POLICY, retention=RETENTION, jitter=0.5)


def give_back(task: Task) -> Transition:
    return lifecycle.give_back(task, due=NOW + timedelta(seconds=2))


def cancel(task: Task) -> Transition:
    return lifecycle.cancel(task.id, now=NOW, retention=RETENTION)


def replay(task: Task) -> Transition:
    return lifecycle.replay(task, now=NOW, ruling="replayed by ann: the database is back")


def discard(task: Task) -> Transition:
    return lifecycle.discard(task, now=NOW, retention=RETENTION, ruling="discarded by ann: no such shop")


MOVES: Final[dict[str, Move]] = {
    "claim": claim,
    "heartbeat": heartbeat,
    "complete": complete,
    "fail": fail,
    "bury": bury,
    "snooze": snooze,
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
    "snoozed": (claim, snooze),
    "waiting after heartbeats": (claim, heartbeat, fail),
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
