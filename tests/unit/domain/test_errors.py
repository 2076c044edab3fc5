"""What errors say."""

from __future__ import annotations

import pytest

from sosw.domain.errors import (
    InvalidInput,
    InvokeRefused,
    InvokeUncertain,
    Problem,
    SoswError,
    StaleRow,
    StaleTask,
    did_you_mean,
    invalid,
    missing,
)
from sosw.domain.slots import SlotRow
from tests.factories import LABOURER, a_task


def test_a_problem_names_field_value_rule_and_guess() -> None:
    assert str(Problem("limit", -1, "must be 0 or more", "did you mean 1?")) == (
        "limit: -1 must be 0 or more (did you mean 1?)"
    )


def test_a_long_value_is_shown_by_its_beginning() -> None:
    assert str(Problem("payload", "x" * 100_000, "is too long")) == f"payload: '{'x' * 79}… is too long"


def test_all_problems_are_told_at_once() -> None:
    error = InvalidInput([Problem("a", 1, "is wrong"), Problem("b", 2, "is wrong too")])
    assert str(error) == "a: 1 is wrong; b: 2 is wrong too"
    assert [problem.field for problem in error.problems] == ["a", "b"]


@pytest.mark.parametrize(
    ("word", "known", "guess"),
    [
        ("cooldwon", ["cooldown", "duration"], "did you mean 'cooldown'?"),
        ("x", ["cooldown", "duration"], "known: cooldown, duration"),
        ("x", [], "known: none"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_or_with_all(word: str, known: list[str], guess: str) -> None:
    assert did_you_mean(word, known) == guess


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StaleTask(a_task().id, "claim", a_task()), "task job#0: cannot claim: it is queued, attempt 0"),
        (StaleTask(a_task().id, "complete", None), "task job#0: cannot complete: there is no such task"),
        (
            StaleRow(SlotRow(labourer=LABOURER, number=2, version=7)),
            "slot row sales/2 is no longer at version 7: read it again",
        ),
        (InvokeRefused("f", "throttled", is_passing=True), "function f was not invoked: throttled"),
        (InvokeUncertain("f", "no answer"), "function f may have been invoked: no answer"),
        (invalid("a", None, "is missing"), "a: None is missing"),
    ],
)
def test_every_error_is_one_sentence_and_ours(error: SoswError, sentence: str) -> None:
    assert isinstance(error, SoswError)
    assert str(error) == sentence


def test_a_value_that_cannot_be_written_down_is_told_by_its_kind() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    assert str(Problem("x", deep, "is too deep")) == "x: <list> is too deep"
    assert str(Problem("x", 10**5_000, "is too large")) == "x: <int> is too large"
    assert str(Problem("\ud800", 1, "is no name")) == "\\ud800: 1 is no name"


def test_only_what_is_missing_may_come_back() -> None:
    assert [error("a", 1, "is not known").may_pass for error in (invalid, missing)] == [False, True]
