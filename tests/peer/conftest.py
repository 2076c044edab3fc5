"""The peer, sosw 0.7.51, in a process and an environment of its own: `make peer` makes it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peer.jobs import Case
from tests.tiers import require

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".sosw" / "peer" / "bin" / "python"


class Server:
    """A process of the peer's environment that answers a JSON line with a JSON line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class Peer:
    """Asks the peer's Scheduler for the tasks of jobs."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, case: Case) -> list[dict[str, Any]] | None:
        """Its tasks in its order; None where it raises."""
        answer = self._server.ask({"job": case.job, "schema": case.schema, "today": str(case.today)})
        tasks: list[dict[str, Any]] | None = answer.get("tasks")
        return tasks


@contextlib.contextmanager
def served_by(program: str) -> Iterator[Server]:
    """The program, from the folder of these tests, run by the peer's Python."""
    require(PYTHON.exists(), "sosw 0.7.51 is not here to compare with: run make peer, which installs it for itself.")
    command = [str(PYTHON), "-I", str(Path(__file__).with_name(program))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    with served_by("server.py") as server:
        yield Peer(server)


@pytest.fixture(scope="session")
def ecology() -> Iterator[Server]:
    """The peer's EcologyManager and its Orchestrator's arithmetic."""
    with served_by("ecology_server.py") as server:
        yield server
