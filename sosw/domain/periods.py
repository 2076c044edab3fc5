"""Periods of a job as dates: `last_2_days` and its like, or exact first and last days."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import did_you_mean, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DAYS = 36_600
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAMES = ("last_X_days", "X_days_back", "previous_X_days", "yesterday", "today", "last_week")


def dates(period: Any, today: date) -> list[date]:
    """The days of `period`, oldest first; raises `InvalidInput` for one that is unknown, empty or over 36,600 days."""
    if isinstance(period, dict):
        return _range(period)
    if not isinstance(period, str):
        raise invalid("period", period, 'must be a name or {"from": …, "to": …}')
    for pattern, days in _PATTERNS:
        match = re.fullmatch(pattern, period)
        if match:
            count = int((match.groups() or ("1",))[0])
            if not 1 <= count <= MAX_DAYS:
                raise invalid("period", period, f"must span 1 to {MAX_DAYS:,} days")
            return days(today, count)
    raise invalid("period", period, "is no period", did_you_mean(period, _NAMES))


def _last(today: date, count: int) -> list[date]:
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


def _back(today: date, count: int) -> list[date]:
    return [today - timedelta(days=count)]


def _last_week(today: date, _count: int) -> list[date]:
    """Sunday to Saturday of the last week that has ended, weeks counted from Sunday."""
    this_sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return [this_sunday - timedelta(days=back) for back in range(7, 0, -1)]


_PATTERNS: list[tuple[str, Callable[[date, int], list[date]]]] = [
    (r"last_([0-9]{1,9})_days", _last),
    (r"([0-9]{1,9})_days_back", _back),
    (r"previous_([0-9]{1,9})_days", lambda today, count: _last(today - timedelta(days=count), count)),
    (r"yesterday", _back),
    (r"today", lambda today, _count: [today]),
    (r"last_week", _last_week),
]


def _range(period: dict[str, Any]) -> list[date]:
    for key, value in period.items():
        if key not in {"from", "to"}:
            raise invalid(f"period.{key}", value, "is not part of a period", did_you_mean(key, ["from", "to"]))
    first, last = _day(period, "from"), _day(period, "to")
    if last < first:
        raise invalid("period.to", period["to"], f"must not be before period.from, {first}")
    count = (last - first).days + 1
    if count > MAX_DAYS:
        raise invalid("period", period, f"must span 1 to {MAX_DAYS:,} days")
    return [first + timedelta(days=n) for n in range(count)]


def _day(period: dict[str, Any], key: str) -> date:
    given = period.get(key)
    try:
        return date.fromisoformat(str(given) if _DAY.fullmatch(str(given)) else "")
    except ValueError as error:
        raise invalid(f"period.{key}", given, "must be a date that exists, as YYYY-MM-DD") from error
