"""A parameter is checked by the template's own rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sosw.deploy.parameters import effective, secrets
from sosw.domain.errors import InvalidInput


def template(**rules: Any) -> dict[str, Any]:
    return {"Parameters": {"P": {"Type": "String", **rules}}}


@pytest.mark.parametrize(
    ("rules", "value", "said"),
    [
        ({}, None, r"parameter P: None is missing: it has no default \(say --parameter P=…\)"),
        ({"Type": "Number"}, "x", "'x' must be a number"),
        ({"Type": "Number", "MinValue": 1}, "0", "'0' must be at least 1"),
        ({"Type": "Number", "MaxValue": 5}, "6", "'6' must be at most 5"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 5}, "6", "'6' must be from 1 to 5"),
        ({"MinLength": 2}, "a", "must have 2 to 4096 characters"),
        ({"MaxLength": 2}, "abc", "must have 0 to 2 characters"),
        ({"AllowedValues": [True, False]}, "yes", "must be one of true, false"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a, c", "must be one of a, b"),
        ({"Type": "List<Number>", "MaxValue": 5}, "1,6", "must be at most 5"),
        ({"Type": "List<AWS::EC2::Subnet::Id>", "AllowedValues": ["a", "b"]}, "a,c", "must be one of a, b"),
        ({"AllowedPattern": "a+"}, "b", r"must match a\+"),
    ],
)
def test_what_breaks_a_rule_is_told(rules: dict[str, Any], value: str | None, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        effective(template(**rules), {}, {} if value is None else {"P": value})


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a, b"), ({"Type": "List<Number>"}, "1,2"),
        ({"Type": "List<AWS::EC2::Subnet::Id>", "AllowedValues": ["a", "b"]}, "b,a"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "AllowedPattern": "subnet-.+"}, "/net/subnet"),
        ({"AllowedPattern": r"\p{Alpha}+"}, "java"), ({"MinLength": "some"}, "a"), ({"AllowedValues": 1}, "a"),
        ({"AllowedValues": [True]}, "true"),
        ({"Default": 8.0, "Type": "Number"}, None),
    ],
)  # fmt: skip
def test_what_keeps_them_is_taken(rules: dict[str, Any], value: str | None) -> None:
    assert effective(template(**rules), {}, {} if value is None else {"P": value}) == {"P": value or "8.0"}


def test_a_default_that_has_changed_is_followed_unless_something_else_was_said() -> None:
    before, there = {"P": "old"}, template(Default="old")

    assert effective(template(Default="new"), before, {}, there) == {"P": "new"}
    assert effective(template(), before, {}, there) == {"P": "old"}
    assert effective(template(Default="new"), {"P": "said"}, {}, there) == {"P": "said"}
    assert effective(template(Default="new"), before, {}) == {"P": "old"}


def test_a_secret_that_stays_is_not_held_against_the_rules() -> None:
    assert effective(template(NoEcho=True, MinLength=8), {"P": "****"}, {}) == {"P": "****"}
    with pytest.raises(InvalidInput):
        effective(template(NoEcho=True, MinLength=8), {}, {"P": "****"})
    assert secrets(template(NoEcho="true")) == {"P"}
    assert secrets(template()) == secrets({"Resources": {}, "Path": Path()}) == frozenset()
