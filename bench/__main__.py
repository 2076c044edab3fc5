"""`make bench`: measures, compares, and says which budgets hold."""

from __future__ import annotations

import datetime as dt
import logging
import os
import platform
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from bench import figures, pages, programs
from bench.sections import BY_DEFAULT, SECTIONS, Options
from sosw.local.dynamodb_local import NPM_PACKAGE, NPM_VERSION
from sosw.local.errors import LocalStackError

PEER, TIME = "0.7.51", "in"
WIDTH = 130
JSON, PAGE = programs.ROOT / "docs" / "benchmarks.json", programs.ROOT / "docs" / "benchmarks.md"


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(SECTIONS)}.")] = None,
    *,
    large: Annotated[bool, typer.Option("--large", help="Create a job of 50,000 tasks, too.")] = False,
) -> None:
    """Measure sosw beside sosw 0.7.51, write docs/benchmarks.md, and fail unless every budget holds."""
    chosen = names or list(BY_DEFAULT)
    for name in chosen:
        if name not in SECTIONS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(SECTIONS)}")
    console = Console(width=max(WIDTH, Console().width))
    logging.getLogger("sosw").setLevel(logging.CRITICAL)  # what the roles say in a simulation is no figure
    begun = time.perf_counter()
    try:
        measured = [measure(name, console, is_large=large) for name in chosen]
    except (programs.ProgramFailed, LocalStackError) as error:
        sys.stderr.write(f"bench: {error}\n")
        raise typer.Exit(2) from error
    keep(measured)
    budgets = tell(measured, console, time.perf_counter() - begun)
    raise typer.Exit(not all(budget.is_held for budget in budgets))


def measure(name: str, console: Console, *, is_large: bool) -> figures.Section:
    """One section, with the setting that it was measured in."""
    begun = time.perf_counter()
    with console.status(name):
        section = SECTIONS[name](Options(is_large=is_large, say=console.print))
    return replace(section, setting={TIME: f"{time.perf_counter() - begun:.0f} s", **setting()})


def tell(measured: list[figures.Section], console: Console, seconds: float) -> list[figures.Budget]:
    """All figures, how long they took, and the budgets: those that are not held last, with their reasons."""
    for section in measured:
        pages.show(console, section)
    for section in measured:
        if section.summary:
            console.print(section.summary, highlight=False)
    each = " + ".join(f"{section.key} {section.setting[TIME]}" for section in measured)
    console.print(f"took {seconds:.0f} s: {each}", highlight=False)
    budgets = [budget for section in measured for budget in section.budgets]
    for line in figures.broken(budgets):
        console.print(f"not held: {line}", highlight=False, markup=False)
    console.print(figures.verdict(budgets), highlight=False)
    return budgets


def keep(measured: list[figures.Section]) -> None:
    """Write both files; a section that was not measured now stays as it was."""
    found = figures.read(JSON) | {section.key: section for section in measured}
    ordered = {key: found[key] for key in SECTIONS if key in found}
    figures.write(JSON, ordered)
    PAGE.write_text(pages.page(ordered.values()))


def setting() -> dict[str, str]:
    """When and where, without names of places."""
    today = dt.datetime.now(tz=dt.timezone.utc).date()
    return {
        "on": str(today),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "sosw": version("sosw"),
        "beside": PEER,
        "boto3": version("boto3"),
        NPM_PACKAGE: NPM_VERSION,
    }


if __name__ == "__main__":
    typer.run(main)
