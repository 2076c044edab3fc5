"""Expressions of EventBridge Scheduler, checked by their form: a rate, a calendar, or a moment."""

from __future__ import annotations

import re
from datetime import datetime

from sosw.domain.errors import did_you_mean, invalid

UNITS = ("minute", "hour", "day")
_RATE = re.compile(r"([1-9][0-9]{0,8}) ([a-z]+)")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_OF_UNIX = 5
"""Fields of the other cron: AWS's has a year."""
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day of the month", 1, 31, (), r"\?|L(-[0-9]{1,2})?|LW|[0-9]{1,2}W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of the week", 1, 7, _DAYS, r"\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])"),
    ("year", 1970, 2199, (), ""),
)
"""Of each: its name, the least and the most, words for those, and what it may be besides."""


def rate(text: str) -> str:
    """`1 hour`, `15 minutes`; raises `InvalidInput`."""
    match = _RATE.fullmatch(_inside("rate", text))
    number, unit = (int(match[1]), match[2]) if match else (0, "")
    if not match or unit not in {each + "s" * (number != 1) for each in UNITS}:
        plural = [each + "s" * (number != 1) for each in UNITS]
        rule = "must be a number of minutes, hours or days, such as '15 minutes' or '1 hour'"
        raise invalid("--rate", text, rule, did_you_mean(unit, plural) if match else "")
    return f"rate({match[0]})"


def cron(text: str) -> str:
    """`30 6 * * ? *`: minutes, hours, day of the month, month, day of the week, year; raises `InvalidInput`."""
    fields = _inside("cron", text).upper().split()
    if len(fields) != len(_FIELDS):
        rule = "must have six fields: minutes, hours, day of the month, month, day of the week, year"
        raise invalid("--cron", text, rule, _with_a_year(fields) or "such as '30 6 * * ? *', each day at 6:30")
    for field, (name, least, most, words, besides) in zip(fields, _FIELDS, strict=True):
        if not (re.fullmatch(besides, field) if besides else None) and not all(
            _fits(part, least, most, words) for part in field.split(",")
        ):
            raise invalid("--cron", text, f"has {field!r} for its {name}, which goes from {least} to {most}")
    if (fields[2] == "?") is (fields[4] == "?"):
        rule = "must have '?' for the day of the month or for the day of the week, and not for both"
        raise invalid("--cron", text, rule, "such as '30 6 * * ? *' or '30 6 ? * MON-FRI *'")
    return f"cron({' '.join(fields)})"


def at(text: str) -> str:
    """`2026-01-31T06:00:00`, in the time zone of the schedule; raises `InvalidInput`."""
    inside = _inside("at", text)
    try:
        datetime.fromisoformat(inside if _MOMENT.fullmatch(inside) else "")
    except ValueError as error:
        rule = "must be a moment that exists, such as 2026-01-31T06:00:00, without a zone: that is said by --time-zone"
        raise invalid("--at", text, rule) from error
    return f"at({inside})"


def _inside(word: str, text: str) -> str:
    """Without the word around it, for who writes that, too."""
    stripped = " ".join(text.split())
    return stripped[len(word) + 1 : -1].strip() if stripped.startswith(f"{word}(") and stripped[-1] == ")" else stripped


def _with_a_year(fields: list[str]) -> str:
    """The same in AWS's form."""
    if len(fields) != _OF_UNIX:
        return ""
    minutes, hours, day, month, weekday = fields
    day, weekday = (day, "?") if weekday in {"*", "?"} else ("?", weekday)
    ours = f"{minutes} {hours} {day} {month} {weekday} *"
    return f"AWS has another cron than Unix, and counts the days of the week from 1, Sunday: {ours!r}?"


def _fits(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    """`*`, a value or a range, and a step."""
    span, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdecimal() and 1 <= int(step) <= most):
        return False
    if span == "*":
        return True
    ends = [_value(each, least, most, words) for each in span.split("-")]
    return len(ends) in {1, 2} and None not in ends


def _value(text: str, least: int, most: int, words: tuple[str, ...]) -> int | None:
    if text in words:
        return words.index(text) + least
    number = int(text) if text.isascii() and text.isdecimal() else -1
    return number if least <= number <= most else None
