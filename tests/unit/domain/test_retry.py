"""When a failed task is tried again."""

from __future__ import annotations

import pytest

from sosw.domain.retry import GiveUp, RetryAt, RetryPolicy
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
