"""The machine finds bugs: with any one rule of the queue switched off, a story breaks an invariant."""

from __future__ import annotations

import pytest

from tests.property.mutants import MUTANTS, Mutant
from tests.property.world.play import tell

AT_MOST, LENGTH = 6_000, 80

pytestmark = pytest.mark.usefixtures("on_one_cpu")


@pytest.mark.no_cover
@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        _tell_all()


def _tell_all() -> None:
    for seed in range(AT_MOST):
        tell(seed, LENGTH)
