"""`python -m sosw.local`, as a person runs it: another process, its output, its exit code."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sosw.local import attach
from sosw.local.errors import NotRunning
from tests.integration.local.support import FOLDER, ROOT


def command(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sosw.local", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **variables},
    )


@pytest.fixture
def small_project(project: Path) -> Iterator[Path]:
    """A project whose Essentials are the probe, with one example."""
    example = project / "examples" / "second_one"
    for folder, prefix in ((project / "cloudformation", "probe"), (example, "second")):
        shutil.copytree(FOLDER / "app", folder / "app")
        text = (FOLDER / "template.yaml").read_text().replace("Default: probe", f"Default: {prefix}")
        (folder / ("sosw.yaml" if prefix == "probe" else "template.yaml")).write_text(text)
    yield project
    with contextlib.suppress(NotRunning):
        attach(project).stop()


def test_up_look_and_down(small_project: Path) -> None:
    root = ("--root", small_project)
    up = command("up", *root)
    assert up.returncode == 0, up.stderr
    endpoint = attach(small_project).endpoint
    assert f"AWS_ENDPOINT_URL={endpoint}" in up.stdout

    again = command("up", *root)
    assert (again.returncode, endpoint in again.stdout) == (0, True), "up is safe to repeat"

    status = command("status", *root)
    assert "probe-events → probe-reader" in status.stdout
    assert "second-one" in status.stdout
    assert "Active" in status.stdout

    attach(small_project).client("lambda").invoke(FunctionName="second-reader", Payload=b'{"print": "a line"}')
    assert "a line" in command("logs", "second-reader", *root).stdout

    unknown = command("logs", "second-readr", *root)
    assert unknown.returncode == 1
    assert unknown.stderr == (
        "sosw: there is no function 'second-readr' in the local stack: did you mean 'second-reader'?\n"
    )

    other_port = command("up", "--port", "1", *root)
    assert other_port.returncode == 1
    assert "stop it first with `make down`" in other_port.stderr

    down = command("down", *root)
    assert (down.returncode, down.stdout) == (0, "the local stack is stopped\n")
    assert command("down", *root).stdout == "the local stack is not running\n"


def test_a_failed_up_leaves_no_stack_behind(small_project: Path) -> None:
    (small_project / "examples" / "second_one" / "template.yaml").write_text("Resources: {Q: {Type: AWS::No::Such}}")
    up = command("up", "--root", small_project)
    assert up.returncode == 1
    assert up.stderr.startswith("sosw: stack second-one was not deployed: ")
    assert up.stderr.count("\n") == 1
    with pytest.raises(NotRunning):
        attach(small_project)


@pytest.mark.parametrize("arguments", [("status",), ("logs", "any")])
def test_without_a_stack_the_next_step_is_named(project: Path, arguments: tuple[str, ...]) -> None:
    answer = command(*arguments, "--root", project)
    assert answer.returncode == 1
    assert answer.stderr == "sosw: the local stack is not running: start it with `make up`\n"


def test_up_outside_of_a_checkout_says_so(tmp_path: Path) -> None:
    answer = command("up", "--root", tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == (
        f"sosw: there is no cloudformation/sosw.yaml in {tmp_path}: run this in the checkout of sosw\n"
    )
