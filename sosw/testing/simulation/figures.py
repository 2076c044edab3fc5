"""What a simulation has shown: kept while it runs, told when it has ended."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState
from sosw.testing.simulation.engine import Engine

NOTHING = timedelta()


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt of a task."""

    task_id: TaskId
    job_id: JobId
    labourer: LabourerName
    number: int
    created_at: datetime
    due_at: datetime
    """Since when it might have been started."""
    claimed_at: datetime
    begun_at: datetime | None = None
    """When the Worker's code began."""


@dataclass(slots=True)
class Usage:
    """Of a labourer's slots, while something waited for one."""

    allowed: timedelta = NOTHING
    """Slots × time."""
    taken: timedelta = NOTHING
    """By attempts, from their claim to their end in the table."""
    busy: timedelta = NOTHING
    """By the code of Workers."""
    most: int = 0
    """Attempts that ran at once."""
    overshoot: int = 0
    """Attempts above the limit when one was claimed, at most."""


@dataclass(slots=True)
class _Now:
    waiting: int = 0
    running: int = 0
    at_work: int = 0
    since: datetime | None = None


@dataclass(slots=True)
class Figures:
    """What was seen. Shares are of 1; a percentile of nothing is no time."""

    usage: dict[LabourerName, Usage] = field(default_factory=lambda: defaultdict(Usage))
    attempts: list[Attempt] = field(default_factory=list)
    """In the order of their claims."""
    ended_at: datetime | None = None
    """When all was closed; None while something is open."""

    def utilisation(self, labourer: str) -> float:
        """The share of its allowed slots that held an attempt, while something waited."""
        usage = self.usage[LabourerName(labourer)]
        return usage.taken / usage.allowed if usage.allowed else 0.0

    def at_work(self, labourer: str) -> float:
        """The share of its allowed slots in which a Worker's code ran, while something waited."""
        usage = self.usage[LabourerName(labourer)]
        return usage.busy / usage.allowed if usage.allowed else 0.0

    def start_delay(self, percent: float) -> timedelta:
        """From the moment when an attempt was due to the begin of its code."""
        return percentile([a.begun_at - a.due_at for a in self.attempts if a.begun_at], percent)

    def waits(self, by: Callable[[Attempt], str] = lambda attempt: attempt.job_id) -> dict[str, list[timedelta]]:
        """From the creation of tasks to the claim of their first attempts, for each job, or `by` something else."""
        waits: defaultdict[str, list[timedelta]] = defaultdict(list)
        for attempt in self.attempts:
            if attempt.number == 1:
                waits[by(attempt)].append(attempt.claimed_at - attempt.created_at)
        return dict(waits)

    @property
    def overshoot(self) -> int:
        """Attempts above a labourer's limit, at most."""
        return max((usage.overshoot for usage in self.usage.values()), default=0)


def percentile(values: list[timedelta], percent: float) -> timedelta:
    """The smallest value that `percent` of them do not exceed."""
    if not values:
        return NOTHING
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


class Observer:
    """Looks at every write of a task and at every Worker."""

    def __init__(self, engine: Engine, limit: Callable[[LabourerName], int]) -> None:
        """`limit` is that in force now."""
        self.figures, self._engine, self._limit = Figures(), engine, limit
        self._now: dict[LabourerName, _Now] = defaultdict(_Now)
        self._attempts: dict[tuple[TaskId, int], Attempt] = {}
        self._waiting: set[TaskId] = set()
        """Tasks that are counted as waiting."""
        self._open: dict[TaskId, int] = {}
        """The versions of the tasks that are not closed."""

    @property
    def is_all_closed(self) -> bool:
        """Of the tasks that there are."""
        return not self._open

    def note(self, before: Task | None, after: Task) -> None:
        """A write took effect."""
        self._pass_time(after.labourer)
        now = self._now[after.labourer]
        if after.id in self._waiting:
            self._waiting.discard(after.id)
            now.waiting -= 1
        now.running += (after.state is TaskState.RUNNING) - (before is not None and before.state is TaskState.RUNNING)
        if after.state is TaskState.RUNNING and before and before.state is TaskState.QUEUED:
            self._claimed(before, after, now)
        if after.state.is_closed:
            self._open.pop(after.id, None)
        else:
            self._open[after.id] = after.version
        if after.state is TaskState.QUEUED and after.greenfield <= self._engine.clock.now():
            self._fall_due(after)
        elif after.state is TaskState.QUEUED:
            self._engine.at(after.greenfield, lambda: self._fall_due(after))

    def _claimed(self, before: Task, after: Task, now: _Now) -> None:
        usage = self.figures.usage[after.labourer]
        usage.most = max(usage.most, now.running)
        usage.overshoot = max(usage.overshoot, now.running - self._limit(after.labourer))
        attempt = Attempt(
            task_id=after.id, job_id=after.job_id, labourer=after.labourer, number=after.attempt,
            created_at=after.created_at, due_at=max(before.greenfield, after.created_at),
            claimed_at=self._engine.clock.now(),
        )  # fmt: skip
        self._attempts[(after.id, after.attempt)] = attempt
        self.figures.attempts.append(attempt)

    def begin(self, labourer: LabourerName, task_id: TaskId, number: int) -> None:
        """The code of a Worker begins."""
        self._pass_time(labourer)
        self._now[labourer].at_work += 1
        self._attempts[(task_id, number)].begun_at = self._engine.clock.now()

    def end(self, labourer: LabourerName) -> None:
        """The code of a Worker has ended."""
        self._pass_time(labourer)
        self._now[labourer].at_work -= 1

    def _fall_due(self, task: Task) -> None:
        """Unless it was moved meanwhile."""
        if self._open.get(task.id) == task.version:
            self._pass_time(task.labourer)
            self._now[task.labourer].waiting += 1
            self._waiting.add(task.id)

    def _pass_time(self, labourer: LabourerName) -> None:
        now, moment = self._now[labourer], self._engine.clock.now()
        if now.since is not None and now.waiting:
            passed, usage = moment - now.since, self.figures.usage[labourer]
            usage.allowed += passed * self._limit(labourer)
            usage.taken += passed * min(now.running, self._limit(labourer))
            usage.busy += passed * min(now.at_work, self._limit(labourer))
        now.since = moment
