"""`sosw task`: what happened to a task, moment by moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sosw.cli import inputs, show
from sosw.cli.exits import BadInput
from sosw.cli.session import Session

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import TaskHistory
    from sosw.domain.history import Step

TaskIdOf = Annotated[str, typer.Argument(metavar="ID", help="The task's id: its job's, #, and its number from 0.")]
Day = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="Look in the archive of that day alone: when it closed, in UTC."),
]
COLOURS = {"failed": "yellow", "dead": "red", "done": "green", "running": "cyan", "queued": "cyan"}


def task(session: Session, task_id: TaskIdOf, *, on: Day = None) -> None:
    """Show what happened to a task, and where its logs are; from the archive once it has left the table.

    sosw task delays-2013-02#7

    sosw task delays-2013-02#7 --date 2013-03-01
    """
    found = session.client().task(inputs.task_id(task_id), date=_day(on))
    if session.as_json:
        session.document(found.to_json())
    else:
        _show(session.person(), found)
        if found.state.value == "dead" and not found.is_archived:
            show.ways_out(session.person(), found.task_id, session.words)


def _day(given: str | None) -> date | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise BadInput(f"--date {given!r} must be a day that exists, such as 2026-01-31") from error


def _show(out: Console, found: TaskHistory) -> None:
    where = ", from the archive" if found.is_archived else ""
    show.line(out, f"task {found.task_id} of {found.labourer}: {found.state.value}{where}", "bold")
    result = "result" if found.state.value == "done" else "partial"  # what an attempt had before it failed
    for name, value in (("payload", found.payload), (result, found.result), ("stats", found.stats)):
        if value is not None:
            show.line(out, f"{name:8} {show.compact(value)}")
    for step in found.steps:
        show.line(out, _line(step), COLOURS.get(step.what.value))
        link = found.link(step)
        if link:
            out.print(f"{'':40}{link}", style="dim", markup=False, soft_wrap=True)
    if found.expires_at and not found.is_archived:
        show.line(out, f"it leaves the table from {_moment(found.expires_at)} on", "dim")


def _line(step: Step) -> str:
    at = _moment(step.at) if step.at else ""
    after = "" if step.after is None else _duration(step.after)
    return f"{at:27} {after:>11} {step.said}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} UTC"


def _duration(time: timedelta) -> str:
    """`+0.25 s`, `+3 min 20 s`, `+2 h 5 min`, `+3 d 4 h`."""
    seconds = time.total_seconds()
    fits = (units for units in _UNITS if seconds >= units[0])
    size, unit, part, smaller = next(fits, (0, "s", 0, ""))
    if not size:
        return f"+{seconds:.3g} s"
    rest = int(seconds % size // part)
    return f"+{int(seconds // size)} {unit}" + f" {rest} {smaller}" * bool(rest)


_UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
"""Of a duration, each with the next smaller one."""
