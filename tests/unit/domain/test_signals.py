"""Signals are added, and come out of a report as they went in."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.overload import is_overload
from sosw.domain.signals import MOST_CLASSES, OTHERS, Signals, signal, together

SOME = Signals(count=5, timed=3, seconds=0.6, squares=0.14, errors={"429": 1, "KeyError": 1}, ended=2)


def test_signals_are_added() -> None:
    added = SOME + signal(latency=0.4) + signal(error="429")
    assert (added.count, added.timed, added.ended, added.errors) == (7, 4, 2, {"429": 2, "KeyError": 1})
    assert added.seconds == pytest.approx(1.0)
    assert added.squares == pytest.approx(0.3)
    assert together([]) == Signals()
    assert together([SOME, Signals()]) == SOME


def test_the_latency_is_the_mean_of_those_told() -> None:
    assert SOME.latency == pytest.approx(0.2)
    assert signal(error="429").latency is None
    assert SOME.failed == 2


def test_a_report_carries_them_whole_and_small() -> None:
    assert Signals.from_json(SOME.to_json()) == SOME
    assert Signals.from_json({**SOME.to_json(), "tomorrow": 1}) == SOME
    assert Signals().to_json() == {}
    assert signal(latency=0.25).to_json() == {"count": 1, "timed": 1, "seconds": 0.25, "squares": 0.0625}


def test_of_many_classes_the_most_frequent_are_told_apart() -> None:
    many = together(Signals(count=n, errors={f"E{n:02}": n}) for n in range(1, MOST_CLASSES + 6))
    assert len(many.errors) == MOST_CLASSES
    assert many.failed == many.count
    assert "E25" in many.errors
    assert OTHERS in many.errors
    assert len((many + SOME).errors) == MOST_CLASSES


@pytest.mark.parametrize("latency", [-1, float("nan"), float("inf"), True, "1"])
def test_a_latency_that_is_no_time_is_refused(latency: Any) -> None:
    with pytest.raises(InvalidInput, match=r"latency: .* must be seconds, 0 or more"):
        signal(latency=latency)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (5, "signals: 5 must be an object"),
        ({"count": -1}, "signals.count: -1 must be a whole number, 0 or more"),
        ({"ended": True}, "signals.ended: True must be a whole number, 0 or more"),
        ({"count": 1, "timed": 2}, "signals.timed: 2 must be at most count"),
        ({"seconds": "1"}, "signals.seconds: '1' must be seconds, 0 or more"),
        ({"squares": -0.5}, "signals.squares: -0.5 must be seconds, 0 or more"),
        ({"errors": ["429"]}, "signals.errors: ['429'] must be an object"),
        ({"errors": {"429": 0.5}}, "signals.errors.429: 0.5 must be a whole number, 0 or more"),
    ],
)
def test_what_is_no_signals_is_refused_with_all_that_is_wrong(given: Any, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Signals.from_json(given)
    assert problem in str(refused.value)
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize(
    "name",
    [
        "429",
        "503",
        "ThrottlingException",
        "botocore.errorfactory.ProvisionedThroughputExceededException",
        "psycopg2.errors.TooManyConnections",
        "too_many_connections",
        "ReadTimeoutError",
        "TimeoutError",
        "RateLimitError",
    ],
)
def test_errors_that_say_too_much_are_known_by_name(name: str) -> None:
    assert is_overload(name)


@pytest.mark.parametrize(
    "name", ["404", "500", "KeyError", "ValidationException", "AccessDenied", "", "UniqueViolation"]
)
def test_other_errors_say_nothing_of_the_load(name: str) -> None:
    assert not is_overload(name)
