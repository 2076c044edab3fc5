"""The files of a new Worker: from the templates beside this module, into a folder that was not there."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import sosw
from sosw.cli.exits import BadInput
from sosw.settings import Names, is_prefix

SUFFIX = ".tmpl"
NEWEST_PYTHON = 13
"""The minor version of Lambda's newest runtime that sosw is tried with."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_GAP = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorker:
    """What is to be made; `words` are the global options that lead to its environment."""

    name: str
    prefix: str
    words: str = ""

    def __post_init__(self) -> None:
        """Raises `BadInput` for what cannot be deployed."""
        if not _NAME.fullmatch(self.name):
            rule = "1 to 64 letters, digits, '-' and '_', beginning with a letter or a digit"
            raise BadInput(f"{self.name!r} is no name of a Lambda: {rule}, such as {_near(self.name)}")
        refuse_prefix(self.prefix)
        if self.name in Names(self.prefix).functions:
            raise BadInput(f"{self.name} is a function of sosw itself: choose another name, such as {self.name}-worker")

    @property
    def commands(self) -> dict[str, str]:
        """What to do next, in the new folder, once its test has passed."""
        return {
            "deploy": f"sosw deploy .{self.words}",
            "apply": f"sosw apply --add labourers.yaml{self.words}",
            "submit": f"sosw submit --job job.json --wait{self.words}",
        }

    @property
    def files(self) -> dict[str, str]:
        """The text of each file, by its path in the folder."""
        python = f"python3.{min(sys.version_info.minor, NEWEST_PYTHON)}"
        given = {
            "name": self.name,
            "prefix": self.prefix,
            "python": python,
            "version": sosw.__version__,
            **self.commands,
        }
        return {path: _GAP.sub(lambda gap: given[gap[1]], text) for path, text in templates()}


def refuse_prefix(prefix: str) -> None:
    """Raises `BadInput` for what no environment can be named."""
    if not is_prefix(prefix):
        raise BadInput(f"--prefix {prefix!r} must be 1 to 31 of a-z 0-9 -, beginning with a letter")


def templates() -> Iterator[tuple[str, str]]:
    """The path of each file in the folder of a Worker, and its text with gaps."""
    root = files("sosw.cli").joinpath("scaffold")
    for path, template in sorted(_below(root, "")):
        yield path.removesuffix(SUFFIX), template.read_text("utf-8")


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Make the folder with these files, whole or not at all. Raises `BadInput` where it is there, or must not be."""
    if not folder.parent.is_dir():
        raise BadInput(f"--into {folder.parent} is no folder: make it, or name another one")
    try:
        folder.mkdir()
    except FileExistsError:
        raise BadInput(
            f"{folder} is there already, and stays as it is: choose another name or another --into"
        ) from None
    except OSError as error:
        raise BadInput(f"{folder} cannot be made: {error.strerror}; choose another --into") from error
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # ours: it was not there
        raise BadInput(f"{error.filename} cannot be written: {error.strerror}; nothing was made") from error


def _below(folder: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The templates in a folder of the package, with their paths."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(each, f"{path}{each.name}/")
        elif each.name.endswith(SUFFIX):
            yield path + each.name, each


def _near(name: str) -> str:
    """A name like it that would do."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:64]
    return shlex.quote(plain or "my-worker")
