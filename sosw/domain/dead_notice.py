"""What is told of tasks that died: to people, by a message, and to a function, by events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sosw.domain import jsontext
from sosw.domain.dead import DeadCount, error_of
from sosw.domain.jsontext import words
from sosw.domain.moments import to_ms, told
from sosw.domain.task import LabourerName, Task

EXAMPLES, ROWS = 5, 30
EXAMPLE_CHARS = 200
SUBJECT_CHARS = 100
"""What SNS takes."""
MAX_TASKS, MAX_BYTES = 100, 200_000
"""Of an event: Lambda takes 256 KB of one that nobody waits for."""


def subject(dead: DeadCount, prefix: str) -> str:
    """ASCII, as SNS wants it: `[sosw] 215 tasks died: flight-delays 212, sales 3`."""
    names = ", ".join(f"{labourer} {count:,}" for labourer, count in dead.by_labourer().most_common())
    said = f"[{prefix}] {_tasks(dead.total)} died: {names}"
    return said if len(said) <= SUBJECT_CHARS else said[: SUBJECT_CHARS - 3] + "..."


def text(dead: DeadCount, tasks: Sequence[Task], prefix: str) -> str:
    """How many of which labourer and error, some examples, and how to look at them."""
    rows, option = dead.rows(), "" if prefix == "sosw" else f" --prefix {prefix}"
    first = f"{dead.first:%Y-%m-%dT%H:%M:%SZ}" if dead.first else ""
    span = f" from {told(dead.first)} to {told(dead.last)}" if dead.first and dead.last else ""
    lines = [f"{_tasks(dead.total)} died in {prefix}{span}: no more attempts are made.", ""]
    lines += [f"{count:>8,}  {labourer}  {error or '(no error)'}" for labourer, error, count in rows[:ROWS]]
    lines += [f"{sum(count for *_, count in rows[ROWS:]):>8,}  others"] if len(rows) > ROWS else []
    lines += ["", "First:"]
    lines += [f"  {task.id}  {told(task.greenfield)}  {_example(task)}" for task in tasks[:EXAMPLES]]
    lines += ["", f"Look:   sosw dead list --since {first}{option}"]
    lines += [
        f'Replay: sosw dead replay {name} --since {first} --why "..."{option}' for name in sorted(dead.by_labourer())
    ][:EXAMPLES]
    return words("\n".join(lines)) + "\n"


def events(labourer: LabourerName, tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
    """For the function `on_dead` of the labourer: its dead tasks, as many in one event as may be."""
    group: list[dict[str, Any]] = []
    size = 0
    for task in tasks:
        letter = _letter(task)
        length = len(jsontext.dump(letter).encode())
        if length > MAX_BYTES:
            letter = {**letter, "payload": None, "is_cut": True}
            length = len(jsontext.dump(letter).encode())
        if group and (len(group) == MAX_TASKS or size + length > MAX_BYTES):
            yield {"labourer": labourer, "dead": group}
            group, size = [], 0
        group.append(letter)
        size += length
    if group:
        yield {"labourer": labourer, "dead": group}


def _letter(task: Task) -> dict[str, Any]:
    failures = [
        {"attempt": each.attempt, "at": to_ms(each.at), "error": words(each.error), "message": words(each.message)}
        for each in task.failures
    ]
    return {
        "task_id": task.id,
        "job_id": task.job_id,
        "died_at": to_ms(task.greenfield),
        "version": task.version,
        "attempts": task.tries,
        "replays": task.replays or 0,
        "reason": task.ruling and words(task.ruling),
        "error": words(error_of(task)),
        "failures": failures,
        "payload": task.payload if task.payload_at is None else None,
        "is_cut": task.payload_at is not None,
    }


def _example(task: Task) -> str:
    failure = task.failures[-1] if task.failures else None
    said = f"{failure.error}: {failure.message}" if failure and failure.message else error_of(task)
    return " ".join(said.split())[:EXAMPLE_CHARS]


def _tasks(count: int) -> str:
    return f"{count:,} task" + "s" * (count != 1)
