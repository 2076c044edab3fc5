"""`make release`: builds all out of the commit, twice, compares, installs it, and puts it into `dist`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from release.building import build
from release.errors import Refused
from release.installing import IMPORTS, Installed
from release.source import Commit, head
from sosw.domain.errors import SoswError

ROOT = Path(__file__).parents[1]
WHAT = {
    ".whl": "wheel",
    ".tar.gz": "sources",
    "-layer": "layer for Workers",
    "-essentials": "package of the Essentials",
    "-templates": "templates",
    "constraints": "the versions that were tested",
    ".cdx.json": "bill of materials",
}


def release(root: Path, tell: Callable[[str], None]) -> Path:
    """The filled folder `dist`, which is changed only if all went well. Raises `Refused`, or what building does."""
    commit = head(root)
    with tempfile.TemporaryDirectory(prefix="sosw-release-") as scratch:
        first, second = (Path(scratch) / name for name in ("first", "second"))
        tell(f"building sosw {commit.version}, twice")
        for each in (first, second):
            _build(commit, each)
        if differing := different(first / "dist", second / "dist"):
            raise Refused(f"{', '.join(differing)} differ between two builds of the same commit: nothing was released")
        tried = 0
        for name, checks in _tried(first / "dist", Path(scratch) / "venvs", commit.version):
            tell(f"{name}: {', '.join(checks)}")
            tried += len(checks)
        tell(f"release: {tried} checks of what was installed, 0 failed")
        dist = root / "dist"
        shutil.rmtree(dist, ignore_errors=True)
        shutil.move(first / "dist", dist)
    return dist


def different(one: Path, other: Path) -> list[str]:
    """The names of files that are not the same in both folders."""
    names = {path.name for folder in (one, other) for path in folder.iterdir()}
    return sorted(name for name in names if _content(one / name) != _content(other / name))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _build(commit: Commit, folder: Path) -> None:
    source, dist, scratch = folder / "source", folder / "dist", folder / "scratch"
    for each in (source, dist, scratch):
        each.mkdir(parents=True)
    commit.unpack(source)
    build(source, dist, commit.epoch, scratch)


def _tried(dist: Path, venvs: Path, version: str) -> Iterator[tuple[str, list[str]]]:
    for archive in (*dist.glob("*.whl"), *dist.glob("*.tar.gz")):
        for extra in IMPORTS:
            name = f"{archive.name}[{extra}]" if extra else archive.name
            yield name, list(Installed(archive, extra, venvs / name).check(version))


def table(dist: Path) -> Table:
    """What there is now, and how large."""
    made = Table("file", box=None)
    made.add_column("kB", justify="right")
    made.add_column("what it is")
    for path in sorted(dist.iterdir()):
        what = next((text for part, text in reversed(WHAT.items()) if part in path.name), "")
        made.add_row(path.name, f"{path.stat().st_size / 1000:,.0f}", what or "hashes of them all")
    return made


if __name__ == "__main__":
    begun = time.monotonic()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    try:
        made = release(ROOT, console.print)
    except (Refused, SoswError) as error:
        sys.exit(f"release: {error}")
    console.print(table(made))
    console.print(f"in {made}, after {time.monotonic() - begun:.0f} s")
