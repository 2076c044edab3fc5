"""`sosw new worker`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sosw.cli import scaffolding
from sosw.cli.exits import BadInput
from sosw.client import SettingsFile
from sosw.domain.declaration import Declaration
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from tests.unit.cli.conftest import Run

FILES = [
    "README.md",
    "job.json",
    "labourers.yaml",
    "pytest.ini",
    "template.yaml",
    "test_worker.py",
    "worker/app.py",
    "worker/requirements.txt",
]


def made(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_is_made_and_told_with_what_to_do_next(sosw: Run, tmp_path: Path) -> None:
    ended = sosw("new", "worker", "orders_sync", "--into", str(tmp_path))
    folder = tmp_path / "orders_sync"
    assert (ended.code, ended.err, made(folder)) == (0, "", FILES)
    commands = ended.out.split("next:\n")[1].splitlines()
    assert [command.strip() for command in commands] == [
        f"cd {folder}",
        "pytest",
        "sosw deploy .",
        "sosw apply --add labourers.yaml",
        "sosw submit --job job.json --wait",
    ]
    assert all(command.strip() in (folder / "README.md").read_text("utf-8") for command in commands[1:])


def test_a_program_is_told_the_same_and_the_environment_is_named(sosw: Run, tmp_path: Path) -> None:
    said = sosw("--prefix", "blue", "new", "worker", "7up", "--into", str(tmp_path), "--json").json
    assert (said["folder"], said["files"]) == (str(tmp_path / "7up"), FILES)
    assert said["commands"][2:] == [
        "sosw deploy . --prefix blue",
        "sosw apply --add labourers.yaml --prefix blue",
        "sosw submit --job job.json --wait --prefix blue",
    ]
    assert "Default: blue" in (tmp_path / "7up" / "template.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", ["orders", "no", "123", "1e5"])
def test_its_settings_and_its_job_are_taken(name: str) -> None:
    texts = scaffolding.NewWorker(name=name, prefix="sosw").files
    found = Declaration.of(SettingsFile.parse(texts["labourers.yaml"], "labourers.yaml").values).over({})
    settings = EssentialSettings.checked(found.config)
    assert (found.problems, list(settings.labourers)) == ((), [name])
    assert JobRequest.from_event(json.loads(texts["job.json"]), settings).labourer.name == name


def test_no_gap_is_left_in_any_file() -> None:
    texts = scaffolding.NewWorker(name="orders", prefix="sosw").files
    assert [path for path, text in texts.items() if "{{" in text] == []


@pytest.mark.parametrize(
    ("name", "guess"),
    [("orders sync!", "such as orders-sync"), ("a/b", "such as a-b"), ("é", "such as my-worker"), ("x" * 65, "x" * 64)],
)
def test_a_name_that_no_function_may_have_is_refused_with_one_like_it(
    sosw: Run, tmp_path: Path, name: str, guess: str
) -> None:
    ended = sosw("new", "worker", name, "--into", str(tmp_path))
    assert (ended.code, ended.out, list(tmp_path.iterdir())) == (2, "", [])
    assert "is no name of a Lambda: 1 to 64 letters" in ended.err
    assert guess in ended.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sosw-scheduler"], "sosw-scheduler is a function of sosw itself"),
        (["blue-scavenger", "--prefix", "blue"], "blue-scavenger is a function of sosw itself"),
        (["orders", "--prefix", "Blue"], "--prefix 'Blue' must be 1 to 31 of a-z 0-9 -"),
        (["orders", "--into", "nowhere"], "--into nowhere is no folder"),
    ],
)
def test_what_cannot_be_deployed_or_made_is_refused(
    sosw: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = sosw("new", "worker", *words)
    assert (ended.code, list(tmp_path.iterdir())) == (2, [])
    assert sentence in ended.err


@pytest.mark.parametrize("kind", ["folder", "file", "dangling"])
def test_what_is_there_already_stays_as_it_is(sosw: Run, tmp_path: Path, kind: str) -> None:
    there = tmp_path / "orders"
    if kind == "folder":
        there.mkdir()
    else:
        there.touch() if kind == "file" else there.symlink_to("gone")
    ended = sosw("new", "worker", "orders", "--into", str(tmp_path))
    assert ended.code == 2
    assert f"{there} is there already, and stays as it is" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["orders"]
    assert kind != "folder" or made(there) == []


def test_a_folder_that_must_not_be_written_is_told(sosw: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_rest: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refused)  # root may write anywhere
    ended = sosw("new", "worker", "orders", "--into", str(tmp_path))
    assert ended.code == 2
    assert ended.err == f"sosw: {tmp_path / 'orders'} cannot be made: Permission denied; choose another --into\n"


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"x cannot be written: File name too long; nothing was made"):
        scaffolding.write(tmp_path / "orders", {"README.md": "", "x" * 300: ""})
    assert list(tmp_path.iterdir()) == []
