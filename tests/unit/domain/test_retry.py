"""When a failed task is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.retry import GiveUp, Growth, RetryAt, RetryPolicy
from tests.factories import NOW, seconds

POLICY = RetryPolicy(max_attempts=4, base=seconds(10), cap=seconds(25))


@pytest.mark.parametrize(("tries", "longest"), [(1, 10), (2, 20), (3, 25)])
def test_the_longest_delay_doubles_and_stops_at_the_cap(tries: int, longest: int) -> None:
    assert POLICY.ceiling(tries) == seconds(longest)


@pytest.mark.parametrize(("jitter", "delay"), [(0, 0), (0.5, 5), (1, 10)])
def test_a_delay_is_the_jitters_share_of_the_longest(jitter: float, delay: float) -> None:
    assert POLICY.decide(tries=1, is_retryable=True, now=NOW, jitter=jitter) == RetryAt(NOW + seconds(delay))


def test_the_last_try_is_the_policys_maximum() -> None:
    assert isinstance(POLICY.decide(tries=3, is_retryable=True, now=NOW, jitter=1), RetryAt)
    assert POLICY.decide(tries=4, is_retryable=True, now=NOW, jitter=1) == GiveUp("4 of 4 attempts failed")


def test_what_no_retry_can_mend_is_given_up_at_once() -> None:
    assert POLICY.decide(tries=1, is_retryable=False, now=NOW, jitter=0) == GiveUp(
        "it failed in a way that no retry can mend"
    )


@pytest.mark.parametrize("tries", [42, 99, 5_000])
def test_the_backoff_after_very_many_tries_is_the_cap(tries: int) -> None:
    assert RetryPolicy(max_attempts=10_000, base=seconds(86_400), cap=seconds(60)).ceiling(tries) == seconds(60)


@pytest.mark.parametrize(
    ("growth", "delays"),
    [
        (Growth.EXPONENTIAL, [10, 20, 25, 25]),
        (Growth.LINEAR, [10, 20, 25, 25]),
        (Growth.FIXED, [10, 10, 10, 10]),
        (Growth.DELAYS, [1, 25, 7, 7]),
    ],
)
def test_delays_grow_as_the_policy_says_up_to_its_cap(growth: Growth, delays: list[int]) -> None:
    listed = (seconds(1), seconds(300), seconds(7))
    policy = RetryPolicy(growth=growth, base=seconds(10), cap=seconds(25), delays=listed)
    assert [policy.ceiling(tries) for tries in (1, 2, 3, 4)] == [seconds(delay) for delay in delays]


def test_linear_delays_grow_by_the_base() -> None:
    policy = RetryPolicy(growth=Growth.LINEAR, base=seconds(10))
    assert [policy.ceiling(tries) for tries in (1, 2, 3)] == [seconds(10), seconds(20), seconds(30)]


@pytest.mark.parametrize(("spread", "jitter", "delay"), [(0, 0, 10), (0, 1, 10), (0.2, 0, 8), (0.2, 1, 10), (1, 0, 0)])
def test_only_the_spread_of_a_delay_is_left_to_chance(spread: float, jitter: float, delay: float) -> None:
    policy = RetryPolicy(base=seconds(10), spread=spread)
    assert policy.decide(tries=1, is_retryable=True, now=NOW, jitter=jitter) == RetryAt(NOW + seconds(delay))


def test_a_class_of_errors_may_have_a_policy_of_its_own() -> None:
    throttled = RetryPolicy(max_attempts=9, growth=Growth.FIXED, base=seconds(5), spread=0)
    policy = RetryPolicy(max_attempts=2, errors={"Throttled": throttled, "ValueError": None})
    given: dict[str, Any] = {"is_retryable": True, "now": NOW, "jitter": 0.5}
    assert policy.decide(tries=8, error="Throttled", **given) == RetryAt(NOW + seconds(5))
    assert policy.decide(tries=9, error="Throttled", **given) == GiveUp("9 of 9 attempts failed")
    assert policy.decide(tries=1, error="ValueError", **given) == GiveUp("it failed in a way that no retry can mend")
    assert policy.decide(tries=2, error="KeyError", **given) == GiveUp("2 of 2 attempts failed")


def test_no_retry_begins_after_the_tasks_greatest_age() -> None:
    policy = RetryPolicy(base=seconds(10), spread=0, max_age=seconds(60))
    given: dict[str, Any] = {"tries": 1, "is_retryable": True, "jitter": 0.0, "created_at": NOW}
    assert policy.decide(now=NOW + seconds(50), **given) == RetryAt(NOW + seconds(60))
    late = policy.decide(now=NOW + seconds(51), **given)
    assert late == GiveUp("its retry would begin more than 0:01:00 after it was created")
    assert isinstance(policy.decide(now=NOW + seconds(99), tries=1, is_retryable=True, jitter=0.0), RetryAt)
