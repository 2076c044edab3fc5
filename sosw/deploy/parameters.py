"""The parameters of a template: what they will be, checked by its own rules before AWS is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean
from sosw.local.templates import Template

NUMBER = re.compile(r"-?\d+(\.\d+)?")


def effective(template: Template, before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Of all that the template declares: what is given, else what it was before, else its default.

    Raises `InvalidInput` with all that is wrong.
    """
    declared: dict[str, dict[str, Any]] = template.get("Parameters") or {}
    problems = [
        Problem(f"parameter {name}", given[name], "is none of the template's", did_you_mean(name, declared))
        for name in given
        if name not in declared
    ]
    values: dict[str, str] = {}
    for name, rules in declared.items():
        value = given.get(name, before.get(name, rules.get("Default")))
        rule = "must be given: it has no default" if value is None else _broken(str(value), rules)
        if rule:
            problems.append(Problem(f"parameter {name}", value, rule))
        values[name] = _text(value)
    if problems:
        raise InvalidInput(problems)
    return values


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _broken(value: str, rules: Mapping[str, Any]) -> str | None:
    """The rule that the value breaks."""
    allowed = [_text(each) for each in rules.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    pattern = rules.get("AllowedPattern")
    if pattern and not re.fullmatch(str(pattern), value):
        return str(rules.get("ConstraintDescription", f"must match {pattern}"))
    if rules.get("Type") == "Number":
        return _out_of_bounds(value, rules.get("MinValue"), rules.get("MaxValue"))
    return None


def _out_of_bounds(value: str, least: Any, most: Any) -> str | None:
    if not NUMBER.fullmatch(value):
        return "must be a number"
    if (least is not None and float(value) < float(least)) or (most is not None and float(value) > float(most)):
        return f"must be from {least} to {most}" if None not in (least, most) else f"must be within {least}, {most}"
    return None
