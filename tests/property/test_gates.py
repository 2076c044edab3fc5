"""Rates and limits by key are never exceeded: two dispatches, killed, answered late, twice or never at any call.

    SOSW_STORIES=20000 pytest tests/property/test_gates.py     a longer search, from the same first seeds

One seed is one line to repeat: `python -c "from tests.property.gated.play import tell; tell(17)"`.
"""

from __future__ import annotations

import os

import pytest

from tests.property.gated.mutants import MUTANTS, Mutant
from tests.property.gated.play import tell

STORIES = int(os.environ.get("SOSW_STORIES", "250"))
PARTS = 5
MUTANT_STORIES = 4_000
"""So many a planted bug may survive."""

SHOWN = {
    "a_task_that_was_let_in_is_let_in_at_any_version": 319,
    "tokens_are_given_back_whoever_took_some_since": 2486,
}
"""Seeds that showed rare bugs before: they are tried first, and the search begins where they no longer do."""

pytestmark = pytest.mark.usefixtures("on_one_cpu")


@pytest.mark.parametrize("part", range(PARTS))
def test_no_story_that_dice_tell_breaks_a_rate_or_a_limit_by_key(part: int) -> None:
    for seed in range(part, STORIES, PARTS):
        tell(seed)


@pytest.mark.long
@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=r"^(\d|key|rate): "):
        _tell_many(SHOWN.get(plant.__name__, 0))


def _tell_many(first: int) -> None:
    for seed in (first, *range(MUTANT_STORIES)):
        tell(seed)
