"""Periods and chunkers of the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from sosw.domain.chunking import chunk, count
from sosw.domain.errors import InvalidInput
from sosw.domain.extensions import NONE, Extensions
from sosw.domain.periods import dates
from sosw.domain.survey import survey

TODAY = date(2026, 1, 1)


def weeks_back(today: date, match: re.Match[str]) -> Sequence[date | str]:
    return [today - timedelta(weeks=int(match[1]))]


def thirds(job: Mapping[str, Any], schema: Sequence[str], today: date) -> Iterator[Mapping[str, Any]]:
    return ({**job, "third": n, "schema": list(schema), "today": str(today)} for n in range(3))


OWN = Extensions(periods={r"([0-9]+)_weeks_back": weeks_back}, chunkers={"thirds": thirds})


class TheirScheduler:
    """As a user of sosw's has it."""

    today = date(2026, 1, 8)

    def last_x_fridays(self, pattern: str) -> list[str]:
        return [str(date(2025, 12, 26) - timedelta(weeks=n)) for n in range(int(pattern.split("_")[1]))][::-1]

    def christmas(self) -> list[str]:
        return ["2025-12-25"]


def test_a_period_of_the_users_is_asked_with_today_and_what_matched() -> None:
    assert dates("2_weeks_back", TODAY, OWN) == [date(2025, 12, 18)]


def test_a_period_may_give_texts_and_moments() -> None:
    moment = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    own = Extensions(periods={"both": lambda _today, _match: ["2026-01-01", moment]})
    assert dates("both", TODAY, own) == [date(2026, 1, 1), date(2026, 1, 2)]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [([], "'own' gave 0 days, and must give 1 to 36,600"), (["2026-02-30"], "period own: '2026-02-30' must be a date")],
)
def test_a_period_of_the_users_must_give_days(days: list[str], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        dates("own", TODAY, Extensions(periods={"own": lambda _today, _match: days}))
    assert sentence in str(refused.value)


def test_a_longer_name_is_not_the_users_period() -> None:
    with pytest.raises(InvalidInput, match="'2_weeks_back_oops' is no period"):
        dates("2_weeks_back_oops", TODAY, OWN)


def test_patterns_of_sosw_are_methods_of_the_scheduler() -> None:
    own = NONE.with_methods(["last_[0-9]+_fridays", "christmas"], TheirScheduler())
    assert dates("last_2_fridays", TODAY, own) == [date(2025, 12, 19), date(2025, 12, 26)]
    assert dates("christmas", TODAY, own) == [date(2025, 12, 25)]


@pytest.mark.parametrize(
    ("patterns", "sentence"),
    [
        ("christmas", "custom_period_patterns: 'christmas' must be a list of patterns"),
        (["easter"], "custom_period_patterns: 'easter' needs a method easter() on TheirScheduler"),
        (["today"], "custom_period_patterns: 'today' needs a method today() on TheirScheduler"),
        (["("], "custom_period_patterns: '(' must be a regular expression"),
        ([7], "custom_period_patterns: 7 must be a regular expression"),
    ],
)
def test_patterns_without_a_method_are_refused(patterns: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        NONE.with_methods(patterns, TheirScheduler())
    assert sentence in str(refused.value)


def test_a_chunker_of_the_users_makes_the_payloads_of_a_job_that_asks_for_it() -> None:
    job = {"chunker": "thirds", "x": 1}
    made = [{"x": 1, "third": n, "schema": ["shop"], "today": "2026-01-01"} for n in range(3)]
    assert list(chunk(job, ["shop"], TODAY, OWN)) == made
    assert list(chunk(job, ["shop"], TODAY, OWN, start=2)) == made[2:]
    assert count(job, ["shop"], TODAY, OWN) == survey(job, ["shop"], TODAY, OWN).tasks == 3


@pytest.mark.parametrize("name", ["third", 7])
def test_a_chunker_that_is_not_installed_is_refused(name: Any) -> None:
    with pytest.raises(InvalidInput, match=rf"chunker: {name!r} is no chunker that is installed"):
        list(chunk({"chunker": name}, [], TODAY, OWN))
    assert [problem.field for problem in survey({"chunker": name}, [], TODAY, OWN).problems] == ["chunker"]


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (7, "chunker: 'own' made 7, and must make objects: payloads of tasks"),
        ({"x": {1}}, "payload: {'x': {1}} is not JSON"),
        ({"task_id": 1}, "payload.task_id: 1 is a name that sosw gives to Workers"),
    ],
)
def test_what_a_chunker_makes_is_looked_at_before_it_is_written(payload: Any, sentence: str) -> None:
    own = Extensions(chunkers={"own": lambda _job, _schema, _today: [payload]})
    assert sentence in "; ".join(map(str, survey({"chunker": "own"}, [], TODAY, own).problems))


def test_what_a_rule_of_the_users_raises_is_told_by_its_name() -> None:
    def by_weight(job: Mapping[str, Any], _schema: Sequence[str], _today: date) -> Iterator[Mapping[str, Any]]:
        yield job
        yield {"weight": job["weights"]}

    own = Extensions(periods=OWN.periods, chunkers={"by_weight": by_weight})
    with pytest.raises(InvalidInput, match=r"^period: '99999999_weeks_back' raised OverflowError: ") as refused:
        dates("99999999_weeks_back", TODAY, own)
    assert not refused.value.may_pass
    (problem,) = survey({"chunker": "by_weight", "weight": 1}, [], TODAY, own).problems
    assert str(problem) == "chunker: 'by_weight' raised KeyError: 'weights'"
