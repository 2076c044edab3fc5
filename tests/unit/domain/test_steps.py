"""Exact ranges in steps."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sosw.domain.chunking import chunk
from sosw.domain.errors import InvalidInput
from sosw.domain.periods import zone
from sosw.domain.steps import pieces

BERLIN = ZoneInfo("Europe/Berlin")


def spans(first: str, last: str, step: Any, where: Any = timezone.utc) -> list[tuple[str, str]]:
    found = pieces({"from": first, "to": last, "step": step}, where)
    return [(piece["period_from"], piece["period_to"]) for piece in found]


@pytest.mark.parametrize("step", ["days", {"days": 1}])
def test_a_step_of_days_is_a_list_of_one_day(step: Any) -> None:
    found = list(pieces({"from": "2024-02-28", "to": "2024-03-01", "step": step}, timezone.utc))
    assert found == [{"date_list": [day]} for day in ("2024-02-28", "2024-02-29", "2024-03-01")]


def test_the_last_step_is_as_long_as_the_range_leaves_it() -> None:
    found = list(pieces({"from": "2026-01-01", "to": "2026-01-05", "step": {"days": 2}}, timezone.utc))
    lists = [["2026-01-01", "2026-01-02"], ["2026-01-03", "2026-01-04"], ["2026-01-05"]]
    assert found == [{"date_list": days} for days in lists]


def test_weeks_begin_on_the_first_day_of_the_range_and_both_ends_are_included() -> None:
    assert spans("2026-01-01", "2026-01-10", "weeks") == [("2026-01-01", "2026-01-07"), ("2026-01-08", "2026-01-10")]


def test_months_that_lack_the_day_begin_on_their_last() -> None:
    assert spans("2026-01-31", "2026-04-30", "months") == [
        ("2026-01-31", "2026-02-27"),
        ("2026-02-28", "2026-03-30"),
        ("2026-03-31", "2026-04-29"),
        ("2026-04-30", "2026-04-30"),
    ]


def test_quarters_are_steps_of_three_months() -> None:
    assert spans("2025-11-01", "2026-04-30", {"months": 3}) == [
        ("2025-11-01", "2026-01-31"),
        ("2026-02-01", "2026-04-30"),
    ]


def test_hours_end_where_the_next_ones_begin() -> None:
    assert spans("2026-01-01T22:00", "2026-01-02T03:00", {"hours": 2}) == [
        ("2026-01-01T22:00:00+00:00", "2026-01-02T00:00:00+00:00"),
        ("2026-01-02T00:00:00+00:00", "2026-01-02T02:00:00+00:00"),
        ("2026-01-02T02:00:00+00:00", "2026-01-02T03:00:00+00:00"),
    ]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_day_has_as_many_hours_as_the_clocks_of_its_zone_give_it(day: str, hours: int) -> None:
    found = spans(day, day, "hours", BERLIN)
    assert len(found) == len(set(found)) == hours
    assert [end for _, end in found[:-1]] == [begin for begin, _ in found[1:]]
    assert found[0][0].startswith(f"{day}T00:00:00+0")


def test_a_moment_without_an_offset_is_told_by_the_clocks_of_the_zone() -> None:
    assert spans("2026-07-01T06:00", "2026-07-01T07:00", "hours", BERLIN) == [
        ("2026-07-01T06:00:00+02:00", "2026-07-01T07:00:00+02:00")
    ]


def test_an_offset_says_which_of_two_equal_hours_is_meant() -> None:
    assert spans("2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "hours", BERLIN) == [
        ("2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00")
    ]


def test_a_step_may_reach_the_end_of_the_calendar() -> None:
    assert spans("9999-12-01", "9999-12-31", {"months": 1}) == [("9999-12-01", "9999-12-31")]
    assert spans("9999-12-31", "9999-12-31", "weeks") == [("9999-12-31", "9999-12-31")]


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ({"step": "day"}, "period.step: 'day' is no step (did you mean 'days'?)"),
        ({"step": {"days": 1, "hours": 1}}, "must be one of hours, days, weeks, months"),
        ({"step": 7}, "must be one of hours, days, weeks, months, or such as"),
        ({"step": {"days": 0}}, "period.step.days: 0 must be a whole number from 1 to 36,600"),
        ({"step": {"days": True}}, "period.step.days: True must be a whole number"),
        ({"step": "hours", "from": "2026-01-03"}, "period.to: '2026-01-02' must be after period.from, 2026-01-03"),
        ({"step": "hours", "till": 1}, "period.till: 1 is not part of a period"),
        ({"step": "hours", "from": "2026-01-01T25:00"}, "period.from: '2026-01-01T25:00' must be a moment that exists"),
        ({"step": "hours", "from": "2026-03-29T02:30"}, "does not exist in Europe/Berlin: clocks are put forward"),
        ({"step": "hours", "to": "9999-12-31"}, "period.to: '9999-12-31' lies at an end of the calendar"),
        ({"step": "hours", "from": "1800-01-01"}, "must span 1 to 36,600 days"),
        ({"step": "weeks", "from": "2026-02-30"}, "period.from: '2026-02-30' must be a date that exists"),
        ({"step": "weeks", "from": "2026-01-01T00:00"}, "must be a date that exists, as YYYY-MM-DD"),
    ],
)
def test_a_step_that_cannot_be_taken_is_refused(period: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        list(pieces({"from": "2026-01-01", "to": "2026-01-02", **period}, BERLIN))
    assert sentence in str(refused.value)


def test_steps_come_outside_of_the_attributes_in_the_time_zone_of_the_job() -> None:
    job = {
        "period": {"from": "2026-07-01", "to": "2026-07-01", "step": {"hours": 12}},
        "time_zone": "Europe/Berlin",
        "shops": ["a", "b"],
        "isolate_shops": True,
    }
    found = [(task["period_from"], task["shops"]) for task in chunk(job, ["shop"], date(2026, 1, 1))]
    assert found == [
        ("2026-07-01T00:00:00+02:00", ["a"]),
        ("2026-07-01T00:00:00+02:00", ["b"]),
        ("2026-07-01T12:00:00+02:00", ["a"]),
        ("2026-07-01T12:00:00+02:00", ["b"]),
    ]


@pytest.mark.parametrize("flag", ["isolate_days", "max_days_per_batch"])
def test_days_are_not_isolated_beside_steps(flag: str) -> None:
    job = {"period": {"from": "2026-01-01", "to": "2026-01-02", "step": "weeks"}, flag: 1}
    with pytest.raises(InvalidInput, match=rf"{flag}: 1 cannot be asked for beside period.step: choose one"):
        list(chunk(job, [], date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Europe/Berlim", "must be the name of a time zone, such as Europe/Berlin (did you mean 'Europe/Berlin'?)"),
        ("Atlantis", "time_zone: 'Atlantis' must be the name of a time zone, such as Europe/Berlin"),
        ("../secrets", "time_zone: '../secrets' must be the name of a time zone"),
        (7, "time_zone: 7 must be the name of a time zone"),
    ],
)
def test_a_time_zone_that_is_not_known_is_refused(name: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        zone(name)
    assert sentence in str(refused.value)


def test_time_zones_are_known_where_the_system_has_none() -> None:
    program = "from sosw.domain.periods import zone; print(zone('Europe/Berlin'))"
    environment = {"PYTHONTZPATH": "", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "Europe/Berlin"
