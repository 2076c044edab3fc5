"""The invariants when clocks are minutes wrong, events come twice, rows leave late, and tables refuse everything.

    SOSW_STORIES=20000 pytest tests/property/test_rough_weather.py     a longer search, from the same first seeds

One seed is one line to repeat: `python -m tests.soak seed 17`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from sosw.domain.slots import Name
from sosw.domain.task import Task
from sosw.slot_sweep import SlotSweep
from tests.property import mutants, slot_mutants
from tests.property.mutants import Mutant, Patch
from tests.property.world.play import Action, Pick, Play
from tests.property.world.rough import ROUGH
from tests.property.world.telling import tell_rough

STORIES = int(os.environ.get("SOSW_STORIES", "1000"))
PARTS = 5
MUTANT_STORIES = 400
"""So many a planted bug may survive."""

pytestmark = pytest.mark.usefixtures("on_one_cpu")


def a_name_whose_task_has_left_is_kept(patch: Patch) -> None:
    careful = SlotSweep._ends

    def ends(self: SlotSweep, labourer: object, name: Name, task: Task | None, place: int) -> bool:
        return task is not None and careful(self, labourer, name, task, place)  # type: ignore[arg-type]

    patch.setattr(SlotSweep, "_ends", ends)


PLANTED: list[Mutant] = [
    a_name_whose_task_has_left_is_kept,
    mutants.a_claim_does_not_check_the_version,
    mutants.a_success_does_not_check_its_attempt,
    mutants.a_failure_does_not_check_its_attempt,
    mutants.a_late_success_resurrects_the_dead,
    mutants.a_sweep_drops_a_name_without_a_fence,
    mutants.a_sweep_takes_a_running_attempt_for_over,
    mutants.creating_a_task_overwrites_it,
    mutants.nobody_goes_on_with_a_job_that_was_left,
    slot_mutants.a_row_is_written_whatever_its_version,
    slot_mutants.a_lost_write_of_a_row_is_taken_for_done,
    slot_mutants.an_orchestrator_acts_on_names_that_another_wrote,
]
"""Bugs that show often enough; the rare ones are looked for in `test_queue`."""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_story_in_rough_weather_breaks_an_invariant(part: int) -> None:
    for seed in range(part, STORIES, PARTS):
        tell_rough(seed)


def test_everything_that_can_happen_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: Counter[str] = Counter()
    for name, action in ROUGH.items():
        monkeypatch.setitem(ROUGH, name, _counted(action, happened))
    for seed in range(20):
        tell_rough(seed)
    assert happened.keys() == {action.name for action in ROUGH.values()}


def _counted(action: Action, happened: Counter[str]) -> Action:
    def act(play: Play, pick: Pick) -> None:
        happened[action.name] += 1
        action.act(play, pick)

    return Action(action.name, action.weight, action.can, act)


@pytest.mark.long
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=r"^\d: "):
        _tell_many()


def _tell_many() -> None:
    for seed in range(MUTANT_STORIES):
        tell_rough(seed)
