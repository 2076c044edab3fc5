"""Health: what is measured, and how a measurement feels, from 0 (bad) to 4 (high)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType

BAD, POOR, MODERATE, GOOD, HIGH = range(5)
COEFFICIENTS: Mapping[int, float] = MappingProxyType({BAD: 0.0, POOR: 0.0, MODERATE: 0.5, GOOD: 0.75, HIGH: 1.0})
"""The share of its limit that a labourer has at each health, as in sosw 0.7."""

CLOUDWATCH, ALARM, SIGNALS = "cloudwatch", "alarm", "signals"
"""The sources that are built in; others come by the entry point group `sosw.health`."""


class OnMissing(str, Enum):
    """What holds while a measurement is missing: the condition is stated, and never stops a labourer by itself."""

    HOLD = "hold"
    """What held before it went missing."""
    FLOOR = "floor"
    """The worst: the limit of a bad health, a resource's floor."""
    IGNORE = "ignore"
    """As if it were not declared."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a source. Equal queries are asked once."""

    source: str
    """`cloudwatch`, `alarm`, `signals`, or the name of an entry point of the group `sosw.health`."""
    details: str
    """The JSON of an object, with sorted keys, as the source understands it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source answered."""

    value: float | None = None
    """None where there is none."""
    at: datetime | None = None
    """When it was measured; where it was measured over a time, the beginning of that, as CloudWatch tells it."""
    over: timedelta = timedelta(seconds=60)
    """How long it was measured, from `at`."""
    problem: str = ""
    """Why there is no value, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthMetric:
    """One of a labourer's `health_metrics`."""

    name: str
    query: Query
    feelings: Mapping[int, float] = field(default_factory=dict)
    """Threshold of each health 0 … 4 that is declared."""
    operator: str = ">="
    """How a value is compared with a threshold: `>=`, `>`, `<=`, `<`, `==`."""
    on_missing: OnMissing = OnMissing.HOLD
