"""The programs and folders that the local stack is made with."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sosw.local.errors import InstallFailed, LocalStackError, ToolMissing

HOST = "127.0.0.1"
NOT_ALL = 1
"""What compileall ends with where a module is no Python of its version: some packages have templates that are none."""
PYTHON_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def state_folder(root: Path) -> Path:
    """`.sosw` of the project at `root`: environments, builds, logs; may be deleted whenever nothing runs."""
    return root / ".sosw"


def nearest_root(folder: Path) -> Path:
    """`folder` or the nearest one above that has a state folder; `folder` itself where none has."""
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if state_folder(each).is_dir()), folder)


def hide_from_git(root: Path) -> None:
    """What is in the state folder is nothing to commit, in whichever repository `root` lies."""
    ignore = state_folder(root) / ".gitignore"
    if not ignore.exists():
        ignore.parent.mkdir(parents=True, exist_ok=True)
        ignore.write_text("*\n")


def find_uv(root: Path) -> str:
    """The `uv` named by the variable UV, on the PATH, beside this Python, or in the project's `.sosw/uv`."""
    candidates = [
        os.environ.get("UV", ""),
        shutil.which("uv") or "",
        str(Path(sys.executable).with_name("uv")),
        str(state_folder(root) / "uv" / "bin" / "uv"),
    ]
    found = next((c for c in candidates if c and _works(c)), None)
    if found is None:
        raise ToolMissing("uv", "run `make env`, or install it with `pip install uv`")
    return found


@functools.cache
def _works(uv: str) -> bool:
    """Version managers put a `uv` on the PATH that only says that there is none: it must answer."""
    with contextlib.suppress(OSError):
        return _run([uv, "--version"]).returncode == 0
    return False


@functools.cache
def find_python(root: Path, minor: str) -> Path | None:
    """A CPython of that minor version, such as 3.13: this one, or another that uv finds on this machine.

    A final release: bytecode of those before it is not the same. None is downloaded.
    """
    return next((Path(each) for each in _pythons(root, minor) if _kind(each) == f"cpython {minor} final"), None)


def _pythons(root: Path, minor: str) -> Iterator[str]:
    if minor == PYTHON_MINOR:
        yield sys.executable
    with contextlib.suppress(ToolMissing):
        find = [find_uv(root), "python", "find", "--no-project", "--system", f"cpython@{minor}"]
        yield from _run(find).stdout.splitlines()[:1]


def _kind(python: str) -> str:
    """Of an interpreter: implementation, minor version, release level; empty if it does not answer."""
    words = "sys.implementation.name, f'{v[0]}.{v[1]}', v.releaselevel"
    with contextlib.suppress(OSError):
        return _run([python, "-I", "-c", f"import sys; v = sys.version_info; print({words})"]).stdout.strip()
    return ""


def compile_modules(folder: Path, python: Path, place: str) -> None:
    """By that Python, for when `folder` lies at `place`. What is no Python of that version stays as it is.

    Unchecked: the timestamps of an archive say nothing about the sources.
    """
    command = (python, "-I", "-m", "compileall", "-qq", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash")
    result = _run([*map(str, command), "-s", str(folder), "-p", place, str(folder)])
    if result.returncode not in {0, NOT_ALL}:
        raise LocalStackError(f"{python} could not compile the modules of a package: it ended with {result.returncode}")


def run_uv(root: Path, *arguments: str, what: str) -> None:
    """Run uv; with no network, once more with what its cache holds. `what` names the goal in the error."""
    command = [find_uv(root), *arguments]
    result = _run(command)
    if result.returncode and _run([*command, "--offline"]).returncode:
        raise InstallFailed(what, result.stderr or result.stdout)


def install_into(root: Path, site: Path, *packages: str, python: Path | None = None, what: str) -> None:
    """Packages of PyPI in a folder of their own, `site`: whole, or not at all; `what` is as for `run_uv`.

    They are for `python`, by default this one.
    """
    draft = site.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)
    run_uv(
        root, "pip", "install", "--quiet", "--python", str(python or sys.executable), "--target", str(draft),
        "--compile-bytecode", *packages,
        what=what,
    )  # fmt: skip
    replace_folder(draft, site)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {"UV_HTTP_RETRIES": "1", **os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now; another program may take it before you do."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_port_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time inside; the others wait. The lock ends with the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def replace_folder(source: Path, target: Path) -> None:
    """Put the finished `source` where `target` is, so that nobody ever sees half a folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)
