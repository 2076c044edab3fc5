"""Orders of the Orchestrator to itself."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.rounds import GROUP, Round, shared_out
from sosw.domain.task import LabourerName


def test_a_round_comes_back_from_its_event() -> None:
    order = Round(labourers=[LabourerName("a"), LabourerName("b")])
    assert order.to_event() == {"sosw": {"round": ["a", "b"]}}
    assert Round.from_event(order.to_event()) == order


@pytest.mark.parametrize("event", [{}, None, "x", {"wake": {}}, {"sosw": 7}, {"sosw": {"pause": {}}}])
def test_any_other_event_is_no_round(event: Any) -> None:
    assert Round.from_event(event) is None


@pytest.mark.parametrize("names", ["a", [], [7], [""], None, {"a": 1}])
def test_a_round_of_no_labourers_is_refused(names: Any) -> None:
    with pytest.raises(InvalidInput, match=r"sosw.round: .* must be a list of names"):
        Round.from_event({"sosw": {"round": names}})


def test_what_is_not_part_of_a_round_is_refused_with_a_guess() -> None:
    with pytest.raises(InvalidInput, match=r"sosw.rounds: .*did you mean 'round'"):
        Round.from_event({"sosw": {"round": ["a"], "rounds": []}})


@pytest.mark.parametrize("count", [0, 1, GROUP, GROUP + 1, 3 * GROUP + 7])
def test_many_labourers_are_shared_out_to_rounds_of_about_one_size_that_leave_nobody_out(count: int) -> None:
    names = [LabourerName(f"l{n}") for n in range(count)]
    rounds = shared_out(names)
    assert sorted(name for order in rounds for name in order.labourers) == sorted(names)
    sizes = [len(order.labourers) for order in rounds] or [0]
    assert max(sizes) <= GROUP
    assert max(sizes) - min(sizes) <= 1
