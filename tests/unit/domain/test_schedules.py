"""Expressions of a schedule are taken as AWS takes them, and refused with what is wrong before AWS does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.schedules import at, cron, rate


@pytest.mark.parametrize(
    ("read", "text", "expression"),
    [
        (rate, "1 hour", "rate(1 hour)"),
        (rate, " 15  minutes", "rate(15 minutes)"),
        (rate, "rate(2 days)", "rate(2 days)"),
        (cron, "30 6 * * ? *", "cron(30 6 * * ? *)"),
        (cron, "cron(0/15 8-17 ? * mon-fri *)", "cron(0/15 8-17 ? * MON-FRI *)"),
        (cron, "0 0 L jan,7 ? 2027-2030", "cron(0 0 L JAN,7 ? 2027-2030)"),
        (cron, "0 0 LW * ? *", "cron(0 0 LW * ? *)"),
        (cron, "0 0 15W */2 ? *", "cron(0 0 15W */2 ? *)"),
        (cron, "0 0 ? * 6L *", "cron(0 0 ? * 6L *)"),
        (cron, "0 0 ? * FRI#2 *", "cron(0 0 ? * FRI#2 *)"),
        (at, "2026-01-31T06:00:00", "at(2026-01-31T06:00:00)"),
        (at, "at(2028-02-29T00:00:00)", "at(2028-02-29T00:00:00)"),
    ],
)
def test_what_aws_takes_is_taken(read: Callable[[str], str], text: str, expression: str) -> None:
    assert read(text) == expression


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (rate, "5minutes", "must be a number of minutes, hours or days"),
        (rate, "0 minutes", "must be a number of minutes"),
        (rate, "1 hours", "did you mean 'hour'"),
        (rate, "2 hour", "did you mean 'hours'"),
        (rate, "", "must be a number"),
        (cron, "30 6 * * *", "another cron than Unix, and counts the days of the week from 1, Sunday: '30 6 . . . .'"),
        (cron, "30 6 * * 1", r"'30 6 \? \* 1 \*'"),
        (cron, "30 6 *", "must have six fields: minutes, .*such as '30 6"),
        (cron, "60 6 * * ? *", "has '60' for its minutes, which goes from 0 to 59"),
        (cron, "30 24 * * ? *", "has '24' for its hours"),
        (cron, "30 6 32 * ? *", "day of the month"),
        (cron, "30 6 ? * 0 *", "day of the week, which goes from 1 to 7"),
        (cron, "30 6 ? FOO MON *", "has 'FOO' for its month"),
        (cron, "30 6 * * ? 1969", "year"),
        (cron, "*/0 6 * * ? *", "minutes"),
        (cron, "1-2-3 6 * * ? *", "minutes"),
        (cron, "30 6 ? * ? *", "and not for both"),
        (cron, "30 6 * * * *", "must have '\\?' for the day"),
        (at, "2026-02-30T06:00:00", "must be a moment that exists"),
        (at, "2026-01-31T06:00:00Z", "without a zone: that is said by --time-zone"),
        (at, "tomorrow", "must be a moment"),
    ],
)
def test_what_aws_would_refuse_is_told(read: Callable[[str], str], text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(text)
