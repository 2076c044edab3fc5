"""What a budget comes to, and why."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.shares import Draw
from sosw.domain.sharing import allowed, cause, changes, is_overdrawn, shared_out
from sosw.domain.standing import Budget, Control
from sosw.domain.task import LabourerName
from tests.factories import NOW
from tests.regulation import a_resource

RESOURCE = a_resource(floor=2, ceiling=40, start=30)
A, B = LabourerName("a"), LabourerName("b")
PAUSED = Control(paused_by="ann", paused_why="a deploy", paused_at=NOW)


def limited(limit: int) -> Control:
    return Control(limit=limit, limit_by="ann", limit_why="a migration", limit_at=NOW)


@pytest.mark.parametrize(
    ("budget", "limit", "why"),
    [
        (Budget(), 30, "rds:orders by its settings"),
        (Budget(limit=23.9, why="CPU 83 % > 75 %"), 23, "CPU 83 % > 75 %"),
        (Budget(limit=99, why="x"), 40, "x"),
        (Budget(limit=0, why="x"), 2, "x"),
        (Budget(limit=20, control=limited(7)), 7, "ann has limited rds:orders to 7: a migration"),
        (Budget(limit=20, control=limited(0)), 0, "ann has limited rds:orders to 0: a migration"),
        (Budget(limit=5, why="x", control=limited(7)), 5, "x"),
        (Budget(limit=5, control=PAUSED), 0, "rds:orders is paused by ann: a deploy"),
    ],
)
def test_the_controller_decides_within_the_settings_and_an_operator_below_that(
    budget: Budget, limit: int, why: str
) -> None:
    assert (allowed(RESOURCE, budget), cause(RESOURCE, budget)) == (limit, why)


def test_shares_are_of_those_who_draw_and_of_nobody_else() -> None:
    before = Budget(shares={B: 30})
    after = shared_out(RESOURCE, before, {A: Draw(weight=1, running=0, wants=5)}, NOW)
    assert (after.shares, after.shared_at) == ({A: 30}, NOW)


def test_shares_of_a_larger_budget_are_too_many() -> None:
    assert is_overdrawn(RESOURCE, Budget(limit=20, shares={A: 20, B: 1}))
    assert not is_overdrawn(RESOURCE, Budget(limit=20, shares={A: 20}))


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ({"limit": 40, "shares": {A: 20}}, {"limit": 40.9, "shares": {A: 9}}, []),
        (
            {"limit": 40, "shares": {A: 20, B: 20}},
            {"limit": 24, "why": "CPU 83 % > 75 %", "shares": {A: 4, B: 20}},
            ["CPU 83 % > 75 %: 40 → 24", "CPU 83 % > 75 %: a 20 → 4"],
        ),
        ({}, {"limit": 40, "why": "x", "shares": {A: 40}}, ["x: 30 → 40", "x: a 0 → 40"]),
    ],
)
def test_a_change_in_whole_attempts_is_told_with_the_shares_that_it_changed(
    before: Any, after: Any, sentences: list[str]
) -> None:
    assert changes(RESOURCE, Budget(**before), Budget(**after)) == sentences
