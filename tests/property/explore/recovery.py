"""From wherever a system has come: all at work die, nothing goes wrong any more, and the minute brings it to rest."""

from __future__ import annotations

from sosw.domain.report import COMPLETE
from tests.property.explore.system import State, System
from tests.property.world import witness

ENOUGH_MINUTES = 12


class Recovery:
    """Of one system. What it has found to come to rest is not followed again."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._resting: set[object] = set()

    def look(self, state: State) -> None:
        """Raises `AssertionError` where it comes to no rest."""
        state = state._replace(actors=(), late=())
        passed: list[object] = []
        for _ in range(ENOUGH_MINUTES):
            key = (state.minute, state.tasks, state.rows, state.invoked)
            if key in self._resting or self.system.is_at_rest(state):
                self._resting.update(passed)
                return
            passed.append(key)
            state = self._a_minute_on(state)
        things = self.system.ground.things.things
        raise AssertionError(f"1: not at rest: {witness.facts({things[n].id: things[n] for n in state.tasks})}")

    def _a_minute_on(self, state: State) -> State:
        state = state._replace(minute=state.minute + 1)
        for kind in ("scavenger", "orchestrator"):
            state = self._finished(state, kind)
        self.system.look(state)
        for number, attempt in set(self.system.running(state)) & set(state.invoked):
            state = self.system.outside.answered(state, number, attempt, COMPLETE)
        return state

    def _finished(self, state: State, kind: str) -> State:
        """That role from its beginning to its end, alone."""
        state = self.system.begun(state, kind)
        while state.actors:
            state = next(self.system.going_on(state, state.actors[0])).state
        return state
