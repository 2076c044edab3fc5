"""What holds for every retry policy."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain.retry import GiveUp, RetryAt, RetryPolicy
from sosw.domain.settings import Labourer
from tests.factories import NOW

POLICIES = st.builds(
    lambda max_attempts, base, cap: (
        Labourer.from_mapping(
            "sales",
            {"max_simultaneous_invocations": 1, "max_attempts": max_attempts, "retry": {"base": base, "cap": cap}},
        ).retry
    ),
    st.integers(1, 100),
    st.floats(0, 86_400),
    st.floats(0, 604_800),
)
"""All that can be set."""
TRIES, JITTERS = st.integers(1, 120), st.floats(0, 1)


@given(POLICIES, TRIES, JITTERS)
def test_a_retry_lies_between_now_and_the_cap(policy: RetryPolicy, tries: int, jitter: float) -> None:
    match policy.decide(tries=tries, is_retryable=True, now=NOW, jitter=jitter):
        case RetryAt(at=due):
            assert NOW <= due <= NOW + policy.ceiling(tries) <= NOW + policy.cap
            assert tries < policy.max_attempts
        case GiveUp():
            assert tries >= policy.max_attempts


@given(POLICIES, TRIES, JITTERS)
def test_what_no_retry_can_mend_is_given_up(policy: RetryPolicy, tries: int, jitter: float) -> None:
    assert isinstance(policy.decide(tries=tries, is_retryable=False, now=NOW, jitter=jitter), GiveUp)


@given(POLICIES, TRIES)
def test_delays_double_until_the_cap_and_never_shrink(policy: RetryPolicy, tries: int) -> None:
    this, following = policy.ceiling(tries), policy.ceiling(tries + 1)
    assert this <= following <= policy.cap
    assert following == policy.cap or abs(following - 2 * this) <= timedelta(microseconds=2)


@given(POLICIES, TRIES, JITTERS, JITTERS)
def test_more_jitter_is_never_an_earlier_retry(policy: RetryPolicy, tries: int, one: float, other: float) -> None:
    low, high = (
        policy.decide(tries=tries, is_retryable=True, now=NOW, jitter=jitter) for jitter in sorted((one, other))
    )
    if isinstance(low, RetryAt) and isinstance(high, RetryAt):
        assert low.at <= high.at
