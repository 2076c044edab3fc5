"""A token bucket never gives more than it promises, whatever is asked of it and whatever its clocks say."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain.bucket import TOKEN, Bucket
from sosw.domain.resources import Rate
from tests.factories import NOW

RATES = st.builds(Rate, per_second=st.floats(1e-4, 10_000), burst=st.integers(1, 50))
TAKES = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 60)), max_size=30)
"""Milliseconds after the one before, and tokens asked for."""


def taken(rate: Rate, takes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """When how many tokens were got."""
    bucket, ms, got = Bucket.full(rate, NOW), 0, []
    for wait, wanted in takes:
        ms += wait
        bucket = bucket.refilled(rate, NOW + timedelta(milliseconds=ms))
        count = min(wanted, bucket.tokens)
        bucket = bucket.taken(count)
        got.append((ms, count))
    return got


@given(RATES, TAKES)
def test_in_no_span_of_time_more_is_taken_than_a_burst_and_what_came_meanwhile(
    rate: Rate, takes: list[tuple[int, int]]
) -> None:
    got = taken(rate, takes)
    for i, (begin, _) in enumerate(got):
        count = 0
        for end, more in got[i:]:
            count += more
            assert count <= rate.burst + Fraction(rate.per_second) * (end - begin) / 1_000


@given(RATES, st.lists(st.integers(-5_000, 5_000), max_size=30))
def test_clocks_that_disagree_give_no_more_than_the_one_that_is_ahead(rate: Rate, moments: list[int]) -> None:
    bucket, count = Bucket.full(rate, NOW), 0
    for ms in moments:
        bucket = bucket.refilled(rate, NOW + timedelta(milliseconds=ms))
        count += bucket.tokens
        bucket = bucket.taken(bucket.tokens)
    assert count <= rate.burst + Fraction(rate.per_second) * max(0, *moments, 0) / 1_000


@given(RATES, st.integers(0, 50), st.integers(1, 60))
def test_the_moment_that_it_tells_is_the_first_at_which_the_tokens_are_there(rate: Rate, left: int, count: int) -> None:
    bucket = Bucket(min(left, rate.burst) * TOKEN, NOW)
    at, wanted = bucket.next_at(rate, count), min(count, rate.burst)
    assert bucket.refilled(rate, at).tokens >= wanted
    if at > NOW:
        assert bucket.refilled(rate, at - timedelta(milliseconds=1)).tokens < wanted
