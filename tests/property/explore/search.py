"""Goes everywhere: each state once, depth first, so that the way to a violation is at hand."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.property.explore.recovery import Recovery
from tests.property.explore.system import Bounds, State, Step, System
from tests.property.explore.tale import Interned
from tests.property.world.telling import listening, small

BITS = 24
"""Of each part of a state, as it is remembered."""


@dataclass(frozen=True)
class Found:
    """What came of a search."""

    states: int
    is_whole: bool
    """Whether there was nothing more to visit."""
    stores: int = 0
    """Different states of the tables, from each of which the system recovers when all at work die."""
    violation: str = ""
    trace: tuple[str, ...] = ()
    """What happened, step by step, until then."""


def explore(bounds: Bounds, *, most: int = 100_000_000, until: float = float("inf")) -> Found:
    """All states of that system, or the first `most` of them, or what is found `until` that time (`time.monotonic`)."""
    with listening(), small(1), _keeping():
        return _Search(System(bounds), most, until).run()


@contextmanager
def _keeping() -> Iterator[None]:
    """What is remembered is kept until the end: to look through it for garbage takes half of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Search:
    def __init__(self, system: System, most: int, until: float) -> None:
        self.system, self.most, self.until = system, most, until
        self.recovery = Recovery(system)
        self._seen: set[int] = set()
        self._looked: set[tuple[object, ...]] = set()
        self._parts = Interned()
        self._way: list[Step] = []

    def run(self) -> Found:
        first = self.system.first
        self._seen.add(self._packed(first))
        ways: list[Iterator[Step]] = [self.system.steps(first)]
        try:
            while ways:
                step = next(ways[-1], None)
                if step is None:
                    ways.pop()
                    if self._way:
                        self._way.pop()
                elif self._is_new(step.state):
                    self._way.append(step)
                    self._look(step.state)
                    ways.append(self.system.steps(step.state))
                    if self._is_enough():
                        return self._found(is_whole=False)
        except AssertionError as broken:
            return self._found(is_whole=False, violation=str(broken))
        return self._found(is_whole=True)

    def _found(self, *, is_whole: bool, violation: str = "") -> Found:
        trace = tuple(self._told(step) for step in self._way) if violation else ()
        return Found(len(self._seen), is_whole, len(self._looked), violation, trace)

    def _is_enough(self) -> bool:
        seen = len(self._seen)
        return seen >= self.most or (seen % 1_000 == 0 and time.monotonic() > self.until)

    def _is_new(self, state: State) -> bool:
        packed = self._packed(state)
        if packed in self._seen:
            return False
        self._seen.add(packed)
        return True

    def _look(self, state: State) -> None:
        tables = (state.minute, state.tasks, state.rows, state.invoked)
        if tables not in self._looked:
            self._looked.add(tables)
            self.system.look(state)
            self.recovery.look(state)

    def _packed(self, state: State) -> int:
        of = self._parts.of
        packed = 0
        for part in ((state.tasks, state.rows), state.actors, (state.minute, state.invoked, state.late, state.left)):
            packed = packed << BITS | of(part)
        return packed

    def _told(self, step: Step) -> str:
        return " ".join(map(str, step.words))
