"""The ten traces: a plant, the work for it, and what others do to it meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sosw.testing.plant import Plant, Work
from sosw.testing.regulation import Metric

HOUR = 3600
TARGET, BAND = 70.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One of them."""

    name: str
    about: str
    """What happens in it."""
    plant: Plant
    work: dict[str, Work]
    metric: Metric = field(default_factory=Metric)
    seconds: int = 2 * HOUR
    floor: int = 2
    start: int = 20
    ceiling: int = 300
    increase: int = 10
    band: float = BAND / 2
    """Half of what is promised: what lies within it is left alone."""


def _two(seconds: float, adds: float, **more: Callable[[float], float]) -> dict[str, Work]:
    """Two labourers: one has twice the weight of the other."""
    return {
        "reports": Work(seconds=seconds, adds=adds, weight=1.0, **more),  # type: ignore[arg-type]
        "sync": Work(seconds=seconds, adds=adds, weight=2.0, **more),  # type: ignore[arg-type]
    }


def _step(before: float, after: float, at: float) -> Callable[[float], float]:
    return lambda second: before if second < at else after


def _ramp(before: float, after: float, since: float, until: float) -> Callable[[float], float]:
    def load(second: float) -> float:
        way = min(1.0, max(0.0, (second - since) / (until - since)))
        return before + (after - before) * way

    return load


def _sawtooth(low: float, high: float, period: float) -> Callable[[float], float]:
    return lambda second: low + (high - low) * ((second % period) / period)


def _tenants(seed: int, every: float, stay: float, load: tuple[float, float]) -> Callable[[float], float]:
    """Others come by chance, one in `every` seconds, and stay for `stay` seconds in the mean."""
    random = Random(seed)
    visits: list[tuple[float, float, float]] = []
    at = 0.0
    while at < 2 * HOUR:
        at += random.expovariate(1 / every)
        visits.append((at, at + random.expovariate(1 / stay), random.uniform(*load)))
    return lambda second: 20.0 + sum(adds for since, until, adds in visits if since <= second < until)


def _waves(middle: float, height: float, period: float) -> Callable[[float], float]:
    return lambda second: middle + height * math.sin(2 * math.pi * second / period)


TRACES = (
    Trace(
        name="calm",
        about="others take 20 %, and stay there",
        plant=Plant(others=lambda _: 20.0),
        work=_two(10, 0.5),
    ),
    Trace(
        name="noise",
        about="the same, with noise of 3 %, and 2 % more in what is measured",
        plant=Plant(others=lambda _: 20.0, noise=3.0),
        work=_two(10, 0.5),
        metric=Metric(noise=2.0),
    ),
    Trace(
        name="step overload",
        about="after 50 minutes others take 40 % instead of 15 %, at once",
        plant=Plant(others=_step(15.0, 40.0, 3010)),
        work=_two(10, 0.5),
    ),
    Trace(
        name="step relief",
        about="after 50 minutes others take 15 % instead of 40 %, at once",
        plant=Plant(others=_step(40.0, 15.0, 3010)),
        work=_two(10, 0.5),
    ),
    Trace(
        name="slow drift",
        about="others rise from 10 % to 45 % in 50 minutes, and fall to 20 % in 30",
        plant=Plant(others=lambda s: _ramp(10.0, 45.0, 900, 3900)(s) - _ramp(0.0, 25.0, 4800, 6600)(s)),
        work=_two(10, 0.5),
    ),
    Trace(
        name="sawtooth",
        about="others rise from 10 % to 30 % in 30 minutes, and drop to 10 % at once, again and again",
        plant=Plant(others=_sawtooth(10.0, 30.0, 1800)),
        work=_two(10, 0.5),
    ),
    Trace(
        name="other tenants",
        about="jobs of others come by chance, one in 10 minutes, take 2–6 % and stay for some 20 minutes",
        plant=Plant(others=_tenants(5, 600, 1200, (2.0, 6.0)), noise=1.5),
        work=_two(10, 0.5),
    ),
    Trace(
        name="short tasks",
        about="tasks of 1 s, which get half as heavy again after 40 minutes, and are as before after 80",
        plant=Plant(others=lambda _: 20.0),
        work=_two(1, 1.0, heavier=lambda s: 1.5 if 2410 <= s < 4810 else 1.0),
    ),
    Trace(
        name="long tasks",
        about="tasks of 4 minutes, while others swing between 15 % and 30 % within the hour",
        plant=Plant(others=_waves(22.5, 7.5, HOUR)),
        work=_two(240, 0.5),
    ),
    Trace(
        name="lagging metrics",
        about="a minute is known 60–120 s after its end, one in ten never; others take 20 %, 32 % and 20 %",
        plant=Plant(others=lambda s: 32.0 if 2410 <= s < 4810 else 20.0),
        work=_two(10, 0.5),
        metric=Metric(lag=(60.0, 120.0), lost=0.1),
    ),
)
