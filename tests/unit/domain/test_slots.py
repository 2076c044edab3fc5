"""Slots as rows of names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.domain import lifecycle
from sosw.domain.slots import ROW_SLOTS, Name, SlotRow, is_over, is_unclaimed, resized, to_size
from sosw.domain.task import TaskId
from tests.factories import DAY, LABOURER, NOW, POLICY, a_task, claimed, seconds


def row(number: int = 0, capacity: int = ROW_SLOTS, held: int = 0, version: int = 1) -> SlotRow:
    names = {TaskId(f"held#{number}.{n}"): Name(1, NOW) for n in range(held)}
    return SlotRow(labourer=LABOURER, number=number, capacity=capacity, version=version, names=names)


def capacities(rows: list[SlotRow], limit: int) -> list[int]:
    return [r.capacity for r in resized(rows, LABOURER, limit)]


@pytest.mark.parametrize(("held", "free"), [(0, 3), (2, 1), (3, 0), (5, 0)])
def test_a_row_takes_names_up_to_its_capacity_and_none_above(held: int, free: int) -> None:
    assert row(capacity=3, held=held).free == free


def test_a_task_is_named_with_its_version_and_the_moment() -> None:
    named = row(held=1).named([a_task(7, version=4)], NOW)
    assert named.names == {**row(held=1).names, TaskId("job#7"): Name(4, NOW)}
    assert named.version == 1


def test_names_older_than_the_version_seen_not_running_are_dropped_and_newer_ones_kept() -> None:
    tasks = [a_task(n, version=n) for n in (1, 2, 3)]
    kept = row().named(tasks, NOW).without({task.id: 2 for task in tasks})
    assert list(kept.names) == ["job#2", "job#3"]


def test_a_name_is_unclaimed_while_its_task_waits_at_the_named_version() -> None:
    task, name = a_task(version=3), Name(3, NOW)
    assert is_unclaimed(name, task)
    assert not is_over(name, task)
    assert not is_unclaimed(name, claimed(task))
    assert not is_unclaimed(Name(2, NOW), task)
    assert not is_unclaimed(name, None)


def test_a_name_is_not_over_while_its_own_attempt_runs_however_often_it_says_so() -> None:
    running = claimed(a_task(version=3))
    beat = lifecycle.heartbeat(running.id, attempt=1, lease_until=NOW + DAY)
    assert not is_over(Name(3, NOW), running)
    assert not is_over(Name(3, NOW), lifecycle.apply(beat, running))


def test_a_name_is_over_when_its_attempt_ended_whatever_came_after() -> None:
    running = claimed(a_task(version=3))
    done = lifecycle.apply(lifecycle.complete(running.id, attempt=1, now=NOW, retention=DAY), running)
    expire = lifecycle.expire(running, now=NOW + DAY, policy=POLICY, retention=DAY, jitter=0)
    waiting = lifecycle.apply(expire, running)
    assert is_over(Name(3, NOW), done)
    assert is_over(Name(3, NOW), waiting)
    assert is_over(Name(3, NOW), claimed(waiting))
    assert not is_over(Name(5, NOW), claimed(waiting))


def test_a_name_that_can_never_be_claimed_is_over() -> None:
    fenced = lifecycle.apply(lifecycle.fence(a_task(version=3)), a_task(version=3))
    assert is_over(Name(3, NOW), fenced)
    assert is_over(Name(3, NOW), None)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, []), (1, [1]), (16, [16]), (17, [16, 1]), (48, [16, 16, 16])],
)
def test_a_limit_fills_the_first_rows(limit: int, expected: list[int]) -> None:
    assert capacities([], limit) == expected


def test_a_row_that_was_never_written_is_at_version_0() -> None:
    rows = resized([row(1)], LABOURER, 20)
    assert [(r.number, r.version) for r in rows] == [(0, 0), (1, 1)]


def test_a_falling_limit_evicts_nobody_and_admits_nobody() -> None:
    rows = resized([row(0, 16, held=16), row(1, 4, held=4)], LABOURER, 10)
    assert [(r.capacity, len(r.names), r.free) for r in rows] == [(10, 16, 0), (0, 4, 0)]


def test_what_a_row_holds_above_its_new_capacity_is_taken_off_the_others_last_row_first() -> None:
    rows = [row(0, 16), row(1, 16), row(2, 16, held=12)]
    assert capacities(rows, 40) == [16, 12, 8]
    assert capacities([row(0, 16), replace(rows[1], names=row(1, held=14).names), rows[2]], 40) == [14, 14, 8]


def test_a_rising_limit_gives_the_capacity_back() -> None:
    assert capacities([row(0, 10, held=10), row(1, 0, held=4)], 20) == [16, 4]


def test_resizing_changes_no_names_and_no_versions() -> None:
    before = row(0, 5, held=3, version=9)
    assert resized([before], LABOURER, 7) == [replace(before, capacity=7)]


def test_the_moment_of_a_name_is_kept_through_everything() -> None:
    named = row(capacity=1).named([a_task()], NOW + seconds(5))
    (name,) = resized([named], LABOURER, 30)[0].without({}).names.values()
    assert name.since == NOW + timedelta(seconds=5)


def test_every_row_is_sized_by_the_version_of_its_limit() -> None:
    rows = resized([row(0, 16), row(1, 4, held=4)], LABOURER, 40, 7)
    assert [(r.number, r.sized) for r in rows] == [(0, 7), (1, 7), (2, 7)]


def sizing(rows: list[SlotRow], limit: int, version: int) -> list[int]:
    return [r.number for r in to_size(resized(rows, LABOURER, limit, version), rows)]


def test_rows_that_are_as_they_should_be_are_not_sized_again() -> None:
    rows = resized([], LABOURER, 40, 7)
    assert sizing(rows, 40, 7) == []
    assert sizing([], 0, 7) == []


def test_a_new_version_sizes_every_row_the_first_one_last() -> None:
    rows = resized([], LABOURER, 40, 7)
    assert sizing(rows, 40, 8) == [2, 1, 0]
    assert sizing(rows[:1], 40, 8) == [2, 1, 0]
    assert sizing([], 40, 8) == [2, 1, 0]


def test_by_one_version_rows_lose_before_others_gain() -> None:
    rows = [replace(row(0, 16, held=4), sized=7), replace(row(1, 12), sized=7), replace(row(2, 4, held=8), sized=7)]
    assert [r.capacity for r in resized(rows, LABOURER, 36, 7)] == [16, 12, 4]
    moved = [rows[0], replace(rows[1], capacity=16), replace(rows[2], capacity=0)]
    assert sizing(moved, 36, 7) == [1, 2]
