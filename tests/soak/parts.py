"""What a process does of it at a time, and one thing done again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeVar

import pytest

from bench import schedules
from tests.contract import crashing
from tests.contract.backends import Dynamo, Memory
from tests.property.crash import harness
from tests.property.crash.own_mutants import OWN
from tests.property.crash.stories import STORIES
from tests.property.explore.search import explore
from tests.property.explore.systems import IN_SOAK
from tests.property.gated import play as gated
from tests.property.mutants import Mutant
from tests.property.slot_mutants import EVERY_MUTANT
from tests.property.world.telling import tell, tell_rough

T = TypeVar("T")
PLANTS: dict[str, Mutant] = {plant.__name__: plant for plant in (*EVERY_MUTANT, *OWN)}
"""Bugs that can be planted, to see that they are found."""
SEEDS = 50
"""Of one part."""
OF_STORIES, OF_REAL_STORIES = 8, 64
"""Parts of the crash points of a story, in memory and on the real engine."""
MOST_STATES = 5_000_000
"""Of one system: some 300 bytes each."""


@dataclass
class Told:
    """What came of a part."""

    kind: str
    tried: int
    broken: list[str] = field(default_factory=list)
    remark: str = ""


def crash_points(number: int, part: int, until: float) -> Told:
    """One in eight points of a story."""
    told, story = Told("crash points", 0), STORIES[number]
    for _, point, call in _in_time(until, told, harness.every_point([story]), part, OF_STORIES):
        broken = harness.attempt(story, point, call, Memory().world())
        told.tried += 1
        told.broken += [str(broken)] if broken else []
    return told


def real_crash_points(number: int, part: int, endpoint: str, until: float) -> Told:
    """One in so many points of a story, on the engine at that endpoint."""
    told = Told("crash points", 0)
    tables = crashing.Tables(Dynamo(endpoint), prefix=f"soak-{number}-{part}")
    points = crashing.every_point(tables, [STORIES[number]])
    for point in _in_time(until, told, points, part, OF_REAL_STORIES):
        broken = crashing.broken(tables, point)
        told.tried += 1
        told.broken += [broken] if broken else []
    return told


def _in_time(until: float, told: Told, points: Iterator[T], part: int, parts: int) -> Iterator[T]:
    """One in so many points, until the time is over. A story that breaks by itself has none, and is told as broken."""
    if time.monotonic() > until:
        return
    try:
        own = list(points)[part::parts]
    except Exception as error:  # noqa: BLE001  (whatever it is, the story is broken)
        told.tried += 1
        told.broken += [f"{type(error).__name__}: {error}\n  in a story in which nothing goes wrong"]
        return
    yield from takewhile(lambda _point: time.monotonic() <= until, own)


def states(name: str, until: float) -> Told:
    """A system, all of it if there is time."""
    found = explore(IN_SOAK[name], most=MOST_STATES, until=until)
    told = Told("states", found.states, remark=f"{name}: {found.states:,} states{'' if found.is_whole else ' so far'}")
    if found.violation:
        steps = "\n    ".join(found.trace)
        told.broken = [f'{found.violation}\n    {steps}\n  again: python -m tests.soak states "{name}"']
    return told


def seeds(first: int, until: float) -> Told:
    """A story, one in rough weather, one at the gates, and a schedule of each seed."""
    told = Told("seeds", 0)
    for seed in range(first, first + SEEDS):
        if time.monotonic() > until:
            break
        told.tried += 1
        told.broken += seed_broken(seed)
    return told


def seed_broken(seed: int) -> list[str]:
    """What breaks with that seed."""
    found = []
    for play in (tell, tell_rough, gated.tell, _schedule):
        try:
            play(seed)
        except Exception as error:  # noqa: BLE001  (whatever it is, the seed is broken)
            found.append(f"{type(error).__name__}: {error}\n  again: python -m tests.soak seed {seed}")
    return found


def _schedule(seed: int) -> None:
    told = schedules.play(seed)
    assert told.overshoot == 0, f"4: the limit is exceeded by {told.overshoot}"
    assert told.is_over, "1: not at rest"


def hush() -> None:
    """Roles log the faults that they are given: that would drown the few lines that are to be read."""
    logging.getLogger("sosw").addHandler(logging.NullHandler())


def settle(planted: str = "") -> None:
    """In a process of the pool, with that bug. Threads that take turns do so faster on one CPU."""
    hush()
    if planted:
        PLANTS[planted](pytest.MonkeyPatch())
    if hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpus[os.getpid() % len(cpus)]})
