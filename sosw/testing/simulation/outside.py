"""What the archive and the notices of the dead reach in a simulation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sosw.domain.task import JobId
from sosw.domain.watch import Watch
from sosw.testing.memory_archive import InMemoryObjects, InMemoryWatchStore
from sosw.testing.simulation.ports import Calls


class SimulatedWatches:
    """A `WatchStore`."""

    def __init__(self, calls: Calls, store: InMemoryWatchStore) -> None:
        self._calls, self._store = calls, store

    def watch(self, watch: Watch) -> None:
        """See `WatchStore.watch`."""
        self._calls.make(lambda: self._store.watch(watch))

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """See `WatchStore.due`."""
        return self._calls.make(lambda: self._store.due(now, limit))

    def get(self, job_id: JobId) -> Watch | None:
        """See `WatchStore.get`."""
        return self._calls.make(lambda: self._store.get(job_id))

    def save(self, watch: Watch) -> Watch | None:
        """See `WatchStore.save`."""
        return self._calls.make(lambda: self._store.save(watch))


class SimulatedObjects:
    """An `ObjectStore`."""

    def __init__(self, calls: Calls, store: InMemoryObjects) -> None:
        self._calls, self._store = calls, store

    @property
    def bucket(self) -> str:
        """See `ObjectStore.bucket`."""
        return self._store.bucket

    def put(self, key: str, body: bytes, *, kind: str) -> None:
        """See `ObjectStore.put`."""
        self._calls.make(lambda: self._store.put(key, body, kind=kind))

    def get(self, key: str) -> bytes | None:
        """See `ObjectStore.get`."""
        return self._calls.make(lambda: self._store.get(key))

    def keys(self, prefix: str) -> Iterator[str]:
        """See `ObjectStore.keys`."""
        yield from self._calls.make(lambda: list(self._store.keys(prefix)))
