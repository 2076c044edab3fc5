"""A new Worker, as `sosw new worker` makes it, deployed and run without a line changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import declared, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Deployment

NAME = "scaffolded"


@pytest.fixture
def folder(deployment: Deployment, tmp_path: Path) -> Iterator[Path]:
    """Of the Worker, deployed; its entry is among those of the other labourers."""
    made = run(deployment, "new", "worker", NAME, "--into", str(tmp_path))
    assert made.returncode == 0, made.stderr
    folder, stack = tmp_path / NAME, deployment.stack
    deployed = run(deployment, "deploy", str(folder), "--yes")
    assert deployed.returncode == 0, deployed.stderr
    with declared(stack, folder / "labourers.yaml"):
        yield folder


def test_its_job_is_done_by_the_command_that_its_readme_gives(deployment: Deployment, folder: Path) -> None:
    command = "sosw submit --job job.json --wait"
    assert command in (folder / "README.md").read_text("utf-8")
    words = [str(folder / word) if word == "job.json" else word for word in command.split()[1:]]

    ended = run(deployment, *words, "--json")

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert (said["total"], said["done"], said["failed"]) == (3, 3, 0)
