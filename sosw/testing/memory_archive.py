"""A bucket, and the list of jobs that the archive looks at, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw.domain.moments import from_ms, to_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from sosw.domain.task import JobId
    from sosw.domain.watch import Watch


class InMemoryObjects:
    """An `ObjectStore`, and a `UrlSigner` whose URLs are those of `sosw.testing` alone."""

    def __init__(self, bucket: str = "bucket") -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.puts: list[str] = []
        """Keys in the order of their writing; one that was written twice is there twice."""

    def put(self, key: str, body: bytes, *, kind: str) -> None:
        """See `ObjectStore.put`."""
        del kind
        self.puts.append(key)
        self.objects[key] = body

    def get(self, key: str) -> bytes | None:
        """See `ObjectStore.get`."""
        return self.objects.get(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """See `ObjectStore.keys`."""
        yield from sorted(key for key in self.objects if key.startswith(prefix))

    def to_get(self, key: str, life: timedelta) -> str:
        """See `UrlSigner.to_get`."""
        return f"memory://{self.bucket}/{key}?get={life.total_seconds():.0f}"

    def to_put(self, key: str, life: timedelta) -> str:
        """See `UrlSigner.to_put`."""
        return f"memory://{self.bucket}/{key}?put={life.total_seconds():.0f}"


class InMemoryWatchStore:
    """A `WatchStore`."""

    def __init__(self) -> None:
        self.watches: dict[JobId, Watch] = {}

    def watch(self, watch: Watch) -> None:
        """See `WatchStore.watch`."""
        known = self.watches.get(watch.job_id)
        if known is None or known.due is None:
            self._put(replace(known or watch, due=watch.due))

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """See `WatchStore.due`."""
        found = [(watch.due, watch.job_id) for watch in self.watches.values() if watch.due and watch.due <= now]
        return [self.watches[job_id] for _, job_id in sorted(found)[:limit]]

    def get(self, job_id: JobId) -> Watch | None:
        """See `WatchStore.get`."""
        return self.watches.get(job_id)

    def save(self, watch: Watch) -> Watch | None:
        """See `WatchStore.save`."""
        known = self.watches.get(watch.job_id)
        if known is None or known.version != watch.version:
            return None
        return self._put(watch)

    def _put(self, watch: Watch) -> Watch:
        moments: dict[str, Any] = {name: getattr(watch, name) for name in ("due", "since", "read_by", "begun")}
        kept: dict[str, Any] = {name: from_ms(to_ms(at)) for name, at in moments.items() if at}
        self.watches[watch.job_id] = stored = replace(watch, version=watch.version + 1, **kept)
        return stored
