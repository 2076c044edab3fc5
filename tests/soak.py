"""`make soak`: every crash point, every state, and seed after seed, for as long as it is given.

    python -m tests.soak 10                                     for ten minutes
    python -m tests.soak crash a_job_is_done 17 DIES_AFTER      one crash point again
    python -m tests.soak states "a crash"                       one system again
    python -m tests.soak seed 17                                one seed again

The last three lines tell what was tried; a violation comes with the line that repeats it, and makes the exit code 1.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count

from bench import schedules
from tests.contract.backends import Memory
from tests.property.crash import harness
from tests.property.crash.stories import STORIES
from tests.property.crash.taps import Mode, Point
from tests.property.explore.search import explore
from tests.property.explore.systems import IN_SOAK
from tests.property.gated import play as gated
from tests.property.world.telling import tell, tell_rough

USAGE = f"usage: python -m tests.soak MINUTES{(__doc__ or '').partition('given.')[2]}"
SEEDS = 50
"""Of one part."""
OF_STORIES = 8
"""Parts of the crash points of a story."""


@dataclass
class Told:
    """What came of a part."""

    kind: str
    tried: int
    broken: list[str] = field(default_factory=list)
    remark: str = ""


Work = tuple[Callable[..., Told], tuple[object, ...]]


# --- parts, each of one process ---


def crash_points(number: int, part: int, until: float) -> Told:
    """One in eight points of a story."""
    _hush()
    told, story = Told("crash points", 0), STORIES[number]
    for _, point, call in list(harness.every_point([story]))[part::OF_STORIES]:
        if time.monotonic() > until:
            told.remark = f"{story.name}: out of time"
            break
        broken = harness.attempt(story, point, call, Memory().world())
        told.tried += 1
        told.broken += [str(broken)] if broken else []
    return told


def states(name: str, until: float) -> Told:
    """A system, all of it if there is time."""
    _hush()
    gc.disable()  # what is kept is kept for good, and looking through it would take half of the time
    found = explore(IN_SOAK[name], until=until)
    told = Told("states", found.states, remark=f"{name}: {found.states:,} states{'' if found.is_whole else ' so far'}")
    if found.violation:
        steps = "\n    ".join(found.trace)
        told.broken = [f'{found.violation}\n    {steps}\n  again: python -m tests.soak states "{name}"']
    return told


def seeds(first: int, until: float) -> Told:
    """A story, one in rough weather, one at the gates, and a schedule of each seed."""
    _hush()
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


def _hush() -> None:
    """Roles log the faults that they are given; nobody reads that. Threads that take turns do so faster on one CPU."""
    logging.getLogger("sosw").addHandler(logging.NullHandler())
    if hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpus[os.getpid() % len(cpus)]})


# --- all of them ---


def soak(minutes: float) -> bool:
    """Whether nothing broke: crash points first, then systems, then seeds until the time is over."""
    until = time.monotonic() + 60 * minutes
    totals = {kind: Told(kind, 0) for kind in ("crash points", "states", "seeds")}
    with ProcessPoolExecutor() as pool:
        works, running = _works(until), set[Future[Told]]()
        for function, given in works:
            running.add(pool.submit(function, *given))
            if len(running) > (os.cpu_count() or 1):
                running = _ended(running, totals)
        while running:
            running = _ended(running, totals)
    for told in totals.values():
        for broken in told.broken:
            sys.stdout.write(f"\n{told.kind}: {broken}\n")
    for told in totals.values():
        done = "explored" if told.kind == "states" else "run" if told.kind == "seeds" else "tried"
        sys.stdout.write(f"{told.kind}: {told.tried} {done}, {len(told.broken)} violations\n")
    return not any(told.broken for told in totals.values())


def _works(until: float) -> Iterator[Work]:
    """Something of each kind at a time, so that no kind goes without."""
    systems = iter([(states, (name, until)) for name in IN_SOAK])
    points = [(crash_points, (number, part, until)) for number in range(len(STORIES)) for part in range(OF_STORIES)]
    for number, point in enumerate(points):
        yield point
        if number % OF_STORIES == 0 and (system := next(systems, None)):
            yield system
    yield from systems
    for first in count(0, SEEDS):
        if time.monotonic() > until:
            return
        yield seeds, (first, until)


def _ended(running: set[Future[Told]], totals: dict[str, Told]) -> set[Future[Told]]:
    done, left = wait(running, return_when=FIRST_COMPLETED)
    for told in (future.result() for future in done):
        totals[told.kind].tried += told.tried
        totals[told.kind].broken += told.broken
        if told.remark:
            sys.stdout.write(f"{told.remark}\n")
            sys.stdout.flush()
    return left


def again(words: list[str]) -> list[str]:
    """One thing once more; what breaks."""
    match words:
        case ["crash", name, number, mode]:
            (story,) = [story for story in STORIES if story.name == name]
            point = Point(int(number), Mode[mode])
            call = harness.tell(story, None, Memory().world())[point.number]
            broken = harness.attempt(story, point, call, Memory().world())
            return [str(broken)] if broken else []
        case ["states", name]:
            return states(name, float("inf")).broken
        case ["seed", number]:
            return seed_broken(int(number))
        case _:
            sys.exit(USAGE)


def main(words: list[str]) -> int:
    if len(words) == 1 and words[0].replace(".", "", 1).isdigit():
        return 0 if soak(float(words[0])) else 1
    broken = again(words)
    sys.stdout.write("\n".join(broken or ["no violation"]) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
