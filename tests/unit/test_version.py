"""The version is in pyproject.toml, and nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.version import Version

import sosw
from release.source import changelog_trouble, version_of

ROOT = Path(__file__).parents[2]
VERSION = version_of(ROOT)
MEASURED = ("docs/benchmarks.md", "docs/benchmarks.json")
"""What a version was measured to do stays what it was."""
BOUND = re.compile(r"sosw(\[\w+\])?>=\S+")
"""The oldest sosw that is none of the other package of this name: it is no version of anything here."""


def tracked() -> Iterator[Path]:
    """The files that belong to the project, in a checkout or in its sdist."""
    for folder in ("sosw", "release", "essentials", "cloudformation", "examples", "bench", "tests", "docs", "."):
        inside = (ROOT / folder).rglob("*") if folder != "." else ROOT.iterdir()
        yield from (path for path in inside if path.is_file() and path.suffix != ".pyc")


def test_no_other_file_names_the_version() -> None:
    named = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.\w])")
    lines = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked()
        if path.relative_to(ROOT).as_posix() not in {*MEASURED, "CHANGELOG.md"}
        for line in path.read_text("utf-8", errors="replace").splitlines()
        if named.search(BOUND.sub("", line))
    ]
    assert lines == [f'pyproject.toml: version = "{VERSION}"']


def test_the_package_tells_the_version_of_pyproject() -> None:
    assert sosw.__version__ == VERSION


def test_it_is_looked_up_only_when_it_is_asked_for() -> None:
    code = "import sys, sosw; sosw.Worker; print('importlib.metadata' in sys.modules, sosw.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", VERSION]


def test_the_command_tells_the_same_version() -> None:
    code = "from sosw.cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"sosw {VERSION}\n"


def test_the_changelog_has_the_version_or_a_place_for_it() -> None:
    assert changelog_trouble((ROOT / "CHANGELOG.md").read_text("utf-8"), VERSION) is None


def test_what_asks_for_sosw_is_met_by_this_version_and_not_by_the_other_package_of_the_name() -> None:
    for path in (*ROOT.glob("essentials/requirements.txt"), *ROOT.glob("examples/*/worker/requirements.txt")):
        (bound,) = re.findall(r"^sosw(?:\[\w+\])?>=(\S+)$", path.read_text(), re.MULTILINE)
        assert Version("0.7.99") < Version(bound) <= Version(VERSION)
