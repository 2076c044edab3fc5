"""What every command has: the global options, the client that they lead to, and the two ways to speak."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sosw.cli.exits import BadInput
from sosw.domain.errors import SoswError

if TYPE_CHECKING:
    from rich.console import Console

    from sosw.client import Client

WIDTH_OF_A_PIPE = 200
"""Columns where there is no terminal to ask and COLUMNS is not set."""
WIDTH_OF_NAMES = 80
"""Columns from which on a table keeps its names whole; in fewer of them it folds what it must, and cuts nothing."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """The global options of one call."""

    prefix: str | None = None
    region: str | None = None
    endpoint: str | None = None
    local: bool = False
    as_json: bool = False
    connect: Callable[[Session], Client] | None = None
    """Makes the client; tests bring their own."""

    def with_(self, given: Mapping[str, Any]) -> Session:
        """With those of the options that were given; an option behind the command wins over one before it."""
        return replace(self, **{name: value for name, value in given.items() if value})

    @property
    def words(self) -> str:
        """The global options that lead to this environment, to be said again behind a command."""
        given = {"--prefix": self.prefix, "--region": self.region, "--endpoint": self.endpoint}
        said = "".join(f" {name} {shlex.quote(value)}" for name, value in given.items() if value)
        return said + " --local" * self.local

    def client(self) -> Client:
        """Of the environment that the options name."""
        return (self.connect or connect)(self)

    def document(self, value: Mapping[str, Any]) -> None:
        """One JSON document for a program, instead of all that is for people."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")

    def person(self) -> Console:
        """For people, on stdout."""
        return console(is_error=False)

    def aside(self, text: str) -> None:
        """For people, on stderr, in whichever way the command speaks."""
        console(is_error=True).print(text, markup=False, soft_wrap=True)

    def confirm(self, question: str, *, is_sure: bool) -> None:
        """Ask on stderr, unless `is_sure`; ends the command where the answer is no."""
        if is_sure:
            return
        try:
            agreed = typer.confirm(question, err=True)
        except typer.Abort as nobody:
            sys.stderr.write("\n")  # behind the question
            if isinstance(nobody.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from nobody
            raise BadInput("nobody is here to be asked: say --yes to go on without") from nobody
        if not agreed:
            raise SoswError("you said no: nothing was done")


def console(*, is_error: bool) -> Console:
    """As wide as the terminal, or wide enough for ids and payloads in a pipe."""
    from rich.console import Console  # noqa: PLC0415  (after --help has been answered)

    shown = Console(stderr=is_error, highlight=False)
    if not shown.is_terminal and "COLUMNS" not in os.environ:
        shown.width = WIDTH_OF_A_PIPE
    return shown


def kept_whole(out: Console, longest: int, most: int) -> int | None:
    """The least width of a column of names, of which `most` characters are not folded; none where it is narrow."""
    return min(longest, most) if out.width >= WIDTH_OF_NAMES else None


def connect(session: Session) -> Client:
    """To AWS, or to the local stack of the current folder."""
    from sosw.client import Client  # noqa: PLC0415  (after the command line was understood)

    enter(session)
    return Client(session.prefix, region=session.region, endpoint=session.endpoint)


def enter(session: Session) -> None:
    """With --local, all that is asked from now on goes to the local stack of the current folder."""
    if not session.local:
        return
    if session.region or session.endpoint:
        raise BadInput("--local has a region and an endpoint of its own: leave out --region and --endpoint")
    try:
        from sosw.local import attach  # noqa: PLC0415  (only --local asks)
    except ModuleNotFoundError as error:
        raise BadInput(f"--local needs {error.name}, which is not installed: install sosw[local]") from error
    stack = attach(Path())
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(stack.variables | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"))
