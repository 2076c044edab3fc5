"""Random schedules: Orchestrators in each other's way, a lagging index, lost replies, crashes, vagrant messages.

`make schedules` plays 10,000 of them and tells the worst, `tests/property` fewer.

One seed is one line to repeat: `python -c "from bench.schedules import play; print(play(17))"`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from sosw.testing.simulation import Faults, Profile, Simulation, Workers

PART = 100
ENOUGH = timedelta(hours=2)
CALL, STREAM = timedelta(milliseconds=5), timedelta(milliseconds=200)
LABOURER = {
    "max_attempts": 3, "duration": 5, "cooldown": 5, "retry": {"base": 1, "cap": 4},
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """How a schedule went."""

    seed: int
    overshoot: int
    tasks: int
    is_over: bool
    """Whether every task came to its end."""


def play(seed: int) -> Told:
    """One schedule."""
    die = Random(seed)
    tasks, limit = die.randint(4, 14), die.randint(1, 5)
    simulation = Simulation(
        {
            "task_config": {"labourers": {"sales": {**LABOURER, "max_simultaneous_invocations": limit}}},
            "job_schema_variants": {"default": {"chunkable_attrs": ["shop"]}},
        },
        seed=seed,
        profile=_profile(die),
        faults=Faults(
            crash=0.01 * die.random(),
            lost=0.04 * die.random(),
            late=timedelta(seconds=die.choice((1, 10, 90))),
            is_repeated=0.1,
            is_dropped=0.1,
        ),
        workers={"sales": Workers(seconds=(0.05, 3.0), fails=0.15, vanishes=0.05)},
        orchestrators=die.randint(2, 4),
    )
    job = {"lambda_name": "sales", "period": "yesterday", "isolate_shops": True, "shops": list(range(tasks))}
    simulation.submit(job)
    figures = simulation.run(until=ENOUGH)
    simulation.close()
    return Told(seed, figures.overshoot, len(simulation.tasks.tasks), figures.ended_at is not None)


def _profile(die: Random) -> Profile:
    index = timedelta(seconds=die.choice((0, 0.05, 1, 5)))
    return Profile(call=CALL, invoke=CALL * die.randint(1, 4), stream=STREAM * die.random(), index=index, shards=2)


def play_part(first: int, count: int) -> list[Told]:
    """Of one process: without what the roles log, which is what they are played for."""
    logging.disable(logging.CRITICAL)
    if hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpus[os.getpid() % len(cpus)]})  # threads that take turns do so faster on one
    return [play(seed) for seed in range(first, first + count)]


def play_all(count: int) -> Iterator[Told]:
    """The schedules of seeds 0 … `count` - 1, on all processors."""
    parts = range(0, count, PART)
    with ProcessPoolExecutor() as pool:
        for told in pool.map(play_part, parts, [PART] * len(parts)):
            yield from told
