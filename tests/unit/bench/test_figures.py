"""Budgets are judged by their bounds, and the page says what the file of figures says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import jobs
from bench.figures import Budget, Section, Table, broken, number, read, verdict, write
from bench.meter import Bill, peak_mb
from bench.pages import page
from bench.sections import BY_DEFAULT, SECTIONS

PROMISES = {
    "s of CPU to chunk a million tasks": 5,
    "MB at the peak, chunking a million tasks": 100,
    "MB that a million tasks take more than 10,000: flat": 10,
    "calls a task, whole life": 4,
    "write units a task, whole life": 6,
    "read units a task, whole life": 1.5,
    "read units a task beside a queue of 50,000": 1.5,
    "calls an idle labourer and minute": 2,
    "ms of CPU to import the Worker's base": 40,
    "modules of the Worker's base": 80,
    "local stack: s for 60 tasks of 1 s, limit 5": 15,
    "local stack: start delay, median, s": 1,
    "local stack: start delay, p99, s": 3,
}
"""By their bounds; the whole of the design's table."""
DOCS = Path(__file__).parents[3] / "docs"
HELD = Budget(name="calls", value=0.1, most=0.1)
BROKEN = Budget(name="ratio", value=9.9, least=10, is_promise=True, peer=3, reason="It would take more.")
SECTION = Section(
    key="k",
    title="T",
    about="A.",
    columns=["a", "b"],
    rows=[["x", 12345.0]],
    details=[Table(title="Parts", columns=["c"], rows=[["y"]])],
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
    assert "- Not held: ratio: 9.9, and not at least 10. It would take more." in text


def test_a_budget_that_is_held_has_no_reason() -> None:
    assert broken([HELD]) == []


def test_what_was_promised_stands_on_top_beside_the_peers_figure() -> None:
    text = page([SECTION])
    promises = text[text.index("## What was promised") : text.index("## T")]
    assert "| ratio | 3 | 9.9 | at least 10 | **not held** |" in promises
    assert "calls" not in promises


def test_a_section_has_all_its_tables() -> None:
    assert "\nParts:\n\n| c |\n| --- |\n| y |" in page([SECTION])


@pytest.fixture(scope="module")
def published() -> dict[str, Section]:
    return read(DOCS / "benchmarks.json")


def test_the_page_is_that_of_the_figures(published: dict[str, Section]) -> None:
    assert set(BY_DEFAULT) <= set(published) <= set(SECTIONS)
    assert (DOCS / "benchmarks.md").read_text() == page(published.values())


def test_every_published_budget_is_held_or_says_why_not(published: dict[str, Section]) -> None:
    budgets = [budget for section in published.values() for budget in section.budgets]
    assert [budget.name for budget in budgets if not budget.is_held and not budget.reason] == []


def test_each_promise_of_the_design_is_a_budget_once(published: dict[str, Section]) -> None:
    promises = [budget for section in published.values() for budget in section.budgets if budget.is_promise]
    assert {budget.name: budget.most for budget in promises} == PROMISES
    assert len(promises) == len(PROMISES)


def test_a_chart_that_the_page_shows_is_there(published: dict[str, Section]) -> None:
    shown = [name for section in published.values() for name in re.findall(r"!\[.*\]\((.+)\)", section.about)]
    assert [(DOCS / name).exists() for name in shown] == [True] * 3


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
