"""What is measured for graphs and alarms: the metrics, whose they are, and the lines that an invocation publishes.

They are for people: nothing is decided on them, and nothing is read or called for their sake in the path of a task.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from sosw.domain.records import ResourceName
from sosw.domain.task import LabourerName

NAMESPACE = "sosw"
ENVIRONMENT, LABOURER, RESOURCE, SERVICE = "environment", "labourer", "resource", "service"
"""The dimensions. Every line has the first one: two environments of an account never mix."""


class Level(str, Enum):
    """What is published: CloudWatch bills every metric of every labourer."""

    ALL = "all"
    """Of the environment, and of each labourer and resource."""
    ENVIRONMENT = "environment"
    """Of the environment as a whole."""
    NONE = "none"


class Unit(str, Enum):
    """As CloudWatch calls them."""

    COUNT = "Count"
    SECONDS = "Seconds"
    MILLISECONDS = "Milliseconds"
    NONE = "None"


class Fold(Enum):
    """What becomes of several values of one invocation: of one labourer, and of all of them for the environment."""

    SUM = "sum"
    HIGHEST = "highest"
    LOWEST = "lowest"
    EACH = "each"
    """All are kept: for percentiles."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One of `METRICS`, or a count of an Essential."""

    name: str
    unit: Unit = Unit.COUNT
    fold: Fold = Fold.SUM
    is_of_each: bool = False
    """It says something of one labourer or resource alone, and nothing of all of them together."""

    def folded(self, values: Sequence[float]) -> list[float]:
        """Of one invocation's values, those that are published."""
        match self.fold:
            case Fold.SUM:
                return [sum(values)]
            case Fold.HIGHEST:
                return [max(values)]
            case Fold.LOWEST:
                return [min(values)]
            case Fold.EACH:  # pragma: no branch  (there is no fifth)
                return list(values)


QUEUED = Metric("queued")
"""Tasks that are due and wait, as the minute's look at their line counts them, before it starts any."""
OLDEST = Metric("oldest", Unit.SECONDS, Fold.HIGHEST)
"""How long ago the oldest of them fell due, as far as that look shows."""
RUNNING = Metric("running")
"""Slots that are taken, as the minute's sweep finds them."""
LIMIT = Metric("limit")
"""Slots that there are, as the same sweep finds them: right whenever something waits, for its limit sizes them then."""
HEALTH = Metric("health", Unit.NONE, Fold.LOWEST)
"""0 bad … 4 high, of a labourer with health metrics."""
CREATED = Metric("created")
"""Tasks, from the stream."""
STARTED = Metric("started")
"""Attempts that were handed over to Lambda."""
DISPATCH_DELAY = Metric("dispatch_delay", Unit.MILLISECONDS, Fold.EACH)
"""Of each of them: from the moment when its task was due. The wait for a free slot is in it."""
DONE = Metric("done")
"""Tasks that ended well, from the stream."""
FAILED = Metric("failed")
"""Attempts that failed, from the stream."""
DEAD = Metric("dead")
"""Tasks that died, when people are told of them."""
UNTOLD = Metric("untold")
"""Deaths that the topic, or a function, did not take, each minute in which it was tried: `DEAD` waits for the topic."""
OPEN = Metric("open", fold=Fold.HIGHEST, is_of_each=True)
"""Tasks of a labourer that wait, for now or for later, or run: by its totals, when the stream has told of a change."""
BUDGET = Metric("budget", is_of_each=True)
"""Attempts that a resource allows at once."""
LOAD = Metric("load", Unit.NONE, Fold.HIGHEST, is_of_each=True)
"""Of a resource, when it was last measured."""

METRICS = (
    *(QUEUED, OLDEST, RUNNING, LIMIT, HEALTH, CREATED, STARTED, DISPATCH_DELAY, DONE, FAILED, DEAD),
    *(UNTOLD, OPEN, BUDGET, LOAD),
)

TROUBLES = (
    *("archive_failed", "archive_late", "expired", "jobs_resumed", "labourers_failed", "loans_refused"),
    *("signals_dropped", "signals_undeclared", "tasks_failed_to_sweep", "ticks_failed", "totals_mended"),
)
"""Counts of the Essentials that are metrics, too: what they count when all is well is in their summary lines alone."""


class Owner(NamedTuple):
    """Whose a number is."""

    dimension: str
    name: str

    @classmethod
    def labourer(cls, name: LabourerName) -> Owner:
        """Its numbers are part of the environment's, but for those that are `is_of_each`."""
        return cls(LABOURER, name)

    @classmethod
    def resource(cls, name: ResourceName) -> Owner:
        """Its numbers are its own."""
        return cls(RESOURCE, name)


class Note(NamedTuple):
    """A number that was measured."""

    metric: Metric
    value: float
    owner: Owner | None = None
    """None: the environment's own."""


class Line(NamedTuple):
    """Numbers of one set of dimensions, published together."""

    dimensions: Mapping[str, str]
    values: Mapping[Metric, Sequence[float]]


def lines(notes: Iterable[Note], environment: str, level: Level) -> list[Line]:
    """What is published of one invocation's notes: a line for the environment, and with `ALL` one for each owner."""
    own: defaultdict[Owner | None, defaultdict[Metric, list[float]]] = defaultdict(lambda: defaultdict(list))
    for note in notes:
        own[note.owner][note.metric].append(note.value)
        if note.owner is not None and not note.metric.is_of_each:
            own[None][note.metric].append(note.value)
    told = {Level.ALL: own.keys(), Level.ENVIRONMENT: {None} & own.keys(), Level.NONE: set[Owner | None]()}[level]
    return [_line(environment, owner, values) for owner, values in own.items() if owner in told]


def _line(environment: str, owner: Owner | None, values: Mapping[Metric, Sequence[float]]) -> Line:
    dimensions = {ENVIRONMENT: environment} | ({owner.dimension: owner.name} if owner else {})
    return Line(dimensions, {metric: metric.folded(noted) for metric, noted in values.items()})
