"""Periods of a job as dates: `last_2_days` and its like, those of the user's, or exact first and last days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta, timezone, tzinfo
from typing import Any

from sosw.domain.errors import did_you_mean, invalid, missing
from sosw.domain.extensions import NONE, Extensions, told_of

MAX_DAYS = 36_600
FROM_TO = ("from", "to", "step")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAMES = ("last_X_days", "X_days_back", "previous_X_days", "yesterday", "today", "last_week")


def dates(period: Any, today: date, extensions: Extensions = NONE) -> list[date]:
    """The days of `period`, oldest first; raises `InvalidInput` for one that is unknown, empty or over 36,600 days."""
    if isinstance(period, dict):
        first, last = first_and_last(period)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if not isinstance(period, str):
        raise invalid("period", period, 'must be a name or {"from": …, "to": …}')
    for pattern, least, days in _PATTERNS:
        match = re.fullmatch(pattern, period)
        if match:
            return _counted(period, today, int((match.groups() or ("1",))[0]), least, days)
    return _by_extension(period, today, extensions)


def _counted(
    period: str, today: date, count: int, least: int, days: Callable[[date, int], Iterable[date]]
) -> list[date]:
    if not least <= count <= MAX_DAYS:
        raise invalid("period", period, f"must span {least} to {MAX_DAYS:,} days")
    try:
        return list(days(today, count))
    except OverflowError as error:
        raise invalid("period", period, "begins before the year 1") from error


def _last(today: date, count: int) -> Iterable[date]:
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


def _back(today: date, count: int) -> Iterable[date]:
    return [today - timedelta(days=count)]


def _last_week(today: date, _count: int) -> Iterable[date]:
    """Sunday to Saturday of the last week that has ended, weeks counted from Sunday."""
    this_sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return _last(this_sunday, 7)


_PATTERNS: list[tuple[str, int, Callable[[date, int], Iterable[date]]]] = [
    (r"last_([0-9]{1,9})_days", 1, _last),
    (r"([0-9]{1,9})_days_back", 0, _back),
    (r"previous_([0-9]{1,9})_days", 1, lambda today, count: _last(today - timedelta(days=count), count)),
    (r"yesterday", 1, _back),
    (r"today", 1, lambda today, _count: [today]),
    (r"last_week", 1, _last_week),
]


def _by_extension(period: str, today: date, extensions: Extensions) -> list[date]:
    for pattern, rule in extensions.periods.items():
        match = re.fullmatch(pattern, period)
        if match:
            with told_of("period", period):
                days = [_given_day(day, period) for day in rule(today, match)]
            if not 1 <= len(days) <= MAX_DAYS:
                raise invalid("period", period, f"gave {len(days):,} days, and must give 1 to {MAX_DAYS:,}")
            return days
    raise missing("period", period, "is no period", did_you_mean(period, [*_NAMES, *extensions.periods]))


def _given_day(day: Any, period: str) -> date:
    if isinstance(day, date):
        return date(day.year, day.month, day.day)
    return exact_day(day, f"period {period}")


def first_and_last(period: dict[str, Any]) -> tuple[date, date]:
    """The days that an exact range names, both of them included; raises `InvalidInput`."""
    for key, value in period.items():
        if key not in FROM_TO:
            raise invalid(f"period.{key}", value, "is not part of a period", did_you_mean(key, FROM_TO))
    first, last = exact_day(period.get("from"), "period.from"), exact_day(period.get("to"), "period.to")
    if last < first:
        raise invalid("period.to", period["to"], f"must not be before period.from, {first}")
    if (last - first).days >= MAX_DAYS:
        raise invalid("period", period, f"must span 1 to {MAX_DAYS:,} days")
    return first, last


def exact_day(given: Any, field: str) -> date:
    """A day written as YYYY-MM-DD; raises `InvalidInput` for one that does not exist."""
    try:
        return date.fromisoformat(given if isinstance(given, str) and _DAY.fullmatch(given) else "")
    except ValueError as error:
        raise invalid(field, given, "must be a date that exists, as YYYY-MM-DD") from error


def zone(name: Any) -> tzinfo:
    """The time zone of that IANA name, UTC for None; raises `InvalidInput` for one that is not known."""
    import zoneinfo  # noqa: PLC0415  (only a job that names a zone pays for it)

    if name is None:
        return timezone.utc
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        hint = did_you_mean(str(name), zoneinfo.available_timezones() or {"UTC"})
        raise invalid(
            "time_zone", name, "must be the name of a time zone, such as Europe/Berlin", _short(hint)
        ) from error


def _short(hint: str) -> str:
    return hint if hint.startswith("did") else ""
