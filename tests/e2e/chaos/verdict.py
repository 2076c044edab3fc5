"""What must hold when all is over, judged from three accounts that do not know of each other.

The *witnesses* are the lines that Workers left at the begin and the end of each attempt, and the moments at which
processes were killed. The *history* is every change of every task, from the table's stream. The *tasks* are the rows as
they stand at the end.

An attempt runs at most once, and a task may need several: its work is done at least once. What happens exactly once is
its end. So *lost* is a task that is not there, not closed, closed as done though no attempt of it came to its end, or
changed without a trace. *Twice* is a task that was closed more than once or changed afterwards, one whose result is not
its latest attempt's, an attempt that failed twice or began twice, and an attempt that began while an earlier one of the
same task still ran: it had not ended, its process lived, and its lease was not over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sosw.domain.task import Task, TaskId, TaskState

Line = Mapping[str, Any]
"""`what`: begin, return, raise, or killed; `pid`, `at` (s since the epoch); of the first three `task`, `attempt`,
`lease_until`.
"""

AIM = 1.0
"""Seconds that may pass from writing down a death to the death. An earlier one is another process's of that number."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of the Worker's code."""

    task: TaskId
    attempt: int
    begin: float
    ended: float | None
    """By its own word, or with its process; None when nobody knows."""
    lease_until: float
    has_returned: bool

    @property
    def over(self) -> float:
        """From when on another attempt may begin."""
        return self.lease_until if self.ended is None else self.ended


@dataclass(frozen=True)
class Step:
    """A task as one write left it."""

    version: int
    state: TaskState


@dataclass(kw_only=True)
class Verdict:
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    done: int = 0
    dead: int = 0


def runs(lines: Iterable[Line]) -> list[Run]:
    """What the lines tell of, by the moment of the begin."""
    begun: list[Line] = []
    ends: dict[tuple[int, str, int], Line] = {}
    deaths: defaultdict[int, list[float]] = defaultdict(list)
    for line in lines:
        if line["what"] == "begin":
            begun.append(line)
        elif line["what"] == "killed":
            deaths[line["pid"]].append(line["at"])
        else:
            ends[line["pid"], line["task"], line["attempt"]] = line
    return sorted((_run(line, ends, deaths) for line in begun), key=lambda run: run.begin)


def _run(begin: Line, ends: Mapping[tuple[int, str, int], Line], deaths: Mapping[int, Sequence[float]]) -> Run:
    end = ends.get((begin["pid"], begin["task"], begin["attempt"]))
    after = [at for at in deaths.get(begin["pid"], ()) if at >= begin["at"] - AIM]
    ended = end["at"] if end else max(min(after), begin["at"]) if after else None
    return Run(
        task=TaskId(begin["task"]),
        attempt=begin["attempt"],
        begin=begin["at"],
        ended=ended,
        lease_until=begin["lease_until"],
        has_returned=end is not None and end["what"] == "return",
    )


def judge(
    expected: Sequence[TaskId],
    *,
    tasks: Mapping[TaskId, Task],
    history: Mapping[TaskId, Sequence[Step]],
    seen: Sequence[Run],
    poison: TaskId,
) -> Verdict:
    """Every sentence of the verdict names a task."""
    verdict = Verdict()
    by_task: defaultdict[TaskId, list[Run]] = defaultdict(list)
    for run in seen:
        by_task[run.task].append(run)
    for name in expected:
        task, steps, its = tasks.get(name), history.get(name, ()), by_task[name]
        wanted = TaskState.DEAD if name == poison else TaskState.DONE
        verdict.lost += [f"{name}: {why}" for why in _lost(task, steps, its, wanted)]
        verdict.twice += [f"{name}: {why}" for why in _twice(task, steps, its)]
    verdict.done = sum(task.state is TaskState.DONE for task in tasks.values())
    verdict.dead = sum(task.state is TaskState.DEAD for task in tasks.values())
    return verdict


def _lost(task: Task | None, steps: Sequence[Step], its: Sequence[Run], wanted: TaskState) -> Iterator[str]:
    if task is None:
        yield "is not there"
        return
    if task.state is not wanted:
        yield f"is {task.state.value}, not {wanted.value}: {task.failures}"
    if task.state is TaskState.DONE and not any(run.attempt == task.attempt and run.has_returned for run in its):
        yield f"is done by attempt {task.attempt}, which never came to its end"
    versions = [step.version for step in steps]
    if versions != list(range(1, task.version + 1)):
        yield f"is at version {task.version}, and the stream tells of {versions}"


def _twice(task: Task | None, steps: Sequence[Step], its: Sequence[Run]) -> Iterator[str]:
    closings = sum(now.state.is_closed and not before.state.is_closed for before, now in pairwise(steps))
    if closings > 1:
        yield f"was closed {closings} times"
    if any(before.state.is_closed for before, _ in pairwise(steps)):
        yield f"was changed after its end: {[step.state.value for step in steps]}"
    if task and task.state is TaskState.DONE and task.result != {"attempt": task.attempt}:
        yield f"is done by attempt {task.attempt}, with the result of another: {task.result}"
    failed = Counter(failure.attempt for failure in (task.failures if task else ()))
    yield from (f"attempt {attempt} failed {times} times" for attempt, times in failed.items() if times > 1)
    for before, after in pairwise(its):
        if after.attempt <= before.attempt:
            yield f"attempt {after.attempt} began after attempt {before.attempt} had begun"
        if after.begin < before.over:
            early = before.over - after.begin
            yield f"attempt {after.attempt} began {early:.3f} s before attempt {before.attempt} was over"


def most_at_once(seen: Iterable[Run]) -> int:
    """The most attempts that certainly ran at one moment."""
    edges = [edge for run in seen if run.ended is not None for edge in ((run.begin, 1), (run.ended, -1))]
    running = most = 0
    for _, step in sorted(edges):
        running += step
        most = max(most, running)
    return most
