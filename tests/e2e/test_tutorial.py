"""The tutorial, followed to the letter: in an empty folder, with a new environment, from the wheel of these sources."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sosw.local.tools import run_uv
from tests.e2e.conftest import ROOT
from tests.e2e.tutorial.following import Follower
from tests.e2e.tutorial.shell import Shell, shell
from tests.tiers import require

PAGE = ROOT / "docs" / "tutorial" / "on-a-local-aws.md"


@pytest.fixture
def wheels(tmp_path: Path) -> str:
    """The folder with our wheel, and those that pip looks into on this machine."""
    folder = tmp_path / "wheels"
    options = ("--quiet", "--wheel", "--python", sys.executable, "--out-dir", str(folder))
    run_uv(ROOT, "build", *options, str(ROOT), what="the wheel of sosw")
    return " ".join([str(folder), *os.environ.get("PIP_FIND_LINKS", "").split()])


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Shell]:
    require(
        importlib.util.find_spec("ensurepip"),
        "This Python cannot make environments: install its venv, e.g. apt install python3-venv.",
    )
    (tmp_path / "reader").mkdir()
    with shell(tmp_path / "reader") as ours:
        yield ours


def test_whoever_follows_the_tutorial_sees_what_it_shows(
    reader: Shell, wheels: str, say: Callable[[str], None]
) -> None:
    begun, told = time.monotonic(), list[str]()
    try:
        done = Follower(PAGE, wheels=wheels).follow(reader, told.append)
    except AssertionError:
        say("\n".join(["tutorial: what was done before it failed:", *told]))
        raise
    say(f"tutorial: {done} steps, {time.monotonic() - begun:.0f} s")
