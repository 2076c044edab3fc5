"""Simulated time: processes that sleep, run beside each other and die, in the order of the moments alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from sosw.testing import FakeClock
from sosw.testing.simulation.engine import Engine, Life
from tests.factories import NOW, seconds


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(FakeClock())
    yield engine
    engine.close()


def told(engine: Engine, said: list[tuple[str, float]], name: str, *sleeps: float) -> Callable[[], None]:
    """A process that says its name before and after each sleep, with the seconds since noon."""

    def work() -> None:
        for sleep in (0.0, *sleeps):
            engine.sleep(seconds(sleep))
            said.append((name, (engine.clock.now() - NOW).total_seconds()))

    return work


def test_processes_go_on_in_the_order_of_their_moments(engine: Engine) -> None:
    said: list[tuple[str, float]] = []
    engine.spawn(told(engine, said, "a", 2, 2))
    engine.spawn(told(engine, said, "b", 1, 2))
    engine.run()
    assert said == [("a", 0), ("b", 0), ("b", 1), ("a", 2), ("b", 3), ("a", 4)]


def test_what_happens_at_one_moment_happens_in_the_order_in_which_it_was_asked_for(engine: Engine) -> None:
    said: list[str] = []
    for name in "abc":
        engine.after(seconds(1), lambda name=name: said.append(name))  # type: ignore[misc]
    engine.run()
    assert said == ["a", "b", "c"]


def test_time_stands_where_it_was_told_to_stop_and_goes_on_from_there(engine: Engine) -> None:
    said: list[tuple[str, float]] = []
    engine.spawn(told(engine, said, "a", 5))
    engine.run(NOW + seconds(3))
    assert (engine.clock.now(), said) == (NOW + seconds(3), [("a", 0)])
    engine.run()
    assert said[-1] == ("a", 5)


def test_what_is_past_happens_now(engine: Engine) -> None:
    engine.clock.advance(seconds=9)
    seen: list[object] = []
    engine.at(NOW, lambda: seen.append(engine.clock.now()))
    engine.run()
    assert seen == [NOW + seconds(9)]


def test_calls_in_parallel_take_as_long_as_the_longest(engine: Engine) -> None:
    ended: list[object] = []

    def work() -> None:
        engine.in_parallel(lambda number: engine.sleep(seconds(number)), [3, 1, 2])
        ended.append(engine.clock.now())

    engine.spawn(work)
    engine.run()
    assert ended == [NOW + seconds(3)]


def test_no_more_than_thirty_two_calls_are_under_way_at_once(engine: Engine) -> None:
    engine.spawn(lambda: engine.in_parallel(lambda _: engine.sleep(seconds(1)), range(65)))
    engine.run()
    assert engine.clock.now() == NOW + seconds(3)


@pytest.mark.parametrize("count", [0, 1])
def test_one_call_needs_nobody_beside_it(engine: Engine, count: int) -> None:
    engine.spawn(lambda: engine.in_parallel(lambda _: engine.sleep(seconds(1)), range(count)))
    engine.run()
    assert engine.clock.now() == NOW + seconds(count)


def test_the_first_error_of_calls_in_parallel_is_raised_after_all_have_ended(engine: Engine) -> None:
    seen: list[object] = []

    def call(number: int) -> None:
        engine.sleep(seconds(number))
        if number < 3:
            raise ValueError(number)
        seen.append(engine.clock.now())

    def work() -> None:
        with pytest.raises(ValueError, match="1"):
            engine.in_parallel(call, [2, 1, 3])
        seen.append("raised")

    engine.spawn(work)
    engine.run()
    assert seen == [NOW + seconds(3), "raised"]


def test_what_a_process_raises_ends_the_run(engine: Engine) -> None:
    def fail() -> None:
        raise ValueError("no")

    engine.spawn(fail)
    with pytest.raises(ValueError, match="no"):
        engine.run()


def test_who_dies_takes_along_what_it_has_started_in_parallel(engine: Engine) -> None:
    seen: list[object] = []

    def call(number: int) -> None:
        engine.sleep(seconds(number))
        if number == 1:
            engine.die()
        seen.append(number)

    def work() -> None:
        engine.in_parallel(call, [1, 2, 3])
        seen.append("went on")

    engine.spawn(work)
    engine.run()
    assert seen == []


def test_a_life_that_is_over_ends_its_process_at_its_next_sleep(engine: Engine) -> None:
    said: list[tuple[str, float]] = []
    life = engine.spawn(told(engine, said, "a", 2, 2))
    engine.after(seconds(3), lambda: setattr(life, "is_over", True))
    engine.run()
    assert said == [("a", 0), ("a", 2)]


def test_a_process_whose_life_was_over_before_does_not_begin(engine: Engine) -> None:
    said: list[tuple[str, float]] = []
    life = Life()
    life.is_over = True
    engine.spawn(told(engine, said, "a"), life)
    engine.run()
    assert said == []


def test_a_run_ends_when_it_is_told_that_all_is_done(engine: Engine) -> None:
    engine.after(seconds(1), lambda: setattr(engine, "is_done", True))
    engine.after(seconds(2), lambda: pytest.fail("it went on"))
    engine.run(NOW + seconds(9))
    assert engine.clock.now() == NOW + seconds(1)
    engine.close()


def test_only_a_process_can_sleep(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="spawn it"):
        engine.sleep(timedelta())
