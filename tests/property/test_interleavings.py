"""All interleavings of small systems: the real roles, one call at a time, in every order there is.

One system is one line to repeat: `python -m tests.soak states "a crash"`; a violation tells its steps.
"""

from __future__ import annotations

import pytest

from tests.property.explore.mutants import FOUND, SURVIVORS
from tests.property.explore.search import explore
from tests.property.explore.systems import IN_CHECK, IN_SOAK, IN_TEST
from tests.property.mutants import Mutant
from tests.property.slot_mutants import EVERY_MUTANT

MOST = 60_000
"""States within which a planted bug must show."""


@pytest.mark.parametrize("name", IN_CHECK)
def test_no_interleaving_breaks_an_invariant(name: str) -> None:
    found = explore(IN_CHECK[name])
    assert (found.violation, found.trace, found.is_whole) == ("", (), True)
    assert found.states > 4_000


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in IN_TEST if name not in IN_CHECK])
def test_no_interleaving_of_a_larger_system_breaks_an_invariant(name: str) -> None:
    found = explore(IN_TEST[name])
    assert (found.violation, found.trace, found.is_whole) == ("", (), True)


def test_the_same_system_has_the_same_states() -> None:
    first, second = (explore(IN_SOAK["everything at once"], most=1_000) for _ in range(2))
    assert (first.states, first.stores) == (second.states, second.stores)


@pytest.mark.long
@pytest.mark.parametrize("plant", EVERY_MUTANT, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found_where_it_can_show(plant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    if plant.__name__ in SURVIVORS:
        pytest.skip(f"survives: {SURVIVORS[plant.__name__]}")
    plant(monkeypatch)
    found = explore(FOUND[plant.__name__], most=MOST)
    assert found.violation
    assert found.trace


def test_every_planted_bug_is_found_or_explained() -> None:
    names = {plant.__name__ for plant in EVERY_MUTANT}
    assert FOUND.keys() | SURVIVORS.keys() == names
    assert not FOUND.keys() & SURVIVORS.keys()
