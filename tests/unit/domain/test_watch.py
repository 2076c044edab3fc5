"""When the archive looks at a job: nothing may leave the table between two readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sosw.domain import watch
from sosw.domain.job import Job, JobState
from sosw.domain.task import TaskState
from tests.factories import DAY, JOB, LABOURER, NOW, a_task, claimed

MINUTE = timedelta(minutes=1)
RETENTION = 30 * DAY


def a_job(**fields: Any) -> Job:
    defaults: dict[str, Any] = {"state": JobState.READY, "total": 3}
    return Job(**{"id": JOB, "labourer": LABOURER, "submitted_at": NOW, "body": "{}", **defaults, **fields})


FIRST = watch.first(a_job(), RETENTION)


def test_a_job_is_looked_at_six_minutes_after_its_submission() -> None:
    assert (FIRST.due, FIRST.since) == (NOW + 6 * MINUTE, NOW)


@pytest.mark.parametrize(
    ("age", "wait"),
    [(MINUTE, 6 * MINUTE), (60 * MINUTE, 30 * MINUTE), (10 * DAY, DAY / 2), (15 * DAY - MINUTE, 6 * MINUTE)],
)
def test_it_is_looked_at_again_when_it_is_half_as_old_again_and_twice_a_day_at_least(
    age: timedelta, wait: timedelta
) -> None:
    assert watch.later(FIRST, a_job(), NOW + age).due == NOW + age + wait


def test_its_tasks_must_be_read_within_half_of_the_shortest_retention_since_the_last_reading() -> None:
    assert FIRST.read_by == NOW + 15 * DAY
    assert FIRST.under(DAY).under(RETENTION).read_by == NOW + DAY / 2
    read = watch.read(replace(FIRST.under(DAY), met_open=True, begun=NOW + DAY), a_job(), NOW + DAY, RETENTION)
    assert read.read_by == NOW + 16 * DAY


def test_what_closed_since_the_last_reading_is_wanted_and_a_little_before() -> None:
    since = replace(FIRST, since=NOW)
    closed = {at: a_task(state=TaskState.DONE, closed_at=NOW + at) for at in (-11 * MINUTE, -9 * MINUTE, MINUTE)}
    assert [since.wants(task) for task in closed.values()] == [False, True, True]
    assert since.wants(a_task(state=TaskState.DONE))
    assert not since.wants(claimed(a_task()))


def test_a_reading_remembers_what_may_still_close() -> None:
    done, dead = a_task(state=TaskState.DONE), a_task(state=TaskState.DEAD)
    assert FIRST.saw(done) == FIRST
    assert FIRST.saw(dead).saw(dead).met_dead
    assert FIRST.saw(a_task()).saw(claimed(a_task())).met_open


@pytest.mark.parametrize(
    ("met", "job", "is_over"),
    [
        ({}, {}, True),
        ({"met_open": True}, {}, False),
        ({"met_dead": True}, {}, False),
        ({}, {"total": None, "state": JobState.CREATING}, False),
        ({}, {"state": JobState.CANCELLING}, False),
        ({}, {"state": JobState.FAILED}, True),
    ],
)
def test_a_job_is_done_with_when_no_task_of_it_can_close_any_more(
    met: dict[str, Any], job: dict[str, Any], *, is_over: bool
) -> None:
    begun = watch.held(replace(FIRST, cursor=3, **met), NOW + MINUTE)
    after = watch.read(begun, a_job(**job), NOW + 2 * MINUTE, RETENTION)
    assert (after.due is None) == is_over
    assert (after.since, after.begun, after.cursor) == (NOW + MINUTE, None, 0)
    assert (after.met_open, after.met_dead, after.is_read) == (False, False, "met_open" not in met)


def test_a_reading_that_goes_on_keeps_its_beginning() -> None:
    begun = watch.held(FIRST, NOW)
    assert watch.held(begun, NOW + MINUTE).begun == NOW
    assert watch.held(begun, NOW + MINUTE).due == NOW + MINUTE + watch.HOLD


def test_the_days_of_its_lines_are_kept_once_each_in_order() -> None:
    assert FIRST.dated({"2026-01-02", "2026-01-01"}).dated({"2026-01-02"}).dates == ("2026-01-01", "2026-01-02")


@given(
    retentions=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    closed=st.integers(0, 60 * 24 * 60),
    delays=st.lists(st.integers(0, 30), min_size=1, max_size=5),
)
def test_whenever_a_task_closes_it_is_read_before_it_leaves_however_retentions_change(
    retentions: list[int], closed: int, delays: list[int]
) -> None:
    """Looks come up to 30 minutes late; the retention changes with every look, and tasks close by the one in force."""
    job, at, now, close, looks = a_job(), watch.first(a_job(), retentions[0] * DAY), NOW, NOW + closed * MINUTE, 0
    in_force = retentions[0] * DAY
    while True:
        now = max(now, at.due or now) + delays[looks % len(delays)] * MINUTE
        looks += 1
        retention = retentions[looks % len(retentions)] * DAY
        if now < close:
            in_force = retention
        at = at.under(retention)
        if now < at.read_by:
            at = watch.later(at, job, now)
            continue
        at = watch.read(watch.held(replace(at, met_open=True), now), job, now, retention)
        if now >= close + watch.SKEW:
            break
    assert now - close <= in_force
