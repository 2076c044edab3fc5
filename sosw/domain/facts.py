"""What an explanation is made of: a labourer, a task or a resource as the tables have it at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sosw.domain.health import COEFFICIENTS
from sosw.domain.records import ResourceName
from sosw.domain.standing import Budget, Control, Decision, Standing, decide
from sosw.domain.tally import Tally
from sosw.domain.task import LabourerName, TaskId

if TYPE_CHECKING:
    from sosw.domain.errors import Problem
    from sosw.domain.job import Job
    from sosw.domain.resources import Rate, Resource
    from sosw.domain.settings import Labourer
    from sosw.domain.slots import SlotRow
    from sosw.domain.task import Task

COUNTED = 1_000
"""Due tasks that are counted; of more it is said that they are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFacts:
    """A rate of starts."""

    rate: Rate
    next_at: datetime
    """When a token is there; not after now when one is there already."""
    key: str | None = None
    """Of the tasks of that concurrency key; None for all of the labourer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """The limit of a concurrency key."""

    key: str
    running: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabourerFacts:
    """A labourer at `now`."""

    name: LabourerName
    now: datetime
    labourer: Labourer | None
    """None: it is not registered, or its settings are wrong."""
    problems: Sequence[Problem] = ()
    """What is wrong with its settings."""
    known: Sequence[str] = ()
    """Names of those that are registered."""
    standing: Standing = field(default_factory=Standing)
    tally: Tally = field(default_factory=Tally)
    """What became of its tasks so far; for people alone."""
    everything: Control = field(default_factory=Control)
    resources: Mapping[ResourceName, Resource] = field(default_factory=dict)
    """Settings of those on which it draws."""
    budgets: Mapping[ResourceName, Budget] = field(default_factory=dict)
    """Of those on which it draws."""
    coefficients: Mapping[int, float] = field(default_factory=lambda: COEFFICIENTS)
    rows: Sequence[SlotRow] = ()
    due: Sequence[TaskId] = ()
    """The first of those that are due, in the order in which they start; at most `COUNTED` + 1. May lag."""
    later: Sequence[datetime] = ()
    """When the first `COUNTED` + 1 tasks are due that wait for a moment, such as that of a retry; read where nothing is
    due.
    """
    rate: RateFacts | None = None

    @property
    def running(self) -> int:
        """Slots that are taken: by attempts that run, are about to start, or ended a moment ago."""
        return sum(len(row.names) for row in self.rows)

    @property
    def is_more(self) -> bool:
        """More are due than were counted."""
        return len(self.due) > COUNTED

    @property
    def counted_due(self) -> int:
        """How many are due; `COUNTED` where they are more."""
        return min(len(self.due), COUNTED)

    @property
    def counted(self) -> str:
        """How many are due, for people."""
        return f"more than {COUNTED:,}" if self.is_more else f"{self.counted_due:,}"

    def decision(self, labourer: Labourer) -> Decision:
        """The limit that holds for its next wave."""
        return decide(labourer, self.standing, self.everything, self.budgets, self.coefficients, now=self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task, and its labourer at that moment."""

    task: Task
    of: LabourerFacts
    job: Job | None = None
    key: KeyFacts | None = None
    """Of its concurrency key, where that is limited."""
    key_rate: RateFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFacts:
    """A resource at `now`."""

    name: ResourceName
    now: datetime
    resource: Resource | None
    """None: it is not registered, or its settings are wrong."""
    problems: Sequence[Problem] = ()
    """What is wrong with its settings."""
    known: Sequence[str] = ()
    budget: Budget = field(default_factory=Budget)
    everything: Control = field(default_factory=Control)
