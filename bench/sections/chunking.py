"""A job of a million tasks, taken apart."""

from __future__ import annotations

from typing import Any

from bench import programs
from bench.figures import Budget, Section
from bench.jobs import MILLION
from bench.sections.options import Options

TRIES = 3
SHAPES = {"lists": "10 × 10 × 10 × 1,000, lists innermost", "dicts": "100 × 100 × 100, dicts"}
MOST_CPU, MOST_MB = 5.0, 100.0
ABOUT = f"""\
A job whose nested levels make a million tasks is looked over and chunked, each payload made once, in a fresh process.
CPU is the smallest of {TRIES} tries here, and of one try of sosw 0.7.51; the peak is that of the whole process, in
which the job itself is built. Of sosw 0.7.51 it is `needs_chunking` and `construct_job_data`, which returns all tasks
as a list; that it then writes them to a file is not counted."""


def chunking(options: Options) -> Section:
    """Both sides, both shapes."""
    rows: list[list[str | float]] = []
    budgets: list[Budget] = []
    for shape, title in SHAPES.items():
        options.say(f"Chunking a million tasks: {title}")
        ours = min((programs.here("chunk", shape) for _ in range(TRIES)), key=lambda tried: float(tried["cpu"]))
        theirs = programs.peer("chunk", shape)
        rows += [_row(f"{title}: sosw", ours), _row(f"{title}: 0.7.51", theirs)]
        budgets += [
            Budget(name=f"{shape}: tasks", value=ours["tasks"], least=MILLION, most=MILLION),
            Budget(name=f"{shape}: s of CPU", value=ours["cpu"], most=MOST_CPU),
            Budget(name=f"{shape}: MB at the peak", value=ours["peak"], most=MOST_MB),
        ]
    columns = ["a million tasks", "tasks", "s of CPU", "MB at the peak", "MB before, with the job"]
    return Section(key="chunking", title="Chunking a job", about=ABOUT, columns=columns, rows=rows, budgets=budgets)


def _row(title: str, figures: dict[str, Any]) -> list[str | float]:
    return [title, figures["tasks"], figures["cpu"], figures["peak"], figures["job"]]
