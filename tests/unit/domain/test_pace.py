"""When to look for ends, and what may be read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sosw.domain.pace import CREDIT, FIRST, HALF, LONGEST_LOOK, MARGIN, SHORTEST_LOOK, UNITS, Pace
from sosw.domain.slots import Name
from sosw.domain.task import TaskId
from tests.factories import NOW, seconds

TASKS = [TaskId(f"t#{n}") for n in range(20)]


def names(*ages: float) -> dict[TaskId, Name]:
    """Tasks that were named so many seconds ago."""
    return {task: Name(1, NOW - seconds(age)) for task, age in zip(TASKS, ages, strict=False)}


def pace(started: int = 10, lives: float | None = None) -> Pace:
    made = Pace()
    made.begin(started)
    if lives is not None:
        made.learn([], [seconds(lives)], NOW)
    return made


def test_attempts_earn_what_a_task_may_read_less_what_starting_it_has_read() -> None:
    assert pace(10).units == CREDIT - FIRST + 10 * (UNITS - HALF) - HALF


def test_no_more_is_read_than_can_be_afforded() -> None:
    poor = pace(1)
    can = poor.affords(99)
    assert can == int((CREDIT - FIRST + HALF) / HALF)
    poor.learn(TASKS[: can - 1], [], NOW)
    assert poor.sample(names(*[9] * 20), NOW + LONGEST_LOOK) == [TASKS[can - 1]]
    poor.learn(TASKS[:9], [], NOW)
    assert poor.affords(99) == 0


def test_while_nothing_is_known_one_is_looked_at_and_each_look_waits_twice_as_long() -> None:
    new = pace()
    assert new.pause(names(0), NOW, NOW) == 2 * SHORTEST_LOOK
    assert new.pause(names(0), NOW + seconds(0.4), NOW) == seconds(0.4)
    assert new.pause(names(0), NOW + seconds(40), NOW) == LONGEST_LOOK
    assert new.sample(names(1, 3, 2), NOW) == [TASKS[1]]


def test_an_end_is_looked_for_when_the_first_attempt_has_lived_as_long_as_others_did() -> None:
    known = pace(lives=2)
    assert known.pause(names(0.5, 1.5), NOW, NOW) == seconds(0.5) + MARGIN
    assert known.ripe(names(0.5, 1.5), NOW) == []
    assert known.ripe(names(0.5, 2.5), NOW) == [TASKS[1]]


def test_of_many_that_are_ripe_a_few_are_read_first() -> None:
    assert pace(lives=1).sample(names(*[5] * 11), NOW) == TASKS[:3]


def test_what_was_read_in_vain_is_left_alone_for_a_while() -> None:
    known = pace(lives=1)
    known.learn([TASKS[0]], [], NOW)
    assert known.ripe(names(5, 5), NOW) == [TASKS[1]]
    assert known.pause(names(5), NOW, NOW) > SHORTEST_LOOK
    assert known.ripe(names(5, 5), NOW + seconds(1)) == [TASKS[1], TASKS[0]]


def test_reads_in_vain_raise_the_age_and_ends_lower_it_never_below_what_the_shortest_live() -> None:
    known = pace(lives=1)
    known.learn(TASKS[:4], [], NOW)
    raised = known.age
    assert raised is not None
    assert raised > seconds(1)
    known.learn(TASKS[:4], [seconds(1.0)] * 4, NOW)
    assert known.age is not None
    assert seconds(1) <= known.age < raised
    known.learn(TASKS[:20], [seconds(1)] * 20, NOW)
    assert known.age == seconds(1)


def test_shorter_lives_count_at_once_and_longer_ones_by_and_by() -> None:
    known = pace(lives=1)
    known.learn(TASKS[:20], [seconds(0.2)] * 20, NOW)
    assert known.age == seconds(0.5)  # at most by half at once
    known.learn(TASKS[:20], [seconds(0.6)] * 20, NOW)
    assert known.age == seconds(0.3)


@pytest.mark.parametrize(("life", "age"), [(-5, SHORTEST_LOOK), (0.01, SHORTEST_LOOK), (3, seconds(3))])
def test_a_life_is_never_taken_for_shorter_than_can_be_seen(life: float, age: timedelta) -> None:
    assert pace(lives=life).age == age


def test_it_pays_to_wait_for_what_may_end_in_time() -> None:
    assert pace().pays_within(seconds(3))
    assert pace(lives=2.9).pays_within(seconds(3))
    assert not pace(lives=3).pays_within(seconds(3))


def test_what_was_not_seen_to_end_in_time_is_not_waited_for_again() -> None:
    new = pace()
    new.wait_longer(seconds(3))
    assert not new.pays_within(seconds(3))
    known = pace(lives=1)
    known.wait_longer(seconds(3))
    assert known.pays_within(seconds(3))
