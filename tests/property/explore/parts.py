"""What a system is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.slots import SlotRow
from sosw.domain.task import JobId, Task, task_id
from tests.property.explore.ground import number_of
from tests.property.world import roles
from tests.property.world.stepping import Call

JOB = JobId("c")
"""The job of four tasks that the witness knows."""


def a_task(number: int, now: datetime) -> Task:
    """As a Scheduler has created it: ready, behind those before it."""
    task = Task(
        id=task_id(JOB, number), job_id=JOB, labourer=roles.LABOURER, payload={"shops": [number]}, created_at=now,
        greenfield=now,
    )  # fmt: skip
    return lifecycle.queued(task, tag=number)


def look_at_call(call: Call, invoked: tuple[tuple[int, int], ...]) -> None:
    """What is given back was never invoked."""
    if call.name == "apply_one" and call.args[0].move == "give_back":
        attempt = (number_of(call.args[0].task_id), call.args[0].attempt)
        assert attempt not in invoked, f"2: attempt {attempt} was invoked, and is given back"


def look_at_move(move: lifecycle.Transition, things: Sequence[Any], tasks: tuple[int, ...], now: datetime) -> None:
    """A move that took effect: what is expired has no lease any more."""
    old = things[tasks[number_of(move.task_id)]]
    assert move.move != "expire" or old.greenfield <= now, "2: an attempt is expired within its lease"


def is_wake(call: Call) -> bool:
    """Of the Orchestrator, which may begin at any moment anyhow."""
    return call.name == "start" and "task_id" not in call.args[1]


TURN = "turn"
"""Asks who of so many goes on: it is no call, but a choice."""


def in_any_order(reach: Callable[[Call], Any]) -> Callable[[Callable[[Any], None], Iterable[Any]], None]:
    """Of what is done in parallel, rows are written in any order. The order of the rest makes no difference."""

    def in_parallel(call: Callable[[Any], None], items: Iterable[Any]) -> None:
        left = list(items)
        while left:
            is_open = len(left) > 1 and all(isinstance(item, tuple) and isinstance(item[-1], SlotRow) for item in left)
            call(left.pop(reach(Call(TURN, (len(left),))) if is_open else 0))

    return in_parallel
