"""What tasks cost here and elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sosw.domain.alternatives import MEASURED, PEER_MEASURED, SYSTEMS, System, Work, idle_month
from sosw.domain.cost import dollars
from sosw.domain.prices import prices
from tests.unit.docs import markdown as md

MILLION = Work(tasks=1_000_000, seconds=1.5, memory=512)
BY_FORM = {(system.name, system.form): system for system in SYSTEMS}


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("sosw", "a small task, measured", 3.93),
        ("sosw 0.7.51", "a small task, measured", 10.19),
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


def test_the_units_are_those_of_the_published_benchmark() -> None:
    ours, theirs = _lives()
    for published, used in ((ours, MEASURED), (theirs, PEER_MEASURED)):
        read, written = published
        assert read == pytest.approx(used["dynamodb_read_unit"], rel=0.05)
        assert written == pytest.approx(used["dynamodb_write_unit"], rel=0.05)


def _lives() -> list[tuple[float, float]]:
    """Read and write units of a whole life, ours and the peer's, as docs/benchmarks.json has them."""
    page: Any = json.loads(md.page("docs/benchmarks.json").read_text("utf-8"))
    rows = next(section["rows"] for section in page["sections"] if section["key"] == "dispatch")
    lives = [row for row in rows if row[0].startswith("whole life, 100 at a time")]
    return [(row[-2], row[-1]) for row in lives]


def test_the_page_has_the_table_that_the_model_gives() -> None:
    (table,) = md.tables(md.page("docs/explanation/cost.md"), under="What a million tasks cost")
    told = [(row["system"], row["form"], row["$"]) for row in table]
    assert told == [(system.name, system.form, f"{system.dollars(MILLION):.2f}") for system in SYSTEMS]
