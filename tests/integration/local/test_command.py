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
from tests.integration.local.support import FOLDER, ROOT, make_project


def command(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sosw.local", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **variables},
    )


def add_deployments(project: Path) -> Path:
    """The probe as the project's Essentials, and one example."""
    example = project / "examples" / "second_one"
    for folder, prefix in ((project / "cloudformation", "probe"), (example, "second")):
        shutil.copytree(FOLDER / "app", folder / "app")
        text = (FOLDER / "template.yaml").read_text().replace("Default: probe", f"Default: {prefix}")
        (folder / ("sosw.yaml" if prefix == "probe" else "template.yaml")).write_text(text)
    return project


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose stack was started by `up`."""
    root = add_deployments(make_project(tmp_path_factory.mktemp("project")))
    up = command("up", "--root", root)
    assert up.returncode == 0, up.stderr
    assert f"AWS_ENDPOINT_URL={attach(root).endpoint}" in up.stdout
    yield root
    with contextlib.suppress(NotRunning):
        attach(root).stop()


def test_up_is_safe_to_repeat(running: Path) -> None:
    endpoint = attach(running).endpoint
    again = command("up", "--root", running)
    assert (again.returncode, endpoint in again.stdout) == (0, True)


def test_below_the_folder_where_it_runs_it_is_the_same_stack(running: Path) -> None:
    below = running / "cloudformation" / "app"
    again = command("up", "--root", below)
    assert (again.returncode, attach(running).endpoint in again.stdout) == (0, True)
    assert attach(below).endpoint == attach(running).endpoint
    assert "second-one" in again.stdout
    assert not (below / ".sosw").exists()


def test_up_elsewhere_than_where_it_runs_is_refused(running: Path) -> None:
    other_port = command("up", "--port", "1", "--root", running)
    assert other_port.returncode == 1
    assert "stop it first with `sosw local down`" in other_port.stderr


def test_status_shows_every_part_of_every_stack(running: Path) -> None:
    shown = command("status", "--root", running).stdout
    for part in ("second-one", "second-reader", "probe-events → probe-reader", "probe-minute", "Active", "ENABLED"):
        assert part in shown


def test_logs_shows_what_a_function_printed(running: Path) -> None:
    attach(running).client("lambda").invoke(FunctionName="second-reader", Payload=b'{"print": "a line"}')
    assert "\na line\n" in command("logs", "second-reader", "--root", running).stdout


def test_logs_of_an_unknown_function_guesses(running: Path) -> None:
    unknown = command("logs", "second-readr", "--root", running)
    assert unknown.returncode == 1
    assert unknown.stderr == (
        "sosw: there is no function 'second-readr' in the local stack: did you mean 'second-reader'?\n"
    )


def test_down_ends_it_and_may_be_repeated(running: Path) -> None:
    down = command("down", "--root", running)
    assert (down.returncode, down.stdout) == (0, "the local stack is stopped\n")
    assert command("down", "--root", running).stdout == "the local stack is not running\n"


def test_a_failed_up_leaves_no_stack_behind(project: Path) -> None:
    (add_deployments(project) / "examples" / "second_one" / "template.yaml").write_text(
        "Resources: {Q: {Type: AWS::No::Such}}"
    )
    up = command("up", "--root", project)
    assert up.returncode == 1
    assert up.stderr.startswith("sosw: stack second-one was not deployed: ")
    assert up.stderr.count("\n") == 1
    with pytest.raises(NotRunning):
        attach(project)


@pytest.mark.parametrize("arguments", [("status",), ("logs", "any")])
def test_without_a_stack_the_next_step_is_named(project: Path, arguments: tuple[str, ...]) -> None:
    answer = command(*arguments, "--root", project)
    assert answer.returncode == 1
    assert answer.stderr == (
        "sosw: no local stack runs in this folder or above it: start one with `sosw local up` (in a clone, `make up`)\n"
    )


def test_up_outside_of_a_checkout_deploys_the_essentials_of_the_sosw_that_runs(project: Path) -> None:
    up = command("up", "--root", project)
    try:
        assert (up.returncode, up.stdout.splitlines()[2:4]) == (
            0,
            [" stacks    sosw", f" log       {project}/.sosw/logs/up.log"],
        ), up.stderr
        assert "sosw-worker-assistant" in command("status", "--root", project).stdout
        assert (project / ".sosw" / ".gitignore").read_text() == "*\n"
    finally:
        assert command("down", "--root", project).stdout == "the local stack is stopped\n"


def test_up_in_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    answer = command("up", "--root", tmp_path / "none")
    assert answer.returncode == 1
    assert answer.stderr == f"sosw: {tmp_path}/none is no folder: make it, or name another one by --root\n"


@pytest.mark.parametrize("words", [("-m", "sosw.local"), ("-c", "from sosw.cli.main import main; main()", "local")])
def test_up_where_nothing_can_be_written_says_so_in_one_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / ".sosw").write_text("")
    answer = subprocess.run(
        [sys.executable, *words, "up", "--root", tmp_path], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert answer.returncode == 1
    assert answer.stderr == (
        f"sosw: {tmp_path}/.sosw: File exists: the local stack needs a folder that it may write to\n"
    )
