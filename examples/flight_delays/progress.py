"""Follows a job until every task is closed: a live line on a terminal, a plain one every two seconds elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sosw.domain.task import JobId, Task, TaskId, TaskState, task_id

_LOOK_EVERY = 0.5
_SAY_EVERY = 2.0


class Tasks(Protocol):
    """Where tasks can be looked up: any task store of sosw."""

    def get_many(self, ids: Iterable[TaskId], /) -> Mapping[TaskId, Task]: ...


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Where the tasks of a job stand."""

    total: int
    """Tasks that the job must have."""
    queued: int = 0
    running: int = 0
    done: int = 0
    dead: int = 0
    cancelled: int = 0

    @property
    def closed(self) -> int:
        return self.done + self.dead + self.cancelled

    @property
    def lost(self) -> int:
        """Tasks that are nowhere."""
        return self.total - self.queued - self.running - self.closed

    def __str__(self) -> str:
        return f"{self.done} done, {self.running} running, {self.queued} queued, {self.dead} dead"


class JobWatch:
    """Reads the tasks of a job by their ids; those that it saw closed are not read again."""

    def __init__(self, tasks: Tasks, job_id: JobId, total: int) -> None:
        self._tasks = tasks
        self._open = [task_id(job_id, number) for number in range(total)]
        self.total = total
        self.closed: dict[TaskId, Task] = {}

    def look(self) -> Counts:
        found = self._tasks.get_many(self._open)
        self.closed |= {id_: task for id_, task in found.items() if task.state.is_closed}
        self._open = [id_ for id_ in self._open if id_ not in self.closed]
        states = Counter(task.state for task in (*self.closed.values(), *(found[i] for i in self._open if i in found)))
        return Counts(total=self.total, **{state.value: states[state] for state in TaskState})


def follow(
    watch: JobWatch,
    console: Console,
    *,
    seconds: float,
    now: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Counts:
    """Where the tasks stand in the end: all closed, or after `seconds`, whichever comes first."""
    start = now()
    with _display(console, watch.total) as show:
        while True:
            counts, elapsed = watch.look(), now() - start
            show(counts, elapsed)
            if counts.closed == counts.total or elapsed > seconds:
                return counts
            pause(_LOOK_EVERY)


Show = Callable[[Counts, float], None]


@contextmanager
def _display(console: Console, total: int) -> Iterator[Show]:
    if not console.is_terminal:
        yield _plain(console)
        return
    columns = (TextColumn("flight-delays"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("", total=total)
        yield lambda counts, elapsed: progress.update(
            bar, completed=counts.closed, description=f"{_coloured(counts)}, {_rate(counts, elapsed)}"
        )


def _plain(console: Console) -> Show:
    said = -_SAY_EVERY

    def show(counts: Counts, elapsed: float) -> None:
        nonlocal said
        if elapsed - said >= _SAY_EVERY or counts.closed == counts.total:
            said = elapsed
            line = f"{elapsed:5.1f} s  {counts.closed}/{counts.total}  {counts}, {_rate(counts, elapsed)}"
            console.print(line, highlight=False, soft_wrap=True)

    return show


def _rate(counts: Counts, elapsed: float) -> str:
    return f"{counts.closed / elapsed if elapsed else 0:.1f} tasks/s"


def _coloured(counts: Counts) -> str:
    return (
        f"[green]{counts.done} done[/], [yellow]{counts.running} running[/], "
        f"{counts.queued} queued, [red]{counts.dead} dead[/]"
    )
