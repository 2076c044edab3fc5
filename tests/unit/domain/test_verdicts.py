"""What the code of a Worker raises to say how its attempt ends."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

import sosw
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.task import MAX_DELAY
from sosw.domain.verdicts import NonRetryable, RetryAfter, Snooze, verdict_of
from tests.factories import seconds


class Wrapped(Exception):
    """Of a library that wraps what it is given."""


def wrapped(error: Exception, times: int = 1) -> Exception:
    for _ in range(times):
        outer = Wrapped()
        outer.__cause__ = error
        error = outer
    return error


class Group(Exception):
    """As an ExceptionGroup looks."""

    def __init__(self, *errors: Any) -> None:
        super().__init__("of them")
        self.exceptions = errors


def test_the_three_are_imported_from_sosw_itself() -> None:
    assert (sosw.NonRetryable, sosw.RetryAfter, sosw.Snooze) == (NonRetryable, RetryAfter, Snooze)
    assert issubclass(NonRetryable, SoswError)


@pytest.mark.parametrize("error", [NonRetryable("never"), RetryAfter(3), Snooze(3)])
def test_a_verdict_is_found_in_itself_and_deep_below_what_was_raised_from_it(error: Exception) -> None:
    assert verdict_of(error) is error
    assert verdict_of(wrapped(error, 5)) is error
    assert verdict_of(Group(error)) is error


def test_what_was_only_being_handled_when_an_error_was_raised_decides_nothing() -> None:
    error = ConnectionError()
    error.__context__ = NonRetryable()
    assert verdict_of(error) is None


@pytest.mark.parametrize("error", [ValueError(), Group(Snooze(1), ValueError()), Group("text"), wrapped(Snooze(1), 25)])
def test_any_other_error_has_no_verdict(error: Exception) -> None:
    assert verdict_of(error) is None


@pytest.mark.parametrize(
    ("given", "delay"),
    [(90, seconds(90)), (0.5, seconds(0.5)), (timedelta(hours=2), timedelta(hours=2)), (-5, seconds(0))],
)
def test_a_delay_is_seconds_or_a_timedelta_and_none_at_all_when_it_is_past(given: Any, delay: timedelta) -> None:
    assert RetryAfter(given).delay == Snooze(given).delay == delay


@pytest.mark.parametrize("given", [10**12, math.inf, timedelta(days=8)])
def test_a_delay_of_more_than_seven_days_is_taken_for_seven_days(given: Any) -> None:
    assert Snooze(given).delay == MAX_DELAY == timedelta(days=7)


@pytest.mark.parametrize("given", ["soon", None, True, math.nan])
def test_what_is_no_delay_is_refused_with_the_rule(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"delay: .* must be seconds, or a timedelta"):
        RetryAfter(given)


def test_a_subclass_may_do_without_our_constructor() -> None:
    class Later(Snooze):
        def __init__(self) -> None:
            pass

    assert Later().delay == timedelta(minutes=1)
