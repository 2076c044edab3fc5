"""The reader's shell: one bash, in a new folder, whose HOME, caches and temporary files are beside that folder."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sosw.local import ministack
from sosw.local.stack import UP

_MARK = "\x01ended\x01"
_FOREIGN = ("AWS_", "SOSW_", "VIRTUAL_ENV", "PYTHON", "COLUMNS", "PYENV_", "UV_CACHE", "XDG_")
_FOLDERS = ("work", "home", "tmp", "bin")
_GOODBYE = 20.0
"""Seconds for the shell to take down what it has started."""
_PATIENCE = 180.0
"""Seconds that a command may take."""


class TookTooLong(AssertionError):
    """A command did not end."""


@dataclass
class Shell:
    """What is typed into it runs in the order of typing; where it is and what it has exported stays."""

    folder: Path
    process: subprocess.Popen[bytes]
    status: int = 0
    """Exit code of the last command."""
    is_stuck: bool = False
    """A command of it did not end."""
    _held: bytes = field(default=b"", repr=False)

    def run(self, command: str, *, patience: float = _PATIENCE) -> list[str]:
        """What it printed, both streams as they came. Raises `TookTooLong`."""
        stdin = self.process.stdin
        assert stdin is not None
        status = f"(exit {self.status}); " if self.status else ""
        line = f"{status}eval {shlex.quote(command)} </dev/null; printf '{_MARK}%s\\n' $?\n"
        stdin.write(line.encode())
        stdin.flush()
        printed, _, ended = self._read_until_mark(command, patience).rpartition(_MARK)
        self.status = int(ended)
        return printed.splitlines()

    def where(self) -> Path:
        """The folder in which it is; the exit code of the last command stays."""
        before = self.status
        (here,) = self.run("pwd")
        self.status = before
        return Path(here)

    def _read_until_mark(self, command: str, patience: float) -> str:
        """And the exit code behind it."""
        stdout = self.process.stdout
        assert stdout is not None
        deadline = time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not self._held.rpartition(_MARK.encode())[1] or not self._held.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.is_stuck = True
                    raise TookTooLong(f"{command!r} did not end within {patience:g} s; it printed: {self._held!r}")
                chunk = os.read(stdout.fileno(), 65_536)
                if not chunk:
                    raise TookTooLong(f"the shell ended amid {command!r}; it printed: {self._held!r}")
                self._held += chunk
        text, self._held = self._held.decode(), b""
        return text


@contextlib.contextmanager
def shell(base: Path, variables: Mapping[str, str] | None = None) -> Iterator[Shell]:
    """A shell in `base/work`, which is new. All that was started in it ends with the block, and with this process.

    Of what it wrote nothing stays.
    """
    for name in _FOLDERS:
        (base / name).mkdir()
    _write_python(base / "bin" / "python3")
    work = base / "work"
    process = subprocess.Popen(
        [shutil.which("bash") or "/bin/bash", "--noprofile", "--norc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=work,
        env=_environment(base, variables or {}),
        start_new_session=True,
    )
    ours = Shell(work, process)
    try:
        assert process.stdin is not None
        process.stdin.write(_farewell(work).encode())
        yield ours
    finally:
        _end(process, base, patience=0.0 if ours.is_stuck else _GOODBYE)


def _environment(base: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The machine's, without what is this project's or of somebody's AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN) and name != "UV"}
    places = {"HOME": str(base / "home"), "TMPDIR": str(base / "tmp"), "PATH": f"{base / 'bin'}:{_path()}"}
    return {**kept, **places, **variables}


def _path() -> str:
    """Without the environment that the tests run in: its `sosw` is not the reader's."""
    ours = Path(sys.executable).parent
    return os.pathsep.join(each for each in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(each) != ours)


def _write_python(path: Path) -> None:
    """The reader's `python3` is the one that the tests run with, but not in their environment."""
    base = getattr(sys, "_base_executable", sys.executable)
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(base)} "$@"\n')
    path.chmod(0o755)


def _farewell(work: Path) -> str:
    """When the shell ends, and be it for this process was killed, so do its local stacks and what runs behind it."""
    find = f"find {shlex.quote(str(work))} -path '*/.sosw/run/up.json' -not -path '*/.venv/*'"
    down = f'for up in $({find}); do (cd "${{up%/.sosw/*}}" && {shlex.quote(sys.executable)} -m sosw.local down); done'
    return f"trap {shlex.quote(f'{down}; kill $(jobs -p)')} EXIT\n"


def _end(process: subprocess.Popen[bytes], base: Path, *, patience: float) -> None:
    """The shell, what it has started, and the local stacks in its folders; `patience` is for it to do so itself."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    for ending in (None, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            if ending:
                os.killpg(process.pid, ending)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GOODBYE if ending else patience)
    for record in (base / "work").glob("**/.sosw/run/up.json"):
        if server := ministack.find(record.parents[2], UP):
            server.stop()
    for left in _processes_in(base):
        with contextlib.suppress(psutil.Error):
            left.kill()
            left.wait(5)
    process.stdout.close()
    for name in _FOLDERS:
        shutil.rmtree(base / name, ignore_errors=True)


def _processes_in(base: Path) -> list[psutil.Process]:
    """Those that work in a folder of the shell's."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(base):
                found.append(process)
    return found
