"""Resources: what labourers share, such as a database, and how much of it they may use together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.health import OnMissing
from sosw.domain.records import ResourceName

if TYPE_CHECKING:
    from sosw.domain.health import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The declared settings of a resource. Its budget is a number of attempts at once, of all who draw on it."""

    name: ResourceName
    """`rds:orders`"""
    query: Query | None
    """What measures its load; None where only what Workers signal steers it."""
    label: str = "load"
    """What is measured, for people: `CPU`."""
    unit: str = ""
    """`%`"""
    target: float
    """The load to hold, > 0."""
    band: float
    """> 0: within target ± band nothing changes."""
    floor: int = 1
    """0 … 10,000 attempts: the budget is never lower."""
    ceiling: int
    """floor … 10,000 attempts: the budget is never higher."""
    start: int | None = None
    """Budget before the first reading: floor … ceiling; the floor, if not given."""
    increase: int = 1
    """1 … 1,000 attempts: the first step of a rise, which then ramps."""
    decrease: float = 0.5
    """0 < … < 1: the deepest cut at once leaves this share of the budget."""
    settle: timedelta = timedelta(seconds=60)
    """1 … 3,600 s between two changes by the slow loop: until a change shows in the measurement."""
    on_missing: OnMissing = OnMissing.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A token bucket: so many starts a second, and so many at once after a pause."""

    per_second: float
    """0 < … ≤ 10,000"""
    burst: int
    """1 … 10,000"""
