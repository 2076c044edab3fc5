"""`sosw doctor`: whether everything is there, allowed and enabled, and adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sosw.cli import show_doctor
from sosw.cli.exits import BadInput, Exit
from sosw.cli.session import Session

if TYPE_CHECKING:
    from sosw.client import Diagnosis

JobOption = Annotated[
    str | None, typer.Option("--job", metavar="ID", help="Look at this job alone, and at all of its tasks.")
]
Everything = Annotated[
    bool, typer.Option("--all", help="Look at all jobs of two years and all of their tasks, half a read unit each.")
]
Mend = Annotated[bool, typer.Option("--mend", help="Mend totals that have drifted from their tasks.")]


def doctor(session: Session, *, job: JobOption = None, everything: Everything = False, mend: Mend = False) -> None:
    """Examine the environment: what is missing, forbidden, disabled, lost or counted wrong, and how to mend it.

    sosw doctor

    sosw doctor --job delays-2013-02 --mend
    """
    if job is not None and everything:
        raise BadInput("say --job or --all, not both")
    found = session.client().doctor(job, everything=everything, mend=mend)
    if session.as_json:
        session.document(found.to_json())
    else:
        show_doctor.diagnosis(session.person(), found)
    _end(found)


def _end(found: Diagnosis) -> None:
    if not found.is_clean:
        raise typer.Exit(Exit.FINDINGS)
