"""What holds for every job: its tasks are those of its values, none lost, none doubled, from wherever one begins."""

from __future__ import annotations

import copy
from datetime import date, timedelta, timezone
from itertools import chain
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sosw.domain.chunking import chunk, count
from sosw.domain.periods import MAX_DAYS, dates
from sosw.domain.steps import UNITS, pieces
from sosw.domain.survey import survey
from tests.peer.jobs import Case, cases

TODAY = date(2026, 1, 1)
NAMES = st.text("abc", min_size=1, max_size=3)
ANY_DAY = st.dates(date(1900, 1, 1), date(2200, 1, 1))
TREES = st.dictionaries(
    NAMES, st.dictionaries(NAMES, st.lists(st.integers(), min_size=1, max_size=8), min_size=1, max_size=4), min_size=1
)


def passed(case: Case) -> Case:
    """The case, if the survey has nothing against it."""
    assume(not survey(case.job, case.schema, case.today).problems)
    return case


@given(TREES, st.integers(1, 5))
def test_every_value_of_a_job_is_in_one_task_and_in_its_place(tree: dict[str, dict[str, list[int]]], size: int) -> None:
    sections = {section: {"shops": {s: {"products": p} for s, p in shops.items()}} for section, shops in tree.items()}
    job = {"sections": sections, "max_products_per_batch": size}
    found: dict[str, dict[str, list[int]]] = {}
    for task in chunk(job, ["section", "shop", "product"], TODAY):
        ((section,), (shop,)) = task["sections"], task["shops"]
        assert 1 <= len(task["products"]) <= size
        found.setdefault(section, {}).setdefault(shop, []).extend(task["products"])
    assert found == tree


@given(cases().map(passed), st.data())
def test_tasks_are_the_same_from_wherever_one_begins(case: Case, data: st.DataObject) -> None:
    tasks = list(chunk(case.job, case.schema, case.today))
    start = data.draw(st.integers(0, len(tasks) + 1))
    assert list(chunk(case.job, case.schema, case.today, start=start)) == tasks[start:]


@given(cases().map(passed))
def test_what_is_counted_is_what_is_made(case: Case) -> None:
    made = sum(1 for _ in chunk(case.job, case.schema, case.today))
    assert made == count(case.job, case.schema, case.today) == survey(case.job, case.schema, case.today).tasks >= 1


@given(cases())
def test_a_job_is_left_as_it_was(case: Case) -> None:
    before = copy.deepcopy(case.job)
    if not survey(case.job, case.schema, case.today).problems:
        list(chunk(case.job, case.schema, case.today))
    assert case.job == before


@given(st.sampled_from(["last_{}_days", "previous_{}_days"]), st.integers(1, MAX_DAYS), ANY_DAY)
def test_so_many_days_in_a_row_end_before_today(form: str, number: int, today: date) -> None:
    days = dates(form.format(number), today)
    assert len(days) == number
    assert days == [days[0] + timedelta(days=n) for n in range(number)]
    last = today - timedelta(days=1 if form.startswith("last") else number + 1)
    assert days[-1] == last


@given(ANY_DAY)
def test_last_week_is_sunday_to_saturday_and_ended_at_most_a_week_ago(today: date) -> None:
    days = dates("last_week", today)
    assert [day.isoweekday() % 7 for day in days] == list(range(7))
    assert timedelta(days=1) <= today - days[-1] <= timedelta(days=7)


@given(ANY_DAY, st.integers(0, 2_000), st.sampled_from(UNITS[1:]), st.integers(1, 40))
def test_steps_cover_a_range_without_gap_or_overlap(first: date, length: int, unit: str, size: int) -> None:
    last = first + timedelta(days=length)
    found = list(pieces({"from": str(first), "to": str(last), "step": {unit: size}}, timezone.utc))
    days = [piece.get("date_list") or _between(piece) for piece in found]
    assert list(chain.from_iterable(days)) == [str(first + timedelta(days=n)) for n in range(length + 1)]


def _between(piece: dict[str, Any]) -> list[str]:
    first, last = date.fromisoformat(piece["period_from"]), date.fromisoformat(piece["period_to"])
    assert first <= last
    return [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]
