"""Shares of a budget by example; what holds for every division is in `tests/property/test_shares.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sosw.domain.shares import Draw, water_fill
from sosw.domain.task import LabourerName


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_is_not_above_zero_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weight of a: .* must be above 0"):
        water_fill(5, {LabourerName("a"): Draw(weight=weight, running=0, wants=1)})


def test_an_idle_labourer_keeps_a_slot_to_begin_with() -> None:
    busy, idle = Draw(weight=1, running=20, wants=500), Draw(weight=5, running=0, wants=0)
    assert water_fill(20, {LabourerName("a"): busy, LabourerName("b"): idle}) == {"a": 19, "b": 0}
    assert water_fill(20, {LabourerName("a"): replace(busy, running=19), LabourerName("b"): idle}) == {"a": 19, "b": 1}
    assert water_fill(3, {LabourerName("a"): replace(busy, running=0), LabourerName("b"): idle}) == {"a": 3, "b": 0}
