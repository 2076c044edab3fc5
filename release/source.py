"""The commit that a release is made of, and what keeps it from being one."""

from __future__ import annotations

import re
import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from packaging.version import Version

from release.errors import Refused

_VERSION = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Where everything in a release comes from."""

    version: str
    epoch: int
    """When it was made, s: the time of all that is built, whenever that is."""
    files: bytes
    """A tar of the files that it has."""

    def unpack(self, folder: Path) -> None:
        """Its files, in the folder; what lies about in the checkout is not among them."""
        with tarfile.open(fileobj=BytesIO(self.files)) as archive:
            archive.extractall(folder, filter="data")


def head(root: Path) -> Commit:
    """The commit of the checkout. Raises `Refused` if it may not be released, or is not all that is there."""
    if not (root / ".git").exists():
        raise Refused(f"{root} is no checkout of git: a release is made of a commit")
    if changed := _git(root, "status", "--porcelain").decode().splitlines():
        raise Refused(f"{len(changed)} files are not committed, such as {changed[0][3:]}: commit or remove them first")
    version = version_of(root)
    if trouble := changelog_trouble((root / "CHANGELOG.md").read_text("utf-8"), version):
        raise Refused(trouble)
    epoch = int(_git(root, "log", "-1", "--format=%ct"))
    return Commit(version=version, epoch=epoch, files=_git(root, "archive", "--format=tar", "HEAD"))


def version_of(root: Path) -> str:
    """What pyproject.toml says, and nothing else. Raises `Refused` if it says it in another way."""
    found: list[str] = _VERSION.findall((root / "pyproject.toml").read_text("utf-8"))
    if len(found) != 1 or str(Version(found[0])) != found[0]:
        raise Refused(
            'pyproject.toml must have one line version = "…", in the form that packages have, such as 1.2.0rc1'
        )
    return found[0]


def changelog_trouble(text: str, version: str) -> str | None:
    """What the changelog lacks for a release of that version; a development version is in [Unreleased]."""
    headings: list[tuple[str, str]] = _HEADING.findall(text)
    names = [name for name, _ in headings]
    if not names or names[0] != "Unreleased":
        return "CHANGELOG.md must begin with a section ## [Unreleased]"
    released = [Version(name) for name in names[1:]]
    if released != sorted(set(released), reverse=True) or not all(date for _, date in headings[1:]):
        return "CHANGELOG.md must have each version once, the newest first, with its date: ## [1.0.0] - 2026-12-01"
    if Version(version).is_devrelease:
        return None if all(each < Version(version) for each in released) else f"{version} is older than {released[0]}"
    if version not in names[1:2]:
        return (
            f"CHANGELOG.md has no section for {version} below [Unreleased]: write ## [{version}] - DATE above what it "
            "brings, or give pyproject.toml a development version"
        )
    return None


def _git(root: Path, *words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)  # noqa: S607
    if done.returncode:
        raise Refused(f"git {words[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
