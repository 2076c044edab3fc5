"""Processes that outlive the command that started them, and how to end exactly those.

A process id may be given to another program after a crash, so a process is known by its id *and* its start time.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_START_TIME_TOLERANCE = 2.0  # seconds, for the system's clock may have been set in between


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """One running server, as written to its file under `.sosw/run/`."""

    pid: int
    """Also the number of its process group."""
    started: float
    """The moment of the process's start, s since epoch, as the system tells it."""
    port: int
    temp: str
    """Its own folder for temporary files, removed when it stops."""

    @classmethod
    def of(cls, pid: int, *, port: int, temp: Path) -> ServerRecord:
        """`pid` is a child of ours, not yet waited for."""
        return cls(pid=pid, started=psutil.Process(pid).create_time(), port=port, temp=str(temp))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> ServerRecord | None:
        """None if there is no such file, or it was cut off in the middle of a write."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return cls(**json.loads(path.read_text()))
        return None

    def is_running(self) -> bool:
        """Whether that very process runs, not another one that was given its id."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= _START_TIME_TOLERANCE
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def stop(record: ServerRecord, *, patience: float = 5.0) -> None:
    """SIGTERM, `patience` seconds, then SIGKILL; removes the temporary folder. Safe to repeat.

    Both go to the whole group: the server waits for calls in flight, and those end with the Lambda processes.
    """
    for ending in (signal.SIGTERM, signal.SIGKILL):
        if record.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(record.pid, ending)
            _wait_until_gone(record, patience)
    end_leftovers(Path(record.temp))


def end_leftovers(temp: Path) -> None:
    """End the Lambda processes that a killed server left behind, known by their working folder, and remove `temp`."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(temp):
                process.kill()
                process.wait(1)
    shutil.rmtree(temp, ignore_errors=True)


def _wait_until_gone(record: ServerRecord, patience: float) -> None:
    deadline = time.monotonic() + patience
    while record.is_running() and time.monotonic() < deadline:
        time.sleep(0.02)
