"""What the tests of the controller share: a resource, and short ways to drive it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sosw.domain.controller import react, steer
from sosw.domain.health import Query, Reading
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.signals import Signals
from sosw.domain.standing import Budget
from tests.factories import NOW, seconds

RDS = Resource(
    name=ResourceName("rds:orders"),
    query=Query(source="cloudwatch", details="{}"),
    label="CPU",
    unit="%",
    target=70.0,
    band=5.0,
    floor=2,
    ceiling=100,
    start=40,
    increase=4,
)
ALONE = replace(RDS, query=None)
"""Nothing measures it."""


def steered(
    budget: Budget, load: float | None, minute: float, in_use: int, resource: Resource = RDS, **reading: Any
) -> Budget:
    """After a reading of the minute that ends at `minute`."""
    at = NOW + seconds(60 * minute)
    measured = {"at": at - seconds(60)} if load is not None else {}
    return steer(resource, budget, Reading(value=load, **{**measured, **reading}), in_use=in_use, now=at)


def told(budget: Budget, second: float, resource: Resource = RDS, **signals: Any) -> Budget:
    """After signals at `second`."""
    return react(resource, budget, Signals(**signals), NOW + seconds(second))


def calls(count: int, latency: float, ended: int = 0, **errors: int) -> dict[str, Any]:
    """Signals of calls that took all alike."""
    return {
        "count": count + sum(errors.values()),
        "timed": count,
        "seconds": count * latency,
        "squares": count * latency**2 * 1.05,
        "errors": errors,
        "ended": ended,
    }


def calm(budget: Budget, since: int, until: int, latency: float = 0.1, resource: Resource = RDS) -> Budget:
    """After calls of the same latency, 20 a second."""
    for second in range(since, until):
        budget = told(budget, second, resource, **calls(20, latency, ended=2))
    return budget


def confirmed(minutes: int = 3, load: float = 70.0, latency: float = 0.1, resource: Resource = RDS) -> Budget:
    """A budget of 40 in use, with readings in the band, and latencies that they have confirmed."""
    budget = Budget(limit=40.0, shares={})
    for minute in range(minutes):
        budget = calm(budget, minute * 60, minute * 60 + 60, latency, resource)
        budget = steered(budget, load, minute + 1, 40, resource)
    return budget
