"""Every death is told, and once, also one that shows late."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain.dead_marks import REMEMBERED, WINDOW, Mark
from sosw.domain.jsontext import dump, load
from sosw.domain.moments import to_ms
from sosw.domain.ranks import Place
from sosw.domain.task import TaskId
from tests.factories import NOW, seconds

AT = to_ms(NOW)


def places(count: int, *, at: int = AT, step: int = 1) -> list[Place]:
    return [Place(at + number * step, TaskId(f"job#{number}")) for number in range(count)]


def whole(mark: Mark, looked: list[Place], now: datetime = NOW) -> Mark:
    return mark.after(looked, now, is_whole=True)


def test_what_was_told_is_fresh_no_more_and_what_shows_late_is() -> None:
    first, late = places(3), Place(AT - 1_000, TaskId("late#0"))
    mark = whole(Mark(), first)
    assert mark.fresh([late, *first]) == [late]


def test_a_task_that_dies_anew_is_fresh() -> None:
    mark = whole(Mark(), places(1))
    assert mark.fresh([Place(AT + 1, TaskId("job#0"))])


def test_the_floor_follows_and_what_is_below_is_forgotten() -> None:
    mark = whole(Mark(), places(3), NOW)
    assert (mark.floor, len(mark.told)) == (NOW - WINDOW, 3)
    later = whole(mark, [], NOW + WINDOW + seconds(1))
    assert (later.floor, later.told) == (NOW + seconds(1), {})
    assert whole(later, [], NOW) == later, "it never falls"


def test_a_mark_comes_out_of_its_json_as_it_was() -> None:
    mark = whole(Mark(), places(3))
    assert Mark.from_json(load(dump(mark.to_json()))) == mark
    assert Mark.from_json({}) == Mark()
    assert len(dump(whole(Mark(), places(REMEMBERED)).to_json())) < 20_000


def test_of_a_flood_the_latest_are_remembered_and_none_is_told_twice() -> None:
    flood = places(REMEMBERED + 500)
    mark = whole(Mark(), flood)
    assert (len(mark.told), mark.fresh(flood)) == (REMEMBERED - 1, [])


def test_what_was_not_looked_at_yet_is_above_the_floor() -> None:
    flood = places(REMEMBERED + 500, at=AT - to_ms(NOW) // 2)
    mark = Mark().after(flood[:20], NOW, is_whole=False)
    assert mark.fresh(flood)[:1] == flood[20:21]
    assert Mark().after([], NOW, is_whole=False) == Mark()


def test_a_flood_within_one_millisecond_is_told_twice_rather_than_not() -> None:
    flood = places(REMEMBERED + 500, step=0)
    mark = Mark().after(flood[:-100], NOW, is_whole=False)
    assert set(flood[-100:]) <= set(mark.fresh(flood))


@given(
    deaths=st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(0, int(WINDOW.total_seconds()) - 60)), max_size=60, unique=True
    ),
    most=st.integers(1, 20),
)
def test_each_death_that_shows_within_the_window_is_told_once(deaths: list[tuple[int, int]], most: int) -> None:
    """`deaths`: second of each, and how many seconds later it shows. A look takes in `most` at a time."""
    line = [(Place(AT + at * 1_000, TaskId(f"job#{n}")), at + lag) for n, (at, lag) in enumerate(deaths)]
    mark, told = Mark(floor=NOW), list[Place]()
    for second in range(0, 6_000, 60):
        for _ in range(len(deaths) // most + 2):
            shown = sorted(place for place, shows in line if shows <= second and place.rank >= to_ms(mark.floor))
            looked = mark.fresh(shown)[:most]
            told += looked
            is_whole = len(mark.fresh(shown)) <= most
            mark = mark.after(looked, NOW + timedelta(seconds=second), is_whole=is_whole)
    assert sorted(told) == sorted(place for place, _ in line)
