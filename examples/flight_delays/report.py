"""What came out: the Worker's own table, and the story of the tasks that failed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from rich.markup import escape
from rich.table import Table

from sosw.domain.task import Task, TaskState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
"""A row of the Worker's table, as `app.py` wrote it: numbers come back as Decimals."""


def read_items(dynamodb: DynamoDBClient, table: str, dates: Iterable[str]) -> list[Item]:
    """All rows of these dates."""
    wanted, read = set(dates), TypeDeserializer().deserialize
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    items = [{key: read(value) for key, value in item.items()} for page in pages for item in page["Items"]]
    return [item for item in items if item["date"] in wanted]


def worst_days(items: Iterable[Item], *, limit: int = 10, fewest: int = 5) -> list[Item]:
    """The rows with the highest mean delay on arrival, among those where at least `fewest` flights arrived."""
    counted = [item for item in items if item["arrived"] >= fewest]
    return sorted(counted, key=lambda item: (-item["arrival"]["mean"], item["origin_carrier"], item["date"]))[:limit]


def worst_days_table(items: Sequence[Item]) -> Table:
    table = _table(
        "The latest days (minutes late on arrival)",
        *("flight", "date"),
        right=("flights", "cancelled", "mean", "90 %", "late"),
    )
    table.add_column("worst")
    for item in items:
        worst, arrival = item["worst"], item["arrival"]
        table.add_row(
            _route(item["origin_carrier"]),
            item["date"],
            str(item["flights"]),
            str(item["cancelled"]),
            f"{arrival['mean']:.1f}",
            str(arrival["p90"]),
            f"{item['late_share']:.0%}",
            f"{worst['arr_delay']} to {worst['dest']}",
        )
    return table


def origins_table(items: Iterable[Item]) -> Table:
    """One line per origin; shares and means are over flights, not over days."""
    by_origin: dict[str, list[Item]] = {}
    for item in items:
        by_origin.setdefault(item["origin_carrier"].split("#")[0], []).append(item)
    table = _table("The week by airport", "airport", right=("flights", "cancelled", "mean", "late"))
    for origin, rows in sorted(by_origin.items()):
        arrived = [row for row in rows if row["arrived"]]
        count = sum(row["arrived"] for row in arrived) or 1
        table.add_row(
            origin,
            f"{sum(row['flights'] for row in rows):,}",
            f"{sum(row['cancelled'] for row in rows):,}",
            f"{sum(row['arrived'] * row['arrival']['mean'] for row in arrived) / count:.1f}",
            f"{sum(row['arrived'] * row['late_share'] for row in arrived) / count:.0%}",
        )
    return table


def attempts_table(tasks: Iterable[Task]) -> Table:
    """Every failed attempt of these tasks, and how they ended."""
    table = _table("Tasks that failed on the way", "task", "about")
    table.add_column("attempts", overflow="fold")
    for task in tasks:
        told = [f"{each.attempt} [red]{escape(each.error)}[/]: {escape(each.message)}" for each in task.failures]
        colour = "green" if task.state is TaskState.DONE else "red"
        end = f"→ [{colour}]{task.state.value}[/] after {_counted(task.tries, 'attempt')}"
        table.add_row(f"#{task.id.rpartition('#')[2]}", _subject(task), "\n".join([*told, end]), end_section=True)
    return table


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _route(origin_carrier: str) -> str:
    return " ".join(origin_carrier.split("#"))


def _subject(task: Task) -> str:
    return " ".join("/".join(task.payload[key]) for key in ("origins", "carriers", "date_list"))


def _table(title: str, *left: str, right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table
