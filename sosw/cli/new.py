"""`sosw new worker` and `sosw new schedule`: a folder to begin with."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from sosw.cli.session import Session
from sosw.settings import prefix

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the function, and so of the labourer and the folder.")]
Into = Annotated[Path, typer.Option("--into", metavar="DIR", help="The folder to make it in.")]


def worker(session: Session, name: Name, *, into: Into = Path()) -> None:
    """Make the folder of a new Worker: code, tests that pass, template, settings, a job, and what to do next.

    sosw new worker orders-sync --into workers
    """
    from sosw.cli import scaffolding  # noqa: PLC0415  (after the command line was understood)

    new = scaffolding.NewWorker(name=name, prefix=session.prefix or prefix(), words=session.words)
    folder, texts = into / name, new.files
    scaffolding.write(folder, texts)
    commands = [f"cd {shlex.quote(str(folder))}", "pytest", *new.commands.values()]
    _tell(session, folder, list(texts), commands)


ScheduleName = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the schedule, and so of the folder; its jobs' ids begin with it.")
]
JobFile = Annotated[str, typer.Option("--job", metavar="FILE", help="JSON of the job that it submits, or - for stdin.")]
Zone = Annotated[str, typer.Option("--time-zone", metavar="ZONE", help="In which --cron and --at are read.")]


@dataclass(frozen=True, kw_only=True)
class When:
    """When it submits the job: one of them."""

    rate: Annotated[str | None, typer.Option(metavar="RATE", help="Such as '1 hour' or '15 minutes'.")] = None
    cron: Annotated[
        str | None, typer.Option(metavar="FIELDS", help="Such as '30 6 * * ? *': each day at 6:30. AWS's six fields.")
    ] = None
    at: Annotated[str | None, typer.Option(metavar="MOMENT", help="Once, such as 2026-01-31T06:00:00.")] = None


def schedule(
    session: Session, name: ScheduleName, when: When, *, job: JobFile, time_zone: Zone = "UTC", into: Into = Path()
) -> None:
    """Make the template of a schedule that submits a job: `sosw deploy` takes the folder as it is.

    sosw new schedule nightly --job job.json --cron "30 6 * * ? *" --time-zone Europe/Berlin
    """
    from sosw.cli import inputs, scaffolding, scheduling  # noqa: PLC0415  (after the command line was understood)

    expression, what = scheduling.expression(asdict(when)), inputs.job(None, job, [])
    unsure = scheduling.checked(what)
    new = scheduling.NewSchedule(
        name=name, prefix=session.prefix or prefix(), expression=expression, time_zone=time_zone, job=what
    )
    folder, texts = into / name, new.files
    scaffolding.write(folder, texts)
    commands = [f"sosw deploy {shlex.quote(str(folder))}{session.words}", f"sosw jobs{session.words}"]
    for problem in unsure:
        session.aside(f"check: {problem}: right only where the Scheduler of {new.prefix} knows it")
    _tell(session, folder, list(texts), commands)


def _tell(session: Session, folder: Path, names: list[str], commands: list[str]) -> None:
    if session.as_json:
        session.document({"folder": str(folder), "files": names, "commands": commands})
        return
    out = session.person()
    out.print(f"made {folder} with {', '.join(names)}", markup=False, soft_wrap=True)
    out.print("next:", *(f"  {command}" for command in commands), sep="\n", markup=False, soft_wrap=True)
