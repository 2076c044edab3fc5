"""The command line over the world in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from sosw.cli.main import app
from sosw.cli.session import Session
from tests.unit.client.conftest import ClientWorld


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one document."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def world() -> ClientWorld:
    return ClientWorld()


@pytest.fixture
def sosw(world: ClientWorld) -> Run:
    """Runs the command with those words; `typed` is what is typed into it."""

    def run(*words: str, typed: str = "", columns: int = 200) -> Ended:
        session = Session(connect=lambda _session: world.client)
        env = {"COLUMNS": str(columns), "TERM": "dumb", "NO_COLOR": "1"}
        ended = CliRunner().invoke(app, words, input=typed, env=env, obj=session, prog_name="sosw")
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run
