"""What holds for every retry policy."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain import lifecycle
from sosw.domain.retry import LONGEST_SNOOZED, MAX_SNOOZES, GiveUp, RetryAt, RetryPolicy
from sosw.domain.settings import Labourer
from sosw.domain.task import MAX_DELAY, TaskState
from tests.factories import DAY, LEASE, NOW, a_task

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


DELAYS = st.timedeltas(timedelta(), timedelta(days=30))


@given(POLICIES, TRIES, JITTERS, DELAYS, DELAYS)
def test_a_retry_at_a_moment_of_ones_own_is_due_then_within_a_week_and_never_while_the_attempt_runs_on(
    policy: RetryPolicy, tries: int, jitter: float, delay: timedelta, runs_on: timedelta
) -> None:
    plain = policy.decide(tries=tries, is_retryable=True, now=NOW, jitter=jitter)
    own = policy.decide(tries=tries, is_retryable=True, now=NOW, jitter=jitter, delay=delay, runs_on=runs_on)
    assert type(own) is type(plain)
    if isinstance(own, RetryAt):
        assert own.at == NOW + max(min(delay, MAX_DELAY), runs_on)


@given(POLICIES, TRIES, JITTERS, DELAYS)
def test_an_attempt_that_runs_on_only_ever_puts_its_retry_off(
    policy: RetryPolicy, tries: int, jitter: float, runs_on: timedelta
) -> None:
    plain = policy.decide(tries=tries, is_retryable=True, now=NOW, jitter=jitter)
    later = policy.decide(tries=tries, is_retryable=True, now=NOW, jitter=jitter, runs_on=runs_on)
    if isinstance(plain, RetryAt):
        assert isinstance(later, RetryAt)
        assert later.at == max(plain.at, NOW + runs_on)


@given(DELAYS, st.integers(0, 2 * MAX_SNOOZES), st.timedeltas(timedelta(), timedelta(days=800)), st.none() | DELAYS)
def test_a_task_is_put_off_to_a_moment_within_its_life_or_given_up(
    delay: timedelta, snoozes: int, age: timedelta, max_age: timedelta | None
) -> None:
    policy, created = RetryPolicy(max_age=max_age), NOW - age
    end = created + (LONGEST_SNOOZED if max_age is None else max_age)
    match policy.snooze(delay=delay, snoozes=snoozes, now=NOW, created_at=created):
        case RetryAt(at=due):
            assert due == NOW + min(delay, MAX_DELAY)
            assert NOW <= due <= end
            assert snoozes < MAX_SNOOZES
        case GiveUp():
            assert snoozes >= MAX_SNOOZES or NOW + min(delay, MAX_DELAY) > end


@given(st.lists(DELAYS, max_size=12), st.timedeltas(timedelta(), timedelta(days=20)))
def test_a_task_that_is_put_off_again_and_again_waits_within_its_life_and_uses_up_no_try(
    delays: list[timedelta], max_age: timedelta
) -> None:
    policy, task, now = RetryPolicy(max_age=max_age), a_task(), NOW
    for delay in delays:
        task = lifecycle.apply(lifecycle.claim(task, row=0, now=now, lease=LEASE), task)
        move = lifecycle.snooze(task, attempt=task.attempt, now=now, delay=delay, policy=policy, retention=DAY)
        task = lifecycle.apply(move, task)
        if task.state is TaskState.DEAD:
            assert task.greenfield == now
            return
        assert (task.tries, task.snoozes) == (0, task.attempt)
        assert now <= task.greenfield <= NOW + max_age
        now = task.greenfield
