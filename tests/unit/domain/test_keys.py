"""What a job says of the order of its tasks, checked at the door."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.keys import KeyTemplate, fair_key, fair_weight


def template(text: str) -> KeyTemplate:
    made = KeyTemplate.of(text)
    assert made is not None
    return made


def test_what_a_job_may_leave_out() -> None:
    assert (fair_key(None), KeyTemplate.of(None)) == (None, None)


@pytest.mark.parametrize("given", [7, "", "k" * 65, ["a"]])
def test_a_fair_key_is_a_short_text(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^fair_key: .* must be a text of 1 to 64 characters; payload of that name"):
        fair_key(given)
    assert fair_key("k" * 64) == "k" * 64


@pytest.mark.parametrize("given", [0, 101, True, 1.5, "2"])
def test_a_weight_is_a_whole_number(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^fair_weight: .* must be a whole number from 1 to 100; payload of that"):
        fair_weight(given)
    assert (fair_weight(1), fair_weight(100)) == (1, 100)


@pytest.mark.parametrize(
    ("text", "payload", "key"),
    [
        ("everyone", {}, "everyone"),
        ("{shop}", {"shop": "a b"}, "a b"),
        ("shop-{shops}/{day}", {"shops": [7], "day": "Monday"}, "shop-7/Monday"),
        ("{shops}", {"shops": [7, [8, "nine"], True, 1.5]}, "7,8,nine,true,1.5"),
        ("{lines.customer}", {"lines": [{"customer": "x"}, {"customer": ["y", "z"]}]}, "x,y,z"),
        ("{a.b}{a.b}", {"a": {"b": 0}}, "00"),
        ("{shop}", {"shop": "{other}"}, "{other}"),
    ],
)
def test_attributes_are_filled_in_from_the_payload(text: str, payload: dict[str, Any], key: str) -> None:
    assert template(text).fill(payload) == key


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (7, "must be a text of 1 to 200 characters; payload of that name goes into payload"),
        ("", "must be a text of 1 to 200 characters"),
        ("k" * 201, "must be a text of 1 to 200 characters"),
        ("{shop", "has a brace that belongs to no {attribute}"),
        ("shop}", "has a brace that belongs to no {attribute}"),
        ("{}", "has a brace that belongs to no {attribute}"),
        ("{{shop}}", "has a brace that belongs to no {attribute}"),
    ],
)
def test_a_template_that_is_none_is_refused(given: Any, rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        KeyTemplate.of(given)
    assert str(refused.value).startswith("concurrency_key: ")
    assert rule in str(refused.value)


@pytest.mark.parametrize(
    ("text", "payload", "rule"),
    [
        ("{shop}", {"shops": [7]}, "asks for {shop}, which a task does not have (did you mean 'shops'?)"),
        ("{a.b}", {"a": {"c": 1}}, "asks for {a.b}, which a task does not have (known: c)"),
        ("{a.b}", {"a": [{"b": 1}, 7]}, "asks for {a.b}, which a task does not have"),
        ("{a}", {"a": None}, "asks for {a}, where a task has None"),
        ("{a}", {"a": [{"b": 1}]}, "asks for {a}, where a task has {'b': 1}"),
        ("{a}", {"a": ""}, "makes a key of 0 characters, must be 1 to 200"),
        ("{a}", {"a": []}, "makes a key of 0 characters, must be 1 to 200"),
        ("{a}{a}", {"a": "k" * 101}, "makes a key of 202 characters, must be 1 to 200"),
    ],
)
def test_a_payload_that_gives_no_key_is_refused(text: str, payload: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        template(text).fill(payload)
    assert str(refused.value).startswith(f"concurrency_key: {text!r} ")
    assert rule in str(refused.value)
