"""The limit that follows from the records: the lowest bound decides, and its reason is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain import jsontext
from sosw.domain.health import COEFFICIENTS
from sosw.domain.standing import Budget, Control, Decision, Health, Standing, decide
from sosw.domain.task import LabourerName
from tests.factories import NOW, seconds
from tests.regulation import ORDERS, a_labourer, a_metric

SYNC = LabourerName("sync")
PAUSED = Control(paused_by="ann", paused_why="a deploy", paused_at=NOW)
LIMITED = Control(limit=7, limit_by="bob", limit_why="a migration", limit_at=NOW)
MODERATE = Health(status=2, since=NOW, why="cpu is at 60: moderate", metrics={"cpu": 2})


def decided(everything: Control | None = None, budget: Budget | None = None, **standing: Any) -> tuple[int, str]:
    labourer = a_labourer(health_metrics=(a_metric(),) if "health" in standing else ())
    budgets = {} if budget is None else {ORDERS: budget}
    found = decide(labourer, Standing(**standing), everything or Control(), budgets, COEFFICIENTS, now=NOW)
    return found.limit, found.why


@pytest.mark.parametrize(
    ("given", "limit", "why"),
    [
        ({}, 100, ""),
        ({"everything": PAUSED, "control": LIMITED}, 0, "everything is paused by ann: a deploy"),
        ({"control": PAUSED}, 0, "it is paused by ann: a deploy"),
        ({"control": LIMITED, "health": MODERATE}, 7, "bob has limited it to 7: a migration"),
        ({"everything": LIMITED}, 7, "bob has limited everything to 7: a migration"),
        ({"control": replace(LIMITED, limit=500)}, 100, ""),
        ({"health": MODERATE}, 50, "cpu is at 60: moderate"),
        ({"health": Health(status=3, since=NOW)}, 75, "its health is 3"),
        ({"budget": Budget(control=PAUSED, shares={SYNC: 9})}, 0, "rds:orders is paused by ann: a deploy"),
        ({"budget": Budget(shares={SYNC: 9}, why="CPU 83 % > 75 %")}, 9, "CPU 83 % > 75 %"),
        ({"budget": Budget(shares={SYNC: 9})}, 9, "its share of rds:orders"),
        ({"budget": Budget()}, 0, "its share of rds:orders"),
        (
            {"budget": Budget(control=LIMITED, shares={SYNC: 7}, why="x")},
            7,
            "bob has limited rds:orders to 7: a migration",
        ),
        ({"budget": Budget(control=LIMITED, shares={SYNC: 5}, why="x")}, 5, "x"),
        ({"budget": Budget(shares={SYNC: 50}), "health": MODERATE}, 50, "cpu is at 60: moderate"),
    ],
)
def test_the_lowest_bound_decides_and_the_first_of_equals(given: dict[str, Any], limit: int, why: str) -> None:
    assert decided(**given) == (limit, why)


def test_a_decision_keeps_its_moment_while_the_limit_stays() -> None:
    known = Decision(limit=7, of=100, why="something else", at=NOW)
    later = NOW + seconds(60)
    same = decide(a_labourer(), Standing(control=LIMITED, decision=known), Control(), {}, COEFFICIENTS, now=later)
    other = decide(a_labourer(), Standing(decision=known), Control(), {}, COEFFICIENTS, now=later)
    assert (same.at, other.at) == (NOW, later)


@pytest.mark.parametrize(
    "standing",
    [
        Standing(),
        Standing(control=PAUSED, health=MODERATE, decision=Decision(limit=0, of=9, why="x", at=NOW), shards=4),
        Standing(health=replace(MODERATE, why="", problem="memory is missing")),
    ],
)
def test_a_standing_comes_back_as_it_was_kept(standing: Standing) -> None:
    assert Standing.from_json(jsontext.load(jsontext.dump(standing.to_json()))) == standing


@pytest.mark.parametrize(
    "budget",
    [
        Budget(),
        Budget(control=LIMITED, limit=23.5, reading=83.0, read_at=NOW, changed_at=NOW, cut_at=NOW, why="x", rising=2),
        Budget(problem="no data", memory={"held": 4.0}, shares={SYNC: 3}, shared_at=NOW),
    ],
)
def test_a_budget_comes_back_as_it_was_kept(budget: Budget) -> None:
    assert Budget.from_json(jsontext.load(jsontext.dump(budget.to_json()))) == budget


def test_keys_of_tomorrow_are_left_out() -> None:
    assert Standing.from_json({"moon": 1, "control": {"moon": 2}}) == Standing()
    assert Budget.from_json({"moon": 1}) == Budget()
