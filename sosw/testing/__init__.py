"""For tests, ours and users': the world in memory, with a clock that stands still until it is told to move.

Names are loaded when first used: pytest imports this package at every start, for the fixtures in `pytest_plugin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sosw.testing.clock import FakeClock
    from sosw.testing.memory import InMemorySlotStore, InMemoryTaskStore
    from sosw.testing.memory_archive import InMemoryObjects, InMemoryWatchStore
    from sosw.testing.memory_configs import DictConfigSource
    from sosw.testing.memory_jobs import InMemoryJobStore
    from sosw.testing.memory_records import InMemoryRecordStore
    from sosw.testing.recording import RecordingInvoker, RecordingReminder
    from sosw.testing.rehearsal import NotFinished, Rehearsal
    from sosw.testing.running import run_task
    from sosw.testing.sources import InMemorySources

__all__ = [
    "DictConfigSource",
    "FakeClock",
    "InMemoryJobStore",
    "InMemoryObjects",
    "InMemoryRecordStore",
    "InMemorySlotStore",
    "InMemorySources",
    "InMemoryTaskStore",
    "InMemoryWatchStore",
    "NotFinished",
    "RecordingInvoker",
    "RecordingReminder",
    "Rehearsal",
    "run_task",
]

_HOMES = {
    "DictConfigSource": "memory_configs",
    "FakeClock": "clock",
    "InMemoryJobStore": "memory_jobs",
    "InMemoryObjects": "memory_archive",
    "InMemoryRecordStore": "memory_records",
    "InMemorySlotStore": "memory",
    "InMemorySources": "sources",
    "InMemoryTaskStore": "memory",
    "InMemoryWatchStore": "memory_archive",
    "NotFinished": "rehearsal",
    "RecordingInvoker": "recording",
    "RecordingReminder": "recording",
    "Rehearsal": "rehearsal",
    "run_task": "running",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415  (as in sosw itself)

    return getattr(import_module(f"sosw.testing.{_HOMES[name]}"), name)
