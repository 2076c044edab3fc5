"""What tasks cost here and elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sosw.domain.alternatives import (
    ESSENTIALS,
    MB_OF_A_GB,
    SYSTEMS,
    System,
    Work,
    idle_month,
)
from sosw.domain.cost import dollars
from sosw.domain.prices import prices
from tests.unit.docs import markdown as md

MILLION = Work(tasks=1_000_000, seconds=1.5, memory=512)
BY_FORM = {(system.name, system.form): system for system in SYSTEMS}


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("sosw", "a small task, measured", 3.93),
        ("sosw 0.7.51", "a small task, measured", 10.18),
        ("SQS + Lambda", "one by one", 1.20),
        ("Step Functions, Standard", "one state a task", 25.00),
        ("Step Functions, Distributed Map", "100 tasks a child, Express", 1.82),
        ("Lambda durable functions", "two operations a task", 16.00),
    ],
)
def test_a_million_tasks_cost_what_the_bills_say(name: str, form: str, expected: float) -> None:
    assert BY_FORM[name, form].dollars(MILLION) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: f"{system.name}, {system.form}")
def test_twice_the_tasks_cost_twice_as_much(system: System) -> None:
    twice = Work(tasks=2_000_000, seconds=1.5, memory=512)
    assert system.dollars(twice) == pytest.approx(2 * system.dollars(MILLION))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: f"{system.name}, {system.form}")
def test_every_thing_that_a_system_uses_has_a_price(system: System) -> None:
    assert system.used(MILLION).keys() <= prices().dollars.keys()


def test_workers_cost_their_request_and_their_gb_seconds() -> None:
    assert MILLION.worker_dollars == pytest.approx(0.20 + 1e6 * 1.5 * 0.5 * 1.66667e-5)


def test_an_idle_month_costs_cents_and_less_than_one_more_for_each_labourer() -> None:
    assert idle_month(10) < 0.15
    assert idle_month(11) - idle_month(10) == pytest.approx(43_200 * 1.25e-7)


def test_a_dry_run_never_tells_less_than_what_was_measured() -> None:
    assert dollars(1_000_000, [{"date_list": ["2013-01-01"]}]) >= BY_FORM["sosw", "a small task, measured"].dollars(
        MILLION
    )


SHARE_OF_A_CORE = 512 / 1769
"""That Lambda gives to 512 MB: a whole one is there with 1,769 MB."""


@pytest.fixture(scope="module")
def life() -> dict[str, list[float]]:
    """Calls, write units, read units, KB and ms of CPU of a task, by the rows of docs/benchmarks.json."""
    page: Any = json.loads(md.page("docs/benchmarks.json").read_text("utf-8"))
    section = next(section for section in page["sections"] if section["key"] == "life")
    return {row[0]: row[1:6] for row in [*section["rows"], *section["details"][0]["rows"]]}


def units(name: str) -> list[float]:
    """Write and read units that the model reckons with."""
    used = BY_FORM[name, "a small task, measured"].used(MILLION)
    return [used["dynamodb_write_unit"], used["dynamodb_read_unit"]]


def test_our_units_are_those_of_the_published_benchmark(life: dict[str, list[float]]) -> None:
    assert units("sosw") == pytest.approx(life["1,000 tasks, 1 labourer: sosw"][1:3], rel=0.02)


def test_the_units_of_the_peer_are_the_fewest_that_were_measured(life: dict[str, list[float]]) -> None:
    measured = [cost[1:3] for name, cost in life.items() if name.endswith("labourers: 0.7.51")]
    assert units("sosw 0.7.51") == pytest.approx(min(measured), rel=0.02)


def test_the_time_of_the_essentials_is_no_less_than_what_was_measured(life: dict[str, list[float]]) -> None:
    cpu = life["1,000 tasks, 1 labourer: sosw"][4] / 1000
    assert cpu / SHARE_OF_A_CORE * 512 / MB_OF_A_GB <= ESSENTIALS["lambda_gb_second"]


def test_the_page_has_the_table_that_the_model_gives() -> None:
    (table,) = md.tables(md.page("docs/explanation/cost.md"), under="What a million tasks cost")
    told = [(row["system"], row["form"], row["$"]) for row in table]
    assert told == [(system.name, system.form, f"{system.dollars(MILLION):.2f}") for system in SYSTEMS]
