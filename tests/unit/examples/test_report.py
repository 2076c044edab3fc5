"""The report ranks, adds up and tells the story of what failed."""

import io
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from examples.flight_delays.report import Item, attempts_table, origins_table, worst_days, worst_days_table
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, TaskState

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def an_item(key: str, *, mean: str | None = "10.0", arrived: int = 10, **changes: Any) -> Item:
    """As boto3 reads it: every number a Decimal."""
    delays = {"mean": mean and Decimal(mean), "median": mean and Decimal(mean), "p90": mean and Decimal(30)}
    worst = {"name": "UA1", "dest": "IAH", "dep_delay": Decimal(90), "arr_delay": Decimal(99)}
    return {
        "origin_carrier": key,
        "date": "2013-02-08",
        "flights": Decimal(arrived + 2),
        "cancelled": Decimal(2),
        "arrived": Decimal(arrived),
        "departure": delays,
        "arrival": delays,
        "late_share": Decimal("0.5") if arrived else None,
        "worst": worst if arrived else None,
    } | changes


def a_task(state: TaskState, *failures: Failure, attempt: int) -> Task:
    return Task(
        id=TaskId("job-1#7"), job_id=JobId("job-1"), labourer=LabourerName("flight-delays"),
        payload={"origins": ["EWR"], "carriers": ["UA"], "date_list": ["2013-02-06"]},
        created_at=NOW, greenfield=NOW, state=state, attempt=attempt, failures=failures,
    )  # fmt: skip


def text(table: Table) -> str:
    said = io.StringIO()
    Console(file=said, width=80).print(table)
    return said.getvalue()


def test_the_worst_days_are_those_with_the_highest_mean_delay_on_arrival() -> None:
    items = [an_item("EWR#UA", mean="12.5"), an_item("JFK#B6", mean="80.1"), an_item("LGA#DL", mean="-3.0")]

    assert [item["origin_carrier"] for item in worst_days(items, limit=2)] == ["JFK#B6", "EWR#UA"]


def test_a_day_with_too_few_arrivals_is_not_ranked() -> None:
    items = [an_item("JFK#HA", mean="900.0", arrived=1), an_item("EWR#OO", mean=None, arrived=0), an_item("EWR#UA")]

    assert [item["origin_carrier"] for item in worst_days(items)] == ["EWR#UA"]


def test_a_worst_day_is_shown_with_its_worst_flight() -> None:
    shown = text(worst_days_table([an_item("JFK#B6", mean="80.1")]))

    for part in ("JFK B6", "2013-02-08", "12", "80.1", "30", "50%", "99 to IAH"):
        assert part in shown


def test_origins_add_flights_up_and_weigh_means_by_arrivals() -> None:
    rows = [
        an_item("EWR#UA", mean="10.0", arrived=30, late_share=Decimal("0.2")),
        an_item("EWR#B6", mean="50.0", arrived=10, late_share=Decimal("1.0")),
        an_item("EWR#OO", mean=None, arrived=0),
    ]

    shown = text(origins_table(rows))

    (line,) = [line for line in shown.splitlines() if "EWR" in line]
    assert [cell.strip() for cell in line.strip("│ ").split("│")] == ["EWR", "46", "6", "20.0", "40%"]


def test_an_origin_where_nothing_arrived_is_still_shown() -> None:
    assert "0.0" in text(origins_table([an_item("EWR#OO", mean=None, arrived=0)]))


def test_every_failed_attempt_is_told_and_then_the_end() -> None:
    failures = [Failure(attempt=n, at=NOW, error="RehearsedOutage", message=f"strike [/{n}]") for n in (1, 2)]

    shown = text(attempts_table([a_task(TaskState.DONE, *failures, attempt=3)]))

    for part in ("#7", "EWR UA 2013-02-06", "RehearsedOutage", "strike [/1]", "strike [/2]", "done", "3 attempts"):
        assert part in shown


def test_a_buried_task_says_that_it_is_dead() -> None:
    failure = Failure(attempt=1, at=NOW, error="ValueError", message="dep_delay 'n/k'")

    shown = text(attempts_table([a_task(TaskState.DEAD, failure, attempt=1)]))

    assert "dead after 1 attempt " in shown
