"""A clock that moves only when it is told to."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class FakeClock:
    """Stands at noon of 2026-01-01, UTC, unless started elsewhere."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The moment it stands at."""
        return self._now

    def advance(self, by: timedelta | None = None, *, seconds: float = 0) -> datetime:
        """Move it on; returns the new moment."""
        self._now += (by or timedelta()) + timedelta(seconds=seconds)
        return self._now
