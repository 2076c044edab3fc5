"""Time series of CloudWatch, as sosw's health metrics ask for them, and the one value that is made of their points."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sosw.domain import jsontext
from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.health import CLOUDWATCH, Query, Reading
from sosw.domain.measures import CLOUDWATCH_KEYS

SLICE = "MetricAggregationTimeSlice"
SLICE_SECONDS = 300
"""sosw's: the value is made of all points of so much time. 0: it is that of the latest point."""
LOOK_BACK = timedelta(minutes=10)
"""A latest point that is older is none: CloudWatch has the points of most services within three minutes."""
SHORTEST_LOOK_BACK = 3
"""Periods that are looked through at least."""
MINUTE = timedelta(minutes=1)

Point = tuple[datetime, float]
"""The moment at which its period begins, and the value."""

_OVER_A_SLICE: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {"Average": statistics.mean, "Maximum": max, "Minimum": min, "Sum": sum, "SampleCount": sum}
)
"""One value of all points of a slice. Of a percentile there is none: the latest point stands for it."""
_GROWING = ("Sum", "SampleCount")
"""Too low until their period is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What is asked of CloudWatch."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """Names and values."""
    statistic: str = "Average"
    """`Average`, `Maximum`, `Minimum`, `Sum`, `SampleCount`, or an extended one such as `p99`."""
    period: int = 60
    """Seconds of a point."""
    unit: str | None = None
    slice: timedelta | None = None
    """The value is made of all points of this time until now; None: it is that of the latest point."""

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> Series:
        """From `details` of a query; raises `InvalidInput` for the first thing that is wrong."""
        for key in details:
            if key not in CLOUDWATCH_KEYS:
                raise invalid(f"details.{key}", details[key], "is not asked for", did_you_mean(key, CLOUDWATCH_KEYS))
        seconds = _seconds(details, SLICE, SLICE_SECONDS, least=0)
        unit = details.get("Unit")
        return cls(
            namespace=_text(details, "Namespace"),
            name=_text(details, "MetricName"),
            dimensions=_dimensions(details.get("Dimensions", [])),
            statistic=_statistic(details),
            period=_seconds(details, "Period", 60, least=1),
            unit=None if unit is None else _text(details, "Unit"),
            slice=timedelta(seconds=seconds) if seconds else None,
        )

    @property
    def look_back(self) -> timedelta:
        """How far the points are looked for."""
        return self.slice or max(LOOK_BACK, SHORTEST_LOOK_BACK * timedelta(seconds=self.period))

    def since(self, now: datetime) -> datetime:
        """The first moment whose point counts, in whole minutes as CloudWatch has them."""
        start = now - self.look_back
        return start.replace(second=0, microsecond=0)

    def reading(self, points: Iterable[Point], now: datetime) -> Reading:
        """Of its points in any order; those before `since` do not count."""
        is_growing = self.slice is None and self.statistic in _GROWING
        until = now - timedelta(seconds=self.period) if is_growing else now + MINUTE
        fit = sorted(point for point in points if self.since(now) <= point[0] <= until)
        if not fit:
            return Reading(problem=f"{self} has no data of the last {self.look_back.total_seconds():.0f} s")
        whole = _OVER_A_SLICE.get(self.statistic) if self.slice else None
        if whole is None:
            at, value = fit[-1]
            return Reading(value=float(value), at=at, over=timedelta(seconds=self.period))
        value = whole([value for _, value in fit])
        over = fit[-1][0] + timedelta(seconds=self.period) - fit[0][0]
        return Reading(value=float(value), at=fit[0][0], over=over)

    def __str__(self) -> str:
        """As people know it: `AWS/RDS CPUUtilization (DBInstanceIdentifier=orders)`."""
        dimensions = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" ({dimensions})" if dimensions else "")


def latest(query: Query) -> Query:
    """The same, of the latest point where it does not say what time it is of: a controller is not served by means."""
    details = jsontext.load(query.details) if query.source == CLOUDWATCH else None
    if not isinstance(details, dict) or SLICE in details:
        return query
    return Query(source=query.source, details=jsontext.dump(dict(sorted({**details, SLICE: 0}.items()))))


def _text(details: Mapping[str, Any], key: str) -> str:
    value = details.get(key)
    if not isinstance(value, str) or not value:
        raise invalid(f"details.{key}", value, "must be a text")
    return value


def _seconds(details: Mapping[str, Any], key: str, default: int, *, least: int) -> int:
    value = details.get(key, default)
    if type(value) is not int or value < least:
        raise invalid(f"details.{key}", value, f"must be a whole number of seconds, {least} or more")
    return value


def _dimensions(given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, list) or not all(
        isinstance(each, dict) and set(each) == {"Name", "Value"} for each in given
    ):
        raise invalid("details.Dimensions", given, 'must be a list of {"Name": …, "Value": …}')
    return tuple((_text(each, "Name"), _text(each, "Value")) for each in given)


def _statistic(details: Mapping[str, Any]) -> str:
    """The one that either list names."""
    lists = [details[key] for key in ("Statistics", "ExtendedStatistics") if key in details]
    names = [name for each in lists for name in (each if isinstance(each, list) else [None])] if lists else ["Average"]
    if len(names) != 1 or not isinstance(names[0], str) or not names[0]:
        raise invalid("details.Statistics", names, "must be a list of one statistic, here or in ExtendedStatistics")
    return names[0]
