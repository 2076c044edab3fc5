"""What a release may be made of: a commit, and all of it; a version that the changelog tells of."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from release.errors import Refused
from release.source import changelog_trouble, head, version_of

CHANGES = "# Changelog\n\n## [Unreleased]\n\n{}"
ONE = "## [1.0.0] - 2026-12-01\n\n- all\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of one commit."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "sosw"\nversion = "1.0.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGES.format(ONE))
    (tmp_path / ".gitignore").write_text("ignored\n")
    git(tmp_path, "init")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(root), *who, *words]
    subprocess.run(command, check=True, capture_output=True, env={"GIT_COMMITTER_DATE": "1700000000 +0900"})


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "-m", "all")


def test_a_release_holds_what_is_committed_at_the_time_of_the_commit(root: Path, tmp_path: Path) -> None:
    (root / "ignored").write_text("lies about\n")
    found = head(root)
    assert (found.version, found.epoch) == ("1.0.0", 1_700_000_000)
    into = tmp_path / "into"
    found.unpack(into)
    assert {path.name for path in into.iterdir()} == {"pyproject.toml", "CHANGELOG.md", ".gitignore"}


def test_a_tree_with_something_that_is_not_committed_is_refused(root: Path) -> None:
    (root / "new.py").write_text("pass\n")
    with pytest.raises(Refused, match=r"1 files are not committed, such as new\.py: commit or remove them first"):
        head(root)
    commit(root)
    (root / "pyproject.toml").write_text('version = "2.0.0"\n')
    with pytest.raises(Refused, match=r"not committed, such as pyproject\.toml"):
        head(root)


def test_a_version_that_the_changelog_does_not_tell_of_is_refused(root: Path) -> None:
    (root / "pyproject.toml").write_text('version = "1.1.0"\n')
    commit(root)
    with pytest.raises(Refused, match=r"CHANGELOG\.md has no section for 1\.1\.0"):
        head(root)


def test_what_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is no checkout of git"):
        head(tmp_path)


@pytest.mark.parametrize("text", ['version = "1.0"\nversion = "2.0"\n', "name = 'sosw'\n", 'version = "1.0-rc.1"\n'])
def test_a_version_that_is_not_told_once_in_its_plain_form_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(Refused, match="must have one line version ="):
        version_of(tmp_path)


@pytest.mark.parametrize(
    ("version", "sections", "trouble"),
    [
        ("1.0.0", ONE, None),
        ("3.0.0.dev0", "", None),
        ("3.1.0.dev0", ONE, None),
        ("0.9.0.dev0", ONE, "0.9.0.dev0 is older than 1.0.0"),
        ("1.1.0rc1", ONE, "no section for 1.1.0rc1"),
        ("0.9.0", f"{ONE}## [0.9.0] - 2026-01-01\n", "no section for 0.9.0 below [Unreleased]"),
        ("1.0.0", "## [1.0.0]\n", "with its date"),
        ("1.1.0", f"{ONE}## [1.1.0] - 2026-12-02\n", "the newest first"),
        ("1.0.0", ONE + ONE, "each version once"),
    ],
)
def test_the_changelog_tells_of_each_version_once_the_newest_first(
    version: str, sections: str, trouble: str | None
) -> None:
    said = changelog_trouble(CHANGES.format(sections), version)
    assert said == trouble if trouble is None else trouble in (said or "")


def test_a_changelog_without_a_place_for_what_is_to_come_is_refused() -> None:
    assert "must begin with a section" in (changelog_trouble(ONE, "1.0.0") or "")
