"""The figures for people: tables on the terminal, and docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from bench.figures import Budget, Section, number, verdict

_HEAD = """\
# Benchmarks

sosw beside sosw 0.7.51, the package that its users come from: the real classes of both, on one machine in one run.
`make bench` measures all of this anew (under eight minutes on two cores) and writes this page and
[benchmarks.json](benchmarks.json); `make bench-million` adds the section of the million tasks, `make schedules` that of
the random schedules, and `make regulation` measures the regulation alone, without DynamoDB. Each ends with the number
of budgets held, and fails unless all are.

Exact counts (calls, units, tasks) are the same on every machine. Times are this machine's, which others may have used
at the same time: only ratios of times of one run are held to a budget, and seconds of CPU where the margin is wide.

The tables are those of official DynamoDB Local, in memory. Its licence is for holders of an AWS account: `make bench`
switches it on, so run it if you are one ([decision 0013](decisions/0013-dynamodb-local.md)). The package from PyPI
gets an environment of its own.
"""


def show(console: Console, section: Section) -> None:
    """One section on the terminal."""
    table = Table(title=section.title, title_justify="left", title_style="bold")
    for position, column in enumerate(section.columns):
        table.add_column(column, justify="right" if position else "left")
    for row in section.rows:
        table.add_row(*map(_cell, row))
    console.print(table)
    for budget in section.budgets:
        mark = "[green]held[/]" if budget.is_held else "[red]NOT HELD[/]"
        console.print(f"  {mark}  {budget.name}: {number(budget.value)} ({budget.bounds})", highlight=False)


def page(sections: Iterable[Section]) -> str:
    """docs/benchmarks.md."""
    parts = list(sections)
    budgets = [budget for section in parts for budget in section.budgets]
    return "\n".join([_HEAD, f"**{verdict(budgets)}**", *map(_section, parts)])


def _section(section: Section) -> str:
    setting = ", ".join(f"{name} {value}" for name, value in section.setting.items())
    blocks = [f"\n## {section.title}\n", section.about, "", _markdown(section.columns, section.rows)]
    if section.budgets:
        blocks += ["", _markdown(["budget", "figure", "bounds", ""], map(_line, section.budgets))]
    return "\n".join([*blocks, "", f"Measured: {setting}.", ""])


def _line(budget: Budget) -> list[str | float]:
    return [budget.name, budget.value, budget.bounds, "held" if budget.is_held else "**not held**"]


def _markdown(columns: list[str], rows: Iterable[list[str | float]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: str | float) -> str:
    return cell if isinstance(cell, str) else number(cell)
