"""JSON at the door and in what Workers report."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.jsontext import MAX_RESULT_BYTES, checked, dump, load, parse_object, reportable, words


class Colour(str, Enum):
    RED = "red"


class Rude:
    def __str__(self) -> str:
        raise SystemError


def holding_itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_types_key_names_and_order_come_out_as_they_went_in() -> None:
    value = {"b": "00123", "a.b": "true", "rows-loaded": 1.0, "a": [None, True, 10**30, "ü€😀"]}
    again = load(dump(value))
    assert again == value
    assert list(again) == list(value)
    assert [type(v) for v in again.values()] == [str, str, float, list]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{'a': 1}", "job: \"{'a': 1}\" is not JSON: Expecting property name"),
        ('{"a": NaN}', """job: '{"a": NaN}' is not JSON: NaN is no JSON value"""),
        ("[1]", "job: [1] must be a JSON object"),
        ("", "job: '' is not JSON: Expecting value"),
        ("[" * 100_000, "is not JSON: "),
    ],
)
def test_text_that_is_no_json_object_is_refused_saying_where_it_breaks(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_object(text, "job")
    assert sentence in str(refused.value)


def test_an_object_written_as_json_is_read() -> None:
    assert parse_object('{"a": [1]}', "job") == {"a": [1]}


def test_a_value_within_the_limit_is_its_json() -> None:
    assert checked({"a": "ü"}, "payload", limit=10) == '{"a":"ü"}'


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"a": "ü"}, "payload: {'a': 'ü'} is 10 bytes of JSON, over the limit of 9"),
        ({"a": math.nan}, "payload: {'a': nan} is not JSON: Out of range float values"),
        ({"a": {1}}, "payload: {'a': {1}} is not JSON: Object of type set"),
        ({"a": "\ud800"}, r"payload: {'a': '\ud800'} is not JSON: 'utf-8' codec can't encode character"),
        (holding_itself(), "is not JSON: Circular reference"),
    ],
)
def test_a_value_that_is_no_json_or_too_long_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(value, "payload", limit=9)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("result", "reported"),
    [
        ({"rows-loaded": 3, "a.b": [0.5, None, True]}, {"rows-loaded": 3, "a.b": [0.5, None, True]}),
        ([math.nan, math.inf, -math.inf, 1.5], [None, None, None, 1.5]),
        ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
        ((1, {2}, frozenset([3])), [1, [2], [3]]),
        (Decimal("1.50"), "1.50"),
        (Colour.RED, "red"),
        (b"\xff", "b'\\xff'"),
        ("half a \ud83d", "half a ?"),
        (Rude(), "<Rude>"),
        ("", ""),
        (0, 0),
    ],
)
def test_a_result_is_reported_as_near_to_it_as_json_can(result: Any, reported: Any) -> None:
    assert reportable(result) == reported
    assert load(dump(reportable(result)).encode().decode()) == reported


@pytest.mark.parametrize(
    ("result", "note"),
    [
        ("x" * MAX_RESULT_BYTES, "65,538 bytes, over 65,536"),
        (holding_itself(), "list: "),
        (deep(100_000), "list: "),
    ],
)
def test_a_result_that_cannot_be_carried_is_replaced_by_a_note(result: Any, note: str) -> None:
    assert list(reportable(result)) == ["sosw_dropped"]
    assert note in reportable(result)["sosw_dropped"]


def test_the_words_of_anything_are_text() -> None:
    assert [words(ValueError("x")), words("\udcff"), words(Rude()), words(None)] == ["x", "?", "<Rude>", "None"]
