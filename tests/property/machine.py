"""Hypothesis as the player: it looks for a story that breaks an invariant, and tells the shortest that it finds."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.property.world.play import ACTIONS, Action, Pick, Play
from tests.property.world.telling import listening, small


class Machine(RuleBasedStateMachine):
    """Two Orchestrators, two sweeps, late and duplicate Workers, and what can go wrong between any two calls.

    Its rules are the actions of the play, one for each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.play: Play | None = None
        self.setting = ExitStack()

    @initialize(data=st.data(), row=st.integers(1, 2))
    def begin(self, data: Any, row: int) -> None:
        self.setting.enter_context(listening())
        self.setting.enter_context(small(row))
        self.play = Play(_picking(data))

    def teardown(self) -> None:
        with self.setting:
            if self.play is not None:
                self.play.come_to_rest()
                self.play.stage.end()


def _picking(data: Any) -> Pick:
    return lambda count: int(data.draw(st.integers(0, count - 1)))


def _as_rule(action: Action) -> object:
    def happen(self: Machine, data: Any) -> None:
        assert self.play is not None
        action.act(self.play, _picking(data))

    happen.__name__ = happen.__qualname__ = action.name
    return precondition(lambda self: bool(self.play and action.can(self.play)))(rule(data=st.data())(happen))


for _action in ACTIONS.values():
    setattr(Machine, _action.name, _as_rule(_action))
