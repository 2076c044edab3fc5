"""A job of a million tasks, taken apart."""

from __future__ import annotations

from typing import Any

from bench import programs
from bench.figures import Budget, Section, number
from bench.jobs import FEW, MILLION
from bench.sections.options import Options

TRIES = 3
SHAPES = {"lists": "10 × 10 × 10 × 1,000, lists innermost", "dicts": "100 × 100 × 100, dicts"}
MOST_CPU, MOST_MB, MOST_MORE = 5.0, 100.0, 10.0
ABOUT = f"""\
A job whose nested levels make a million tasks is looked over and chunked, each payload made once, in a fresh process.
CPU is the smallest of {TRIES} tries here, and of one try of sosw 0.7.51; the peak is that of the whole process, in
which the job itself is built. Of sosw 0.7.51 it is `needs_chunking` and `construct_job_data`, which returns all tasks
as a list; that it then writes them to a file is not counted. *Flat*: the peak over that of the same shape with
{number(FEW)} tasks."""


def chunking(options: Options) -> Section:
    """Both sides, both shapes."""
    few = programs.here("chunk", "few")
    ours: dict[str, dict[str, Any]] = {}
    theirs: dict[str, dict[str, Any]] = {}
    for shape, title in SHAPES.items():
        options.say(f"Chunking a million tasks: {title}")
        ours[shape] = min((programs.here("chunk", shape) for _ in range(TRIES)), key=lambda tried: float(tried["cpu"]))
        theirs[shape] = programs.peer("chunk", shape)
    sides = {"sosw": ours, "0.7.51": theirs}
    columns = ["a million tasks", "tasks", "s of CPU", "MB at the peak", "MB before, with the job"]
    return Section(
        key="chunking",
        title="Chunking a job",
        about=ABOUT,
        columns=columns,
        rows=[
            *(_row(f"{SHAPES[shape]}: {name}", side[shape]) for shape in SHAPES for name, side in sides.items()),
            _row(f"1 × 1 × 10 × 1,000, lists innermost: sosw, {number(FEW)} tasks", few),
        ],
        budgets=_budgets(ours, theirs, few),
    )


def _budgets(ours: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]], few: dict[str, Any]) -> list[Budget]:
    """The worse of both shapes."""

    def worst(name: str, figure: str, most: float) -> Budget:
        value, peer = (max(side[shape][figure] for shape in SHAPES) for side in (ours, theirs))
        return Budget(name=name, value=value, most=most, peer=peer, is_promise=True)

    tasks = sum(ours[shape]["tasks"] for shape in SHAPES)
    return [
        Budget(name="tasks of both jobs", value=tasks, least=2 * MILLION, most=2 * MILLION),
        worst("s of CPU to chunk a million tasks", "cpu", MOST_CPU),
        worst("MB at the peak, chunking a million tasks", "peak", MOST_MB),
        Budget(
            name=f"MB that a million tasks take more than {number(FEW)}: flat",
            value=ours["lists"]["peak"] - few["peak"],
            most=MOST_MORE,
            is_promise=True,
        ),
    ]


def _row(title: str, figures: dict[str, Any]) -> list[str | float]:
    return [title, figures["tasks"], figures["cpu"], figures["peak"], figures["job"]]
