"""Our own wheel where there is no checkout: packed again from the package that is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sosw.local.tools import run_uv
from sosw.local.wheel import ensure_wheel
from tests.integration.local.support import ROOT

PACK = "from pathlib import Path; from sosw.local.wheel import ensure_wheel; print(ensure_wheel(Path()))"


def contents(wheel: Path) -> dict[str, bytes]:
    """Of each file but the list of them, which each packer writes in its own order."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}


@pytest.fixture(scope="module")
def original() -> Path:
    (wheel,) = ensure_wheel(ROOT).glob("*.whl")
    return wheel


@pytest.fixture
def site(original: Path, tmp_path: Path) -> Path:
    """Where that wheel is installed."""
    folder = tmp_path / "site"
    install(original, folder)
    return folder


def install(wheel: Path, folder: Path) -> None:
    options = ("--quiet", "--no-deps", "--offline", "--python", sys.executable, "--target", str(folder))
    run_uv(ROOT, "pip", "install", *options, str(wheel), what="the wheel")


def packed(site: Path, folder: Path) -> Path:
    """By the package in `site`, below `folder`; the indexes of the machine are out of its reach."""
    folder.mkdir(exist_ok=True)
    nowhere = dict.fromkeys(("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"), "http://127.0.0.1:1")
    said = subprocess.run(
        [sys.executable, "-c", PACK],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, **nowhere, "PYTHONPATH": str(site)},
    )
    (wheel,) = (folder / said.stdout.strip()).glob("*.whl")
    return wheel


def test_an_installed_package_is_packed_again_as_the_wheel_that_it_came_from(
    original: Path, site: Path, tmp_path: Path
) -> None:
    again = packed(site, tmp_path / "work")
    assert (again.name, contents(again)) == (original.name, contents(original))


def test_what_was_packed_again_installs_with_its_command_and_can_be_packed_anew(
    original: Path, site: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    install(packed(site, tmp_path / "work"), second)
    assert (second / "bin" / "sosw").exists()
    assert contents(packed(second, tmp_path / "other")) == contents(original)


def test_a_package_that_was_changed_after_it_was_installed_is_packed_as_it_is_now(site: Path, tmp_path: Path) -> None:
    before = packed(site, tmp_path / "work")
    (site / "sosw" / "worker.py").write_text("raise ImportError\n")
    after = packed(site, tmp_path / "work")
    assert (after.parent == before.parent, contents(after)["sosw/worker.py"]) == (False, b"raise ImportError\n")
