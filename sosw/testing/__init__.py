"""For tests, ours and users': the world in memory, with a clock that stands still until it is told to move."""

from sosw.testing.clock import FakeClock
from sosw.testing.memory import InMemorySlotStore, InMemoryTaskStore
from sosw.testing.memory_archive import InMemoryObjects, InMemoryWatchStore
from sosw.testing.memory_configs import DictConfigSource
from sosw.testing.memory_jobs import InMemoryJobStore
from sosw.testing.memory_records import InMemoryRecordStore
from sosw.testing.recording import RecordingInvoker, RecordingReminder
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
    "RecordingInvoker",
    "RecordingReminder",
    "run_task",
]
