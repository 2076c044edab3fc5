"""Moments as milliseconds since the epoch (UTC), as they are stored and sent."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since the epoch, rounded down."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC moment."""
    return EPOCH + timedelta(milliseconds=ms)


def told(moment: datetime, now: datetime | None = None) -> str:
    """For people: as `2026-01-01 12:00:05 UTC`; the time of day alone where it is on the day of `now`."""
    is_today = now is not None and moment.date() == now.date()
    return f"{moment:%H:%M:%S} UTC" if is_today else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
