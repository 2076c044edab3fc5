"""`sosw local`: the local stack, by its own command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from sosw.cli.exits import BadInput
from sosw.cli.session import Session


def local(session: Session, ctx: typer.Context) -> None:
    """Start, stop and look at the local stack: up, down, status, logs; see sosw local --help."""
    try:
        from sosw.local import cli  # noqa: PLC0415  (heavy: only who asks for it pays)
    except ModuleNotFoundError as error:
        raise BadInput(f"the local stack needs {error.name}, which is not installed: install sosw[local]") from error
    given = [each for each in ctx.args if each != "--json"]
    as_json = session.as_json or "--json" in ctx.args
    if as_json:
        cli.console.file = sys.stderr  # what is for people does not belong into the document
    with cli.sentences():
        code = cli.app(given, prog_name="sosw local", standalone_mode=not as_json)
    if as_json:
        session.document(_state(given))
    raise typer.Exit(code if isinstance(code, int) else 0)


def _state(given: list[str]) -> dict[str, Any]:
    """What there is after the command: whether the stack runs, where, with which variables, and what is deployed."""
    from sosw.local import attach  # noqa: PLC0415  (as above)
    from sosw.local.errors import NotRunning  # noqa: PLC0415  (as above)

    try:
        stack = attach(_root(given))
    except NotRunning:
        return {"is_running": False, "endpoint": None, "variables": {}}
    return {"is_running": True, "endpoint": stack.endpoint, "variables": stack.variables}


def _root(given: list[str]) -> Path:
    """The folder that the command was about."""
    for number, word in enumerate(given):
        if word.startswith("--root="):
            return Path(word.removeprefix("--root="))
        if word == "--root" and number + 1 < len(given):
            return Path(given[number + 1])
    return Path()
