"""What a task costs, by what the programs that live through tasks have told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import Any

from bench.phases import CREATE

KB = 1024
_OF_ITS_FILE = "s3:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one task, on average."""

    calls: float
    write_units: float
    read_units: float
    bytes: float
    cpu: float
    wall: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Cost)})

    def cells(self) -> list[str | float]:
        """Calls, write units, read units, KB, and milliseconds of CPU."""
        return [self.calls, self.write_units, self.read_units, self.bytes / KB, 1000 * self.cpu]

    def over(self, other: Cost) -> list[str | float]:
        """How many times the other's each of the cells is."""
        pairs = zip(self.cells(), other.cells(), strict=True)
        return [float(one) / float(two) for one, two in pairs]


def by_phase(run: dict[str, Any]) -> dict[str, Cost]:
    """Of the tasks that went through each phase: of some runs, only a sample was created, or started."""
    return {name: _cost(phase, _tasks(run, name)) for name, phase in run["phases"].items()}


def whole(run: dict[str, Any]) -> Cost:
    """All phases."""
    return reduce(add, by_phase(run).values())


def operations(run: dict[str, Any], phase: str) -> str:
    """The calls of a phase, the most frequent first."""
    calls = _calls(run["phases"].get(phase, {"calls": {}}))
    return ", ".join(f"{count:,} {name}" for name, count in calls.most_common()) or "–"


def _tasks(run: dict[str, Any], phase: str) -> int:
    return int(run.get("created" if phase == CREATE else "started", run["tasks"]))


def _cost(phase: dict[str, Any], tasks: int) -> Cost:
    figures = {each.name: phase[each.name] / tasks for each in fields(Cost) if each.name != "calls"}
    return Cost(calls=sum(_calls(phase).values()) / tasks, **figures)


def _calls(phase: dict[str, Any]) -> Counter[str]:
    """Without the file of its tasks that 0.7.51's Scheduler keeps in S3: two calls a job, whatever its size."""
    return Counter({name: count for name, count in phase["calls"].items() if not name.startswith(_OF_ITS_FILE)})
