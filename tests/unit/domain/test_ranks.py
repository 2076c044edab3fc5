"""Ranks: one number that says who is next."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from sosw.domain.moments import to_ms
from sosw.domain.ranks import (
    NUMBERS,
    Place,
    Section,
    first_of_priority,
    in_turn,
    is_due,
    next_section,
    number,
    rank,
    shard_of,
)
from sosw.domain.task import TaskId
from tests.factories import NOW

A_MS = timedelta(milliseconds=1)


def places(section: Section, *names: str, priority: int = 5) -> list[Place]:
    """In this order."""
    return [Place(rank(priority, section, n), TaskId(name)) for n, name in enumerate(names)]


def test_a_rank_can_be_read() -> None:
    assert rank(5, Section.READY, 1300) == 5_2_00000000001300
    assert rank(0, Section.AGAIN, to_ms(NOW)) == to_ms(NOW)
    assert number(rank(9, Section.READY, 7)) == 7


def test_a_number_too_large_stays_in_its_section() -> None:
    worst = rank(5, Section.READY, NUMBERS * 7)
    assert rank(5, Section.READY, 0) < worst < rank(6, Section.AGAIN, 0)


def test_priority_goes_before_section_and_section_before_number() -> None:
    ranks = [rank(p, s, n) for p in (0, 7, 9) for s in Section for n in (0, 5, NUMBERS - 1)]
    assert sorted(ranks) == ranks


@pytest.mark.parametrize("section", [Section.AGAIN, Section.APPOINTED])
def test_what_waits_for_a_moment_is_due_from_then_on(section: Section) -> None:
    stands = rank(5, section, to_ms(NOW))
    assert [is_due(stands, NOW + by) for by in (-A_MS, 0 * A_MS, A_MS)] == [False, True, True]


def test_what_is_ready_is_due() -> None:
    assert is_due(rank(5, Section.READY, NUMBERS - 1), NOW)


def test_sections_follow_each_other_and_then_the_next_priority() -> None:
    begins = [rank(5, section, 0) for section in Section]
    assert [next_section(start + 17) for start in begins] == [begins[1], begins[2], rank(6, Section.AGAIN, 0)]
    assert {first_of_priority(start + 17) for start in begins} == {begins[0]}


def test_priorities_are_strict_and_sections_take_turns() -> None:
    again, ready = places(Section.AGAIN, "r0", "r1", "r2"), places(Section.READY, "n0", "n1", "n2", "n3", "n4")
    first = places(Section.READY, "first", priority=0)
    order = in_turn([*ready, *again, *first])
    assert order[0] == "first"
    assert {frozenset(order[at : at + 2]) for at in (1, 3, 5)} == {frozenset((f"r{n}", f"n{n}")) for n in range(3)}
    assert order[7:] == ["n3", "n4"]


def test_nobody_stands_in_an_empty_line() -> None:
    assert in_turn([]) == []


@pytest.mark.parametrize("sections", [(Section.AGAIN, Section.READY), tuple(Section)])
def test_who_asks_for_one_task_at_a_time_gets_them_of_every_section(sections: tuple[Section, ...]) -> None:
    waiting = {section: [f"{section.name}#{n}" for n in range(1_000)] for section in sections}
    got: Counter[str] = Counter()
    for _ in range(900):
        heads = [place for section, names in waiting.items() for place in places(section, names[0])]
        taken = in_turn(heads)[0]
        assert in_turn(heads)[0] == taken
        section = Section[taken.split("#")[0]]
        waiting[section].remove(taken)
        got[section.name] += 1
    share = 900 / len(sections)
    assert all(0.85 * share < got[section.name] < 1.15 * share for section in sections)


@pytest.mark.parametrize("shards", [1, 2, 3, 16])
def test_a_jobs_tasks_are_spread_over_the_shards_evenly_and_always_alike(shards: int) -> None:
    tasks = [TaskId(f"c56a4180-65aa-42ec-a945-5fd21dec0538#{n}") for n in range(4_000)]
    counts = Counter(shard_of(task, shards) for task in tasks)
    assert sorted(counts) == list(range(shards))
    assert min(counts.values()) > 0.9 * 4_000 / shards
    assert shard_of(tasks[7], 16) == shard_of(TaskId("c56a4180-65aa-42ec-a945-5fd21dec0538#7"), 16) == 12
