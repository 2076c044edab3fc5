"""A token bucket, moment by moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.domain.bucket import FOREVER, TOKEN, Bucket, refill_pause
from sosw.domain.resources import Rate
from tests.factories import NOW, seconds

RATE = Rate(per_second=2, burst=5)


def test_a_bucket_is_full_before_the_first_token_is_taken() -> None:
    assert Bucket.full(RATE, NOW).tokens == 5


def test_tokens_come_with_time_and_never_more_than_a_burst() -> None:
    empty = Bucket.full(RATE, NOW).taken(5)
    after = [empty.refilled(RATE, NOW + seconds(s)).tokens for s in (0, 0.499, 0.5, 1, 2.5, 1000)]
    assert after == [0, 0, 1, 2, 5, 5]


def test_a_part_of_a_token_is_kept_over_a_take() -> None:
    bucket = Bucket.full(RATE, NOW).taken(5).refilled(RATE, NOW + seconds(0.75)).taken(1)
    assert bucket.refilled(RATE, NOW + seconds(1)).tokens == 1


def test_a_clock_that_goes_back_adds_nothing_and_loses_nothing() -> None:
    empty = Bucket.full(RATE, NOW).taken(5)
    behind = empty.refilled(RATE, NOW - seconds(60))
    assert behind == empty
    assert behind.refilled(RATE, NOW + seconds(1)).tokens == 2


def test_a_lower_burst_takes_away_what_lies_above_it() -> None:
    assert Bucket.full(RATE, NOW).refilled(replace(RATE, burst=3), NOW).tokens == 3


@pytest.mark.parametrize(("count", "wait"), [(1, 0.5), (2, 1), (5, 2.5), (9, 2.5)])
def test_it_tells_when_so_many_tokens_will_have_come(count: int, wait: float) -> None:
    empty = Bucket.full(RATE, NOW).taken(5)
    at = empty.next_at(RATE, count)
    assert at == NOW + seconds(wait)
    assert empty.refilled(RATE, at).tokens == min(count, 5)
    assert empty.refilled(RATE, at - timedelta(milliseconds=1)).tokens < min(count, 5)


def test_what_is_there_needs_no_wait() -> None:
    assert Bucket.full(RATE, NOW).next_at(RATE, 5) == NOW


def test_a_rate_of_next_to_nothing_tells_a_moment_within_ten_years() -> None:
    slow = Rate(per_second=1e-300, burst=1)
    assert Bucket(0, NOW).next_at(slow) == NOW + FOREVER


@pytest.mark.parametrize(("per_second", "burst", "pause"), [(0.1, 1, 1), (10, 1, 1), (10, 40, 10), (100, 20, 10)])
def test_it_is_worth_to_wake_for_the_tokens_of_a_second_or_of_half_a_burst(
    per_second: float, burst: int, pause: int
) -> None:
    assert refill_pause(Rate(per_second=per_second, burst=burst)) == pause


def test_a_bucket_comes_back_from_its_record() -> None:
    bucket = Bucket(3 * TOKEN + 1, NOW)
    assert Bucket.from_json(bucket.to_json()) == bucket
