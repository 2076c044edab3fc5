"""Periods as dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.periods import dates

THURSDAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("today", ["2026-01-01"]),
        ("yesterday", ["2025-12-31"]),
        ("last_3_days", ["2025-12-29", "2025-12-30", "2025-12-31"]),
        ("previous_2_days", ["2025-12-28", "2025-12-29"]),
        ("10_days_back", ["2025-12-22"]),
        ("0_days_back", ["2026-01-01"]),
        ({"from": "2013-01-01", "to": "2013-01-03"}, ["2013-01-01", "2013-01-02", "2013-01-03"]),
        ({"from": "2024-02-29", "to": "2024-02-29"}, ["2024-02-29"]),
    ],
)
def test_a_period_is_its_days_oldest_first(period: Any, expected: list[str]) -> None:
    assert [str(day) for day in dates(period, THURSDAY)] == expected


@pytest.mark.parametrize("period", ["last_2_days", "previous_1_days", "yesterday", "last_week"])
def test_days_before_the_calendar_are_refused(period: str) -> None:
    with pytest.raises(InvalidInput, match=f"period: '{period}' begins before the year 1"):
        dates(period, date.min)


@pytest.mark.parametrize("today", [date(2026, 1, day) for day in range(4, 11)])
def test_last_week_is_the_sunday_to_saturday_that_ended_before_today(today: date) -> None:
    assert [str(day) for day in dates("last_week", today)] == [
        "2025-12-28",
        "2025-12-29",
        "2025-12-30",
        "2025-12-31",
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ("last_2_days_oops", "period: 'last_2_days_oops' is no period (did you mean 'last_X_days'?)"),
        ("last_0_days", "period: 'last_0_days' must span 1 to 36,600 days"),
        ("last_٣_days", "period: 'last_٣_days' is no period (did you mean 'last_X_days'?)"),
        ("36601_days_back", "period: '36601_days_back' must span 0 to 36,600 days"),
        (7, """period: 7 must be a name or {"from": …, "to": …}"""),
        (None, """period: None must be a name or {"from": …, "to": …}"""),
        ({"from": "2013-01-01"}, "period.to: None must be a date that exists, as YYYY-MM-DD"),
        ({"from": "2013-02-30", "to": "2013-03-01"}, "period.from: '2013-02-30' must be a date that exists"),
        ({"from": "20130201", "to": "2013-03-01"}, "period.from: '20130201' must be a date that exists"),
        ({"from": 20130201, "to": "2013-03-01"}, "period.from: 20130201 must be a date that exists"),
        ({"from": "2013-01-02", "to": "2013-01-01"}, "period.to: '2013-01-01' must not be before period.from"),
        ({"from": "1800-01-01", "to": "2013-01-01"}, "must span 1 to 36,600 days"),
        ({"from": "2013-01-01", "till": "x"}, "period.till: 'x' is not part of a period (known: from, step, to)"),
    ],
)
def test_a_period_that_names_no_days_is_refused(period: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        dates(period, THURSDAY)
    assert sentence in str(refused.value)
