"""Budgets are judged by their bounds, and the page says what the file of figures says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import jobs
from bench.figures import Budget, Section, number, read, verdict, write
from bench.meter import Bill, peak_mb
from bench.pages import page
from bench.sections import BY_DEFAULT, SECTIONS

DOCS = Path(__file__).parents[3] / "docs"
HELD = Budget(name="calls", value=0.1, most=0.1)
BROKEN = Budget(name="ratio", value=9.9, least=10)
SECTION = Section(
    key="k",
    title="T",
    about="A.",
    columns=["a", "b"],
    rows=[["x", 12345.0]],
    budgets=[HELD, BROKEN],
    setting={"on": "1"},
)


@pytest.mark.parametrize(
    ("budget", "is_held", "bounds"),
    [
        (HELD, True, "at most 0.1"),
        (BROKEN, False, "at least 10"),
        (Budget(name="tasks", value=7, least=7, most=7), True, "7 to 7"),
        (Budget(name="tasks", value=8, least=7, most=7), False, "7 to 7"),
    ],
)
def test_a_budget_is_held_within_its_bounds(budget: Budget, bounds: str, *, is_held: bool) -> None:
    assert (budget.is_held, budget.bounds) == (is_held, bounds)


def test_the_verdict_counts_what_is_held() -> None:
    assert verdict([HELD, BROKEN]) == "budgets: 1 of 2 held"


def test_numbers_are_written_as_people_read_them() -> None:
    assert list(map(number, [1_000_000, 123.4, 12.34, 2.0, 0.04138])) == ["1,000,000", "123", "12.3", "2", "0.0414"]


def test_figures_come_back_from_the_file_as_they_were(tmp_path: Path) -> None:
    write(tmp_path / "f.json", {"k": SECTION})
    assert read(tmp_path / "f.json") == {"k": SECTION}
    assert read(tmp_path / "none.json") == {}


def test_a_budget_that_is_not_held_stands_out_on_the_page() -> None:
    text = page([SECTION])
    assert "**budgets: 1 of 2 held**" in text
    assert "| x | 12,345 |" in text
    assert "| ratio | 9.9 | at least 10 | **not held** |" in text


def test_the_page_is_that_of_the_figures_and_every_budget_on_it_holds() -> None:
    sections = read(DOCS / "benchmarks.json")
    assert set(BY_DEFAULT) <= set(sections) <= set(SECTIONS)
    assert (DOCS / "benchmarks.md").read_text() == page(sections.values())
    assert [budget.name for section in sections.values() for budget in section.budgets if not budget.is_held] == []


def test_the_bill_counts_calls_by_operation_and_adds_the_units_told() -> None:
    class Model:
        class service_model:  # noqa: N801  (botocore's name)
            service_name = "dynamodb"

        name = "PutItem"

    bill = Bill()
    for told in ({"CapacityUnits": 2.0}, [{"CapacityUnits": 1.0}, {"CapacityUnits": 0.5}], None):
        bill({"ConsumedCapacity": told}, Model)
    assert bill.take() == ({"PutItem": 3}, {"PutItem": 3.5})
    assert bill.take() == ({}, {})


def test_the_peak_is_that_of_this_process_in_mb() -> None:
    assert 5 < peak_mb() < 4_000


@pytest.mark.parametrize("tasks", [10, 30, 1_000, 50_000])
def test_a_job_is_of_the_size_that_was_asked_for(tasks: int) -> None:
    job = jobs.creating(tasks)
    days = int(job["period"].split("_")[1])
    shops = sum(len(level["shops"]) for level in job["sections"].values())
    assert days * shops == tasks
    assert len(jobs.named(tasks)["sections"]["0"]["shops"]) == tasks
