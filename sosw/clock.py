"""The system's clock: the one place that asks it."""

from __future__ import annotations

from datetime import datetime, timezone


class SystemClock:
    """A `Clock`."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(timezone.utc)  # noqa: TID251  (this is its home)
