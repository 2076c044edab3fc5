"""A release is made whole, of what builds the same twice, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from release import __main__ as release
from release.errors import Refused
from release.source import Commit

COMMIT = Commit(version="9.8.7", epoch=1_700_000_000, files=b"")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a release of before in `dist`; commits are good, and nothing is installed."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "old.zip").write_text("of before")
    monkeypatch.setattr(release, "head", lambda _: COMMIT)
    monkeypatch.setattr(release, "_tried", lambda *_: [("sosw.whl", ["pip check", "sosw --help"])])
    return tmp_path


def builds(monkeypatch: pytest.MonkeyPatch, *contents: str) -> None:
    """What one build after the other makes."""
    left = iter(contents)

    def build(commit: Commit, folder: Path) -> None:
        (folder / "dist").mkdir(parents=True)
        (folder / "dist" / f"sosw-{commit.version}.zip").write_text(next(left))

    monkeypatch.setattr(release, "_build", build)


def test_what_is_the_same_twice_takes_the_place_of_the_release_before(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(monkeypatch, "same", "same")
    told: list[str] = []
    dist = release.release(root, told.append)
    assert {path.name: path.read_text() for path in dist.iterdir()} == {"sosw-9.8.7.zip": "same"}
    assert told[-1] == "release: 2 checks of what was installed, 0 failed"


def test_what_differs_between_two_builds_is_refused_and_the_release_before_stays(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(monkeypatch, "one", "other")
    with pytest.raises(Refused, match=r"sosw-9\.8\.7\.zip differ between two builds of the same commit"):
        release.release(root, lambda _: None)
    assert [path.name for path in (root / "dist").iterdir()] == ["old.zip"]


def test_what_cannot_be_installed_is_refused_and_the_release_before_stays(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Refused("sosw.whl with cli: python failed")

    builds(monkeypatch, "same", "same")
    monkeypatch.setattr(release, "_tried", refuse)
    with pytest.raises(Refused, match="python failed"):
        release.release(root, lambda _: None)
    assert [path.name for path in (root / "dist").iterdir()] == ["old.zip"]


def test_a_file_that_only_one_build_has_differs(tmp_path: Path) -> None:
    for name, files in (("one", ("a", "b")), ("other", ("a", "c"))):
        (tmp_path / name).mkdir()
        for each in files:
            (tmp_path / name / each).write_text("text")
    assert release.different(tmp_path / "one", tmp_path / "other") == ["b", "c"]
