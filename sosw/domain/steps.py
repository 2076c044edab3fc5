"""An exact range in steps: pieces of so many hours, days, weeks or months, each of them a task's.

Days are days of the calendar, in whichever time zone; hours are counted on the world's clock, so that a day on which
clocks are changed has 23 or 25 of them.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.periods import FROM_TO, MAX_DAYS, exact_day, first_and_last

UNITS = ("hours", "days", "weeks", "months")
MAX_STEP = 36_600
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")
_DAY_CHARS = len("2026-01-01")


def is_stepped(period: Any) -> bool:
    """Whether the period asks for a task a step by itself."""
    return isinstance(period, dict) and period.get("step") is not None


def pieces(period: dict[str, Any], where: tzinfo) -> Iterator[dict[str, Any]]:
    """What each step adds to its task's payload, oldest first.

    Days: `date_list`. Weeks and months: `period_from` and `period_to`, the first and the last day. Hours: the same as
    moments of the zone `where`, with its offset, the last one excluded. The last piece may be shorter.
    Raises `InvalidInput` before the first.
    """
    unit, size = _step(period["step"])
    if unit == "hours":
        return _hours(*_moments(period, where), timedelta(hours=size), where)
    first, last = first_and_last(period)
    starts = _STARTS[unit]
    spans = _spans(first, last, lambda n: starts(first, n * size))
    return (_days(*span) if unit == "days" else _named(*span) for span in spans)


def _step(step: Any) -> tuple[str, int]:
    given = {step: 1} if isinstance(step, str) else step
    if not isinstance(given, dict) or len(given) != 1:
        raise invalid("period.step", step, 'must be one of hours, days, weeks, months, or such as {"days": 7}')
    ((unit, size),) = given.items()
    if unit not in UNITS:
        raise invalid("period.step", step, "is no step", did_you_mean(str(unit), UNITS))
    if type(size) is not int or not 1 <= size <= MAX_STEP:
        raise invalid(f"period.step.{unit}", size, f"must be a whole number from 1 to {MAX_STEP:,}")
    return unit, size


def _spans(first: date, last: date, start: Callable[[int], date | None]) -> Iterator[tuple[date, date]]:
    """(first, last) day of each piece; `start(n)` is where piece `n` begins, or None after the end of the calendar."""
    number, begin = 1, first
    while (following := start(number)) is not None and following <= last:
        yield begin, following - timedelta(days=1)
        number, begin = number + 1, following
    yield begin, last


def _after_days(first: date, days: int) -> date | None:
    ordinal = first.toordinal() + days
    return date.fromordinal(ordinal) if ordinal <= date.max.toordinal() else None


def _after_months(first: date, months: int) -> date | None:
    """The same day of a later month, or that month's last: January 31, February 28, March 31."""
    years, month = divmod(first.month - 1 + months, 12)
    year = first.year + years
    if year > date.max.year:
        return None
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


_STARTS: Mapping[str, Callable[[date, int], date | None]] = {
    "days": _after_days,
    "weeks": lambda first, weeks: _after_days(first, 7 * weeks),
    "months": _after_months,
}


def _days(first: date, last: date) -> dict[str, Any]:
    return {"date_list": [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]}


def _named(first: date, last: date) -> dict[str, Any]:
    return {"period_from": str(first), "period_to": str(last)}


def _hours(first: datetime, end: datetime, step: timedelta, where: tzinfo) -> Iterator[dict[str, Any]]:
    """`first` and `end` in UTC, where no hour is skipped or told twice."""

    def told(moment: datetime) -> str:
        return moment.astimezone(where).isoformat()

    begin = first
    while begin < end:
        following = min(begin + step, end)
        yield {"period_from": told(begin), "period_to": told(following)}
        begin = following


def _moments(period: dict[str, Any], where: tzinfo) -> tuple[datetime, datetime]:
    """From … to in UTC; a day alone is the whole of it, from its midnight in `where` to the next."""
    for key, value in period.items():
        if key not in FROM_TO:
            raise invalid(f"period.{key}", value, "is not part of a period", did_you_mean(key, FROM_TO))
    first = _moment(period.get("from"), "period.from", where, days=0)
    end = _moment(period.get("to"), "period.to", where, days=1)
    if end <= first:
        raise invalid("period.to", period["to"], f"must be after period.from, {period['from']}")
    if end - first > timedelta(days=MAX_DAYS + 1):
        raise invalid("period", period, f"must span 1 to {MAX_DAYS:,} days")
    return first, end


def _moment(given: Any, field: str, where: tzinfo, *, days: int) -> datetime:
    if isinstance(given, str) and len(given) > _DAY_CHARS and _TIME.fullmatch(given):
        return _told_moment(given, field, where)
    day = exact_day(given, field)
    try:
        return datetime.combine(day + timedelta(days=days), time(), where).astimezone(timezone.utc)
    except OverflowError as error:
        raise invalid(field, given, "lies at an end of the calendar") from error


def _told_moment(given: str, field: str, where: tzinfo) -> datetime:
    try:
        told = datetime.fromisoformat(given.replace("Z", "+00:00"))
        moment = (told if told.tzinfo else told.replace(tzinfo=where)).astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise invalid(field, given, "must be a moment that exists, as YYYY-MM-DDTHH:MM") from error
    if told.tzinfo is None and moment.astimezone(where).replace(tzinfo=None) != told:
        raise invalid(field, given, f"does not exist in {where}: clocks are put forward over it")
    return moment
