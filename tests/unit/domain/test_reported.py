"""What is read of a report's signals. What is wrong is told, and never more than left out."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.error_class import MAX_CLASS_BYTES
from sosw.domain.reported import MAX_RESOURCES, MAX_USES, read
from sosw.domain.signals import Signals


def test_signals_are_read_by_resource() -> None:
    told = {"rds:orders": {"count": 2, "timed": 1, "seconds": 0.5, "errors": {"429": 1}}, "api:shop": {"ended": 1}}
    assert read(told) == (
        {"rds:orders": Signals(count=2, timed=1, seconds=0.5, errors={"429": 1}), "api:shop": Signals(ended=1)},
        [],
    )


@pytest.mark.parametrize(
    ("name", "told", "sentence"),
    [
        ("", {"count": 1}, "resource: '' must be a name of 1 to 128 bytes, on one line"),
        ("ü" * 65, {"count": 1}, "must be a name of 1 to 128 bytes"),
        ("a\nb", {"count": 1}, "on one line"),
        ("\ud800", {"count": 1}, "on one line"),
        ("db", 7, 'signals.db: 7 must be an object such as {"count": 1, "seconds": 0.2}'),
        ("db", {"count": -1}, "signals.db.count: -1 must be a whole number, 0 or more"),
        ("db", {"count": 1, "timed": 1, "seconds": 10**400}, "has a number that is too large"),
        ("db", {"count": 1, "timed": 1, "seconds": 86_401}, "must be of at most 1,000,000 uses, and 86,400 seconds"),
        ("db", {"count": 1, "seconds": 1}, "and 86,400 seconds for each that is timed"),
        ("db", {"count": MAX_USES + 1}, "must be of at most 1,000,000 uses"),
    ],
)
def test_signals_that_cannot_be_are_told_and_the_others_stay(name: str, told: Any, sentence: str) -> None:
    found, problems = read({name: told, "other": {"count": 1}})
    assert found == {"other": Signals(count=1)}
    assert sentence in str(problems[0])


@pytest.mark.parametrize("given", [7, "db", ["db"], None])
def test_signals_that_are_no_object_are_told(given: Any) -> None:
    found, (problem,) = read(given)
    assert found == {}
    assert "must be an object such as" in str(problem)


def test_no_more_resources_than_a_report_may_tell_of_are_read() -> None:
    found, problems = read({f"db{n}": {"count": 1} for n in range(MAX_RESOURCES + 2)})
    assert list(found) == [f"db{n}" for n in range(MAX_RESOURCES)]
    assert [str(p) for p in problems] == [
        f"resource: 'db{n}' is more than the 8 resources that a report may tell of" for n in (8, 9)
    ]


def test_classes_of_errors_with_long_names_are_cut_and_counted_together() -> None:
    long = "E" * MAX_CLASS_BYTES
    found, problems = read({"db": {"count": 5, "errors": {f"{long}1": 2, f"{long}2": 3}}})
    assert (found, problems) == ({"db": Signals(count=5, errors={long: 5})}, [])
