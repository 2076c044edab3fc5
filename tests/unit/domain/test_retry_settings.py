"""A labourer's `retry`, as it is declared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.labourer import Labourer
from sosw.domain.retry import Growth, RetryPolicy
from tests.factories import seconds


def policy(retry: Any = None, **settings: Any) -> RetryPolicy:
    given = {"max_simultaneous_invocations": 1, **settings} | ({} if retry is None else {"retry": retry})
    return Labourer.from_mapping("sales", given).retry


def refusal(retry: Any) -> str:
    with pytest.raises(InvalidInput) as refused:
        policy(retry)
    return str(refused.value)


def test_without_any_setting_waits_double_and_are_spread_whole() -> None:
    assert policy() == RetryPolicy()


def test_a_list_of_delays_is_kept_as_it_is() -> None:
    read = policy({"delays": [1, 0.5, 600_000]})
    assert read.growth is Growth.DELAYS
    assert read.delays == (seconds(1), seconds(0.5), seconds(600_000))
    assert (read.spread, read.cap) == (0, timedelta(days=7))


def test_other_growths_are_not_spread_unless_it_is_said() -> None:
    assert policy({"growth": "linear", "base": 5}) == RetryPolicy(growth=Growth.LINEAR, base=seconds(5), spread=0)
    assert policy({"growth": "fixed", "spread": 0.5}) == RetryPolicy(growth=Growth.FIXED, spread=0.5)


def test_a_greatest_age_is_read_in_seconds() -> None:
    assert policy({"max_age": 3_600}).max_age == timedelta(hours=1)


def test_classes_of_errors_have_policies_of_their_own_or_none() -> None:
    read = policy({"errors": {"ValueError": "never", "429": {"growth": "fixed", "base": 5}}}, max_attempts=4)
    assert read.errors == {
        "ValueError": None,
        "429": RetryPolicy(max_attempts=4, growth=Growth.FIXED, base=seconds(5), spread=0),
    }
    assert policy({"errors": {"Busy": {"max_attempts": 9}}}).errors["Busy"] == RetryPolicy(max_attempts=9)


@pytest.mark.parametrize(
    ("retry", "said"),
    [
        (
            {"growth": "linr"},
            "retry.growth: 'linr' must be one of exponential, linear, fixed, delays (did you mean",
        ),
        ({"growth": "delays"}, "retry.growth: 'delays' goes with a list of delays"),
        ({"growth": "fixed", "delays": [1]}, "retry.growth: 'fixed' goes with a list of delays, and only"),
        ({"delays": []}, "retry.delays: [] must be a list of seconds from 0 to 604,800"),
        ({"delays": [-1]}, "retry.delays: [-1] must be a list of seconds"),
        ({"spread": 1.5}, "retry.spread: 1.5 must be a number from 0 to 1"),
        ({"max_age": 0}, "retry.max_age: 0 must be a number of seconds from 1"),
        ({"errors": []}, "retry.errors: [] must be an object"),
        ({"errors": {"KeyError": "nevr"}}, "retry.errors.KeyError: 'nevr' must be \"never\", or an object"),
        ({"errors": {"KeyError": {"bse": 1}}}, "retry.errors.KeyError.bse: 1 is not a setting (did you mean 'base'?)"),
        ({"errors": {"KeyError": {"errors": {}}}}, "retry.errors.KeyError.errors: {} is not a setting"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_its_rule(retry: Any, said: str) -> None:
    assert said in refusal(retry)
