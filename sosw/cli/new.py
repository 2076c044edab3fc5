"""`sosw new worker`: a folder to begin with."""

from __future__ import annotations

import shlex
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
    if session.as_json:
        session.document({"folder": str(folder), "files": list(texts), "commands": commands})
        return
    out = session.person()
    out.print(f"made {folder} with {', '.join(texts)}", markup=False, soft_wrap=True)
    out.print("next:", *(f"  {command}" for command in commands), sep="\n", markup=False, soft_wrap=True)
