"""A closed loop: a plant, tasks that use it, and whoever says how many of them may run; second by second.

    run = regulated(plant, work, Regulated(resource, work), seconds=3600)

Readings come as CloudWatch brings them: the mean of each minute, some time after its end, maybe never. Tasks start
within a second of a free share, as sosw's do, and are never ended by force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Protocol

from sosw.domain.controller import limit_of, react, steer
from sosw.domain.health import Reading
from sosw.domain.resources import Resource
from sosw.domain.shares import Draw, water_fill
from sosw.domain.signals import Signals
from sosw.domain.standing import Budget
from sosw.domain.task import LabourerName
from sosw.testing.plant import Plant, PlantRun, Work

BEGIN = datetime(2026, 1, 5, tzinfo=timezone.utc)
MINUTE = 60
ENDLESS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """How the plant's load is measured."""

    lag: tuple[float, float] = (20.0, 50.0)
    """Seconds from the end of a minute until its mean can be read: least and most."""
    noise: float = 0.5
    """Of a mean: a standard deviation, in per cent."""
    lost: float = 0.0
    """The part of the minutes that never come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What a policy may know at a second."""

    second: int
    running: Mapping[str, int]
    in_use: int
    """Slots that were taken a moment ago: those of tasks that have just ended as well."""
    waits: Mapping[str, bool]
    signals: Signals
    reading: Reading | None
    """The latest that can be read, asked once a minute; None in the seconds between."""

    @property
    def at(self) -> datetime:
        """The moment."""
        return BEGIN + timedelta(seconds=self.second)


class Policy(Protocol):
    """Says how many tasks of each labourer may run."""

    def limits(self, now: Now) -> Mapping[str, int]:
        """At this second."""
        ...


@dataclass(slots=True)
class Regulated:
    """sosw's own: `steer` with each reading, `react` with each second's signals, `water_fill` with each change."""

    resource: Resource
    work: Mapping[str, Work]
    hears_signals: bool = True
    budget: Budget = field(default_factory=Budget)
    whys: list[tuple[int, float, str]] = field(default_factory=list)
    """Second, budget and cause of every change."""

    def limits(self, now: Now) -> Mapping[str, int]:
        """See `Policy`."""
        before = self.budget
        if self.hears_signals:
            self.budget = react(self.resource, self.budget, now.signals, now.at)
        if now.reading is not None:
            self.budget = steer(self.resource, self.budget, now.reading, in_use=now.in_use, now=now.at)
            self._share(now)
        if self.budget.changed_at != before.changed_at:
            self.whys.append((now.second, limit_of(self.resource, self.budget), self.budget.why))
        if self.budget.limit != before.limit and before.shares:
            self._share(now)
        return {str(name): share for name, share in self.budget.shares.items()}

    def _share(self, now: Now) -> None:
        draws = {
            LabourerName(name): Draw(
                weight=work.weight, running=now.running[name], wants=ENDLESS if now.waits[name] else now.running[name]
            )
            for name, work in self.work.items()
        }
        total = int(limit_of(self.resource, self.budget))
        self.budget = replace(self.budget, shares=water_fill(total, draws))


@dataclass(slots=True)
class Run:
    """What came of it, a value for each second."""

    load: list[float] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    done: int = 0
    """Tasks that ended well."""
    refused: int = 0
    """Tasks that the plant refused: their work was lost."""

    def minutely(self) -> list[float]:
        """The load as a metric of a minute smooths it: the mean of the 60 seconds up to each, from the 60th on."""
        total = sum(self.load[: MINUTE - 1])
        smooth = []
        for second in range(MINUTE - 1, len(self.load)):
            total += self.load[second]
            smooth.append(total / MINUTE)
            total -= self.load[second - MINUTE + 1]
        return smooth


def regulated(
    plant: Plant, work: dict[str, Work], policy: Policy, *, seconds: int, metric: Metric | None = None, seed: int = 0,
    asks_at: int = 20,
) -> Run:  # fmt: skip
    """The loop. Readings are asked for at the second `asks_at` of each minute."""
    world = PlantRun(plant=plant, work=work, seed=seed)
    meter = _Meter(metric or Metric(), Random(seed + 1))
    run = Run()
    signals = Signals()
    for second in range(seconds):
        reading = meter.read(second) if second % MINUTE == asks_at % MINUTE else None
        waits = {name: one.waits(second) for name, one in work.items()}
        in_use = run.running[-1] if run.running else 0
        now = Now(second=second, running=world.running, in_use=in_use, waits=waits, signals=signals, reading=reading)
        run.started.append(_start(world, policy.limits(now), waits))
        run.running.append(sum(world.running.values()))
        signals = world.tick()
        meter.note(second, world.load)
        run.load.append(world.load)
    run.done, run.refused = world.done, world.refused
    return run


def _start(world: PlantRun, limits: Mapping[str, int], waits: Mapping[str, bool]) -> int:
    started = 0
    for name, waiting in waits.items():
        free = limits.get(name, 0) - world.running[name]
        if waiting and free > 0:
            world.start(name, free)
            started += free
    return started


@dataclass(slots=True)
class _Meter:
    """CloudWatch: the mean of each whole minute, late."""

    metric: Metric
    random: Random
    seconds: list[float] = field(default_factory=list)
    due: list[tuple[float, Reading]] = field(default_factory=list)

    def note(self, second: int, load: float) -> None:
        self.seconds.append(load)
        if len(self.seconds) == MINUTE:
            value = max(0.0, sum(self.seconds) / MINUTE + self.random.gauss(0, self.metric.noise))
            at = BEGIN + timedelta(seconds=second + 1 - MINUTE)
            late = second + 1 + self.random.uniform(*self.metric.lag)
            if self.random.random() >= self.metric.lost:
                self.due.append((late, Reading(value=value, at=at)))
            self.seconds.clear()

    def read(self, second: int) -> Reading:
        """The latest of the last five minutes, as a query with such a time range finds it."""
        oldest = BEGIN + timedelta(seconds=second - 5 * MINUTE)
        known = [reading for late, reading in self.due[-5:] if late <= second and reading.at and reading.at >= oldest]
        return known[-1] if known else Reading(problem="no data")
