"""The peer, sosw 0.7.51, in a process and an environment of its own: `make peer` makes it."""

from __future__ import annotations

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


class Peer:
    """Asks the peer's Scheduler for the tasks of jobs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, case: Case) -> list[dict[str, Any]] | None:
        """Its tasks in its order; None where it raises."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"job": case.job, "schema": case.schema, "today": str(case.today)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        tasks: list[dict[str, Any]] | None = answer.get("tasks")
        return tasks


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    require(PYTHON.exists(), "sosw 0.7.51 is not here to compare with: run make peer, which installs it for itself.")
    command = [str(PYTHON), "-I", str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()
