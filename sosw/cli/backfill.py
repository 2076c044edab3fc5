"""`sosw backfill`: a job over exact days that are past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sosw.cli import inputs, show
from sosw.cli.exits import BadInput
from sosw.cli.session import Session
from sosw.cli.submit import DryRunOnly, JobOptions, preview, send

From = Annotated[str, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")]
To = Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included, YYYY-MM-DD.")]
Step = Annotated[
    str | None,
    typer.Option(metavar="STEP", help="A task for each of hours, days, weeks, months, or 7days; days if not given."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
OURS = ("period", "isolate_days", "date_list")


def backfill(
    session: Session,
    options: JobOptions,
    *,
    begin: From,
    end: To,
    step: Step = None,
    dry_run: DryRunOnly = False,
    yes: Yes = False,
) -> None:
    """Submit a job over exact days, a task for each day or step; shows what it would do, and asks first.

    sosw backfill flight-delays --from 2013-02-01 --to 2013-02-28 --priority 9

    sosw backfill my-worker --from 2025-01-01 --to 2025-12-31 --step months --yes --wait
    """
    event = _with_days(options.event, begin, end, step) | options.wishes
    if dry_run:
        preview(session, event)
        return
    _ask(session, event, is_sure=yes)
    send(session, event, options)


def _with_days(job: Mapping[str, Any], begin: str, end: str, step: str | None) -> dict[str, Any]:
    for name in OURS:
        if name in job:
            raise BadInput(f"{name} is made of --from, --to and --step here: leave it out, or use `sosw submit`")
    period: dict[str, Any] = {"from": begin, "to": end}
    if step:
        return {**job, "period": {**period, "step": inputs.step(step)}}
    return {**job, "period": period, "isolate_days": True}


def _ask(session: Session, event: Mapping[str, Any], *, is_sure: bool) -> None:
    """Show what the job would do, and go on where that is wanted."""
    found = session.client().dry_run_event(event).to_json()
    if not session.as_json:
        show.dry_run(session.person(), found)
    elif not is_sure:
        show.dry_run(show.stderr(), found)
    session.confirm(f"Submit {show.tasks(found['tasks'])} for {found['labourer']}?", is_sure=is_sure)
