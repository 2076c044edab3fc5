"""`make soak`: every crash point, every state, and seed after seed, for as long as it is given.

    python -m tests.soak 10                                     for ten minutes
    python -m tests.soak 1 with a_claim_is_taken_from_any_state
                                                                with a planted bug, which it must find
    python -m tests.soak crash a_job_is_done 17 DIES_AFTER      one crash point again
    python -m tests.soak states "a crash"                       one system again
    python -m tests.soak seed 17                                one seed again

The last three lines of a run tell what was tried; a violation comes with the line that repeats it, and makes the
exit code 1.
Where DynamoDB Local is switched on (`SOSW_DYNAMODB_LOCAL=1`), crash points are tried on it as well.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from sosw.local.dynamodb_local import dynamodb_local, is_switched_on
from tests.contract.backends import Memory
from tests.property.crash import harness
from tests.property.crash.stories import STORIES
from tests.property.crash.taps import Mode, Point
from tests.property.explore.systems import IN_SOAK
from tests.soak import parts
from tests.soak.parts import Told

ROOT = Path(__file__).parents[2]
NOBODY = {
    "AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip
"""Credentials that no account knows."""
DONE = {"crash points": "tried", "states": "explored", "seeds": "run"}
Work = tuple[Callable[..., Told], tuple[object, ...]]


def soak(minutes: float, planted: str = "") -> bool:
    """Whether nothing broke, with that bug: crash points first, then systems, then seeds until the time is over."""
    begun = time.monotonic()
    until = begun + 60 * minutes
    totals = {kind: Told(kind, 0) for kind in DONE}
    with ExitStack() as stack:
        endpoint = stack.enter_context(dynamodb_local(ROOT)) if is_switched_on() else None
        pool = stack.enter_context(ProcessPoolExecutor(initializer=parts.settle, initargs=(planted,)))
        running = set[Future[Told]]()
        for function, given in _works(begun, until, endpoint):
            running.add(pool.submit(function, *given))
            if len(running) > (os.cpu_count() or 1):
                running = _ended(running, totals)
        while running:
            running = _ended(running, totals)
    for told in totals.values():
        for broken in told.broken:
            sys.stdout.write(f"\n{told.kind}: {broken}\n")
    for told in totals.values():
        sys.stdout.write(f"{told.kind}: {told.tried} {DONE[told.kind]}, {len(told.broken)} violations\n")
    return not any(told.broken for told in totals.values())


def _works(begun: float, until: float, endpoint: str | None) -> Iterator[Work]:
    """All crash points in memory and all systems; then seeds, and points on the real engine, until the time is over.

    No kind takes the time of all: crash points have two fifths of it, systems four, where they need so much.
    """
    fifth = (until - begun) / 5
    systems = iter([(parts.states, (name, begun + 4 * fifth)) for name in IN_SOAK])
    for number in range(len(STORIES)):
        yield from ((parts.crash_points, (number, part, begun + 2 * fifth)) for part in range(parts.OF_STORIES))
        if system := next(systems, None):
            yield system
    yield from systems
    real = iter(
        [
            (parts.real_crash_points, (number, part, endpoint, until))
            for part in range(parts.OF_REAL_STORIES if endpoint else 0)
            for number in range(len(STORIES))
        ]
    )
    for first in count(0, parts.SEEDS):
        if time.monotonic() > until:
            return
        yield parts.seeds, (first, until)
        if point := next(real, None):
            yield point


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
        case ["crash", name, number, mode] if name in {story.name for story in STORIES} and mode in Mode.__members__:
            (story,) = [story for story in STORIES if story.name == name]
            call = harness.tell(story, None, Memory().world())[int(number)]
            broken = harness.attempt(story, Point(int(number), Mode[mode]), call, Memory().world())
            return [str(broken)] if broken else []
        case ["states", name] if name in IN_SOAK:
            return parts.states(name, float("inf")).broken
        case ["seed", number]:
            return parts.seed_broken(int(number))
        case _:
            sys.exit(f"usage:{(__doc__ or '').partition('given.')[2]}")


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdigit()


def main(words: list[str]) -> int:
    """The exit code."""
    match words:
        case [minutes] if _is_number(minutes):
            return 0 if soak(float(minutes)) else 1
        case [minutes, "with", planted] if _is_number(minutes) and planted in parts.PLANTS:
            return 0 if soak(float(minutes), planted) else 1
    parts.hush()
    broken = again(words)
    sys.stdout.write("\n".join(broken or ["no violation"]) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    os.environ.update(NOBODY)
    sys.exit(main(sys.argv[1:]))
