"""Whether what was built can be installed and used: in a new environment for each extra, far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from release.building import CONSTRAINTS
from release.errors import Refused
from sosw.local.tools import find_uv

BARE = ("sosw", "sosw.domain", "sosw.testing")
TABLES = ("sosw.aws", "sosw.client")
IMPORTS: Mapping[str, tuple[str, ...]] = {
    "": BARE,
    "essentials": (*BARE, *TABLES, "sosw.essential", "sosw.log", "sosw.world"),
    "cli": (*BARE, *TABLES, "sosw.cli"),
    "deploy": (*BARE, *TABLES, "sosw.cli", "sosw.deploy", "sosw.local"),
    "local": (*BARE, "sosw.local"),
}
"""What must be importable with an extra: modules, and all that are below a package; of `sosw` its own modules alone."""
RICH = ("sosw.log", "sosw.world")
"""Of its own modules those that no bare install can import."""
VERSION, HELP = ("--version",), ("--help",)
CLI = (VERSION, HELP, ("deploy", "--help"), ("new", "worker", "x"))
COMMANDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "": (), "essentials": (), "cli": CLI, "deploy": CLI, "local": (VERSION, HELP, ("local", "--help")),
}  # fmt: skip
"""Of `sosw`, what must work with an extra."""
INSIDE = ("sosw.local.shims", "sosw.testing.pytest_plugin")
"""Imported by the local AWS, and by pytest: they have what these need."""
_IMPORT = """
import importlib, pkgutil, sys
import sosw
inside, names = sys.argv[1].split(), sys.argv[2:]
for name in names:
    folders = getattr(importlib.import_module(name), "__path__", ())
    walk = pkgutil.walk_packages if name != "sosw" else pkgutil.iter_modules
    below = [info.name for info in walk(folders, name + ".") if name != "sosw" or not info.ispkg]
    left = [each for each in below if each.endswith("__main__") or each.startswith(tuple(inside))]
    for each in set(below).difference(left):
        importlib.import_module(each)
    print(name, *set(below).difference(left))
assert sosw.__file__.startswith(sys.prefix), sosw.__file__
"""


class Installed:
    """An archive of sosw, with an extra or with none (""), in an environment of its own in the folder."""

    def __init__(self, archive: Path, extra: str, folder: Path) -> None:
        """Raises `Refused` if it cannot be installed."""
        self.archive, self.extra, self.folder = archive, extra, folder
        self.python, self.command = folder / "bin" / "python", folder / "bin" / "sosw"
        locks, build = archive.with_name(CONSTRAINTS), Path(__file__).parents[1] / "requirements" / "build.txt"
        wanted = f"sosw{f'[{extra}]' if extra else ''} @ {archive.as_uri()}"
        base = getattr(sys, "_base_executable", sys.executable)
        self._uv("venv", "--quiet", "--python", base, str(folder))
        self._uv("pip", "install", *self._here, "--constraints", str(locks), "--build-constraints", str(build), wanted)

    @property
    def _here(self) -> tuple[str, str]:
        return "--python", str(self.python)

    def check(self, version: str) -> Iterator[str]:
        """What was tried, one after the other. Raises `Refused` for the first that fails."""
        self._uv("pip", "check", *self._here)
        yield "pip check"
        if not self.extra and (others := sorted(self.packages().keys() - {"sosw"})):
            raise Refused(f"sosw alone brings {', '.join(others)}")
        yield f"import of {len(self.imported())} modules"
        for words in COMMANDS[self.extra]:
            said = self.run(self.command, *words)
            yield f"sosw {' '.join(words)}"
            if words == VERSION and said.strip() != f"sosw {version}":
                raise Refused(f"sosw --version says {said!r}, not {version}")

    def packages(self) -> dict[str, str]:
        """Name and version of all that is installed."""
        lines = self._uv("pip", "freeze", *self._here).splitlines()
        pairs = (line.replace(" @ ", "==").split("==") for line in lines)
        return {name: version for name, version, *_ in pairs}

    def imported(self) -> list[str]:
        """The names of the modules that can be imported, and must be."""
        return self.run(self.python, "-I", "-c", _IMPORT, " ".join((*INSIDE, *RICH)), *IMPORTS[self.extra]).split()

    def run(self, program: Path, *words: str) -> str:
        """What it prints, in the environment's folder, without anything of the checkout."""
        return self._said([str(program), *words])

    def _uv(self, *words: str) -> str:
        return self._said([find_uv(Path(__file__).parents[1]), *words])

    def _said(self, command: list[str]) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["UV_PYTHON_DOWNLOADS"] = "never"
        where = self.folder if self.folder.exists() else None
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=where, env=environment)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Refused(
                f"{self.archive.name} with {self.extra or 'no extra'}: {Path(command[0]).name} failed: {last}"
            )
        return done.stdout
