"""The invariants of DESIGN §6 hold whatever happens between any two calls of any role."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.effort import effort
from tests.property.machine import Machine
from tests.property.world.play import ACTIONS, Action, Pick, Play, tell

STORIES, LENGTH = 250, 80
EXAMPLES, STEPS = 60, 40

pytestmark = pytest.mark.usefixtures("on_one_cpu")


def test_no_story_that_hypothesis_finds_breaks_an_invariant() -> None:
    search = settings(
        max_examples=effort(EXAMPLES),
        stateful_step_count=STEPS,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Machine, settings=search)


@pytest.mark.parametrize("part", range(5))
def test_no_story_that_dice_tell_breaks_an_invariant(part: int) -> None:
    count = effort(STORIES) // 5
    for seed in range(part * count, (part + 1) * count):
        tell(seed, LENGTH)


def test_the_same_dice_tell_the_same_story(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def noted(action: Action) -> Action:
        def act(play: Play, pick: Pick) -> None:
            action.act(play, pick)
            told.append(f"{action.name}: {play.stage.tasks}")

        return Action(action.name, action.weight, action.can, act)

    for name, action in ACTIONS.items():
        monkeypatch.setitem(ACTIONS, name, noted(action))
    tell(7, LENGTH)
    first = told.copy()
    told.clear()
    tell(7, LENGTH)
    assert told == first
    assert len({line.split(":")[0] for line in first}) > 10
