"""`sosw apply`: the settings of labourers and resources, from one file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sosw.cli import show, show_plan
from sosw.cli.exits import Exit
from sosw.cli.inputs import STDIN
from sosw.cli.session import Session

if TYPE_CHECKING:
    from sosw.client import Plan, SettingsFile

File = Annotated[str, typer.Argument(metavar="FILE", help="labourers.yaml, or sosw's JSON; - for stdin.")]
DryRunOnly = Annotated[bool, typer.Option("--dry-run", help="Check it and show the plan; nothing is written.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Add = Annotated[
    bool,
    typer.Option("--add", help="Add what FILE names to what is stored, or change it there: nothing else is touched."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Remove labourers also while tasks of theirs wait or run: those stay behind.")
]


def apply(
    session: Session, file: File, *, add: Add = False, dry_run: DryRunOnly = False, yes: Yes = False,
    force: Force = False,
) -> None:  # fmt: skip
    """Check the settings of labourers and resources, show what they change, ask, and store them.

    sosw apply labourers.yaml --dry-run

    sosw apply --add my-worker/labourer.yaml

    sosw apply labourers.yaml --yes --json
    """
    plan = session.client().plan(_read(file), adds=add)
    if not session.as_json:
        show_plan.plan(session.person(), plan)
    elif not (dry_run or yes):
        show_plan.plan(show.stderr(), plan)
    is_stopped = bool(plan.at_work) and not force
    if dry_run or is_stopped or not plan.changes:
        _end(session, plan, is_stopped=is_stopped)
        return
    session.confirm(f"Apply {show_plan.count(plan)}?", is_sure=yes)
    for failed in plan.apply(force=force):
        session.aside(f"warning: {failed}")
    _tell(session, plan, is_applied=True)


def _end(session: Session, plan: Plan, *, is_stopped: bool) -> None:
    """Without having applied anything."""
    if is_stopped:
        if session.as_json:
            _tell(session, plan, is_applied=False)
        session.aside("nothing was applied: say --force to remove them all the same, or let their tasks end first")
        raise typer.Exit(Exit.FAILED)
    _tell(session, plan, is_applied=False)


def _tell(session: Session, plan: Plan, *, is_applied: bool) -> None:
    if session.as_json:
        said: dict[str, Any] = {"applied": is_applied, **plan.to_json()}
        session.document(said)
    elif is_applied:
        session.person().print("applied: the Essentials work by it within a minute", markup=False)


def _read(file: str) -> SettingsFile:
    from sosw.client import SettingsFile  # noqa: PLC0415  (after the command line was understood)

    return SettingsFile.parse(sys.stdin.read(), "stdin") if file == STDIN else SettingsFile.read(file)
