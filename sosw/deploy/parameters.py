"""The parameters of a template: what they will be, checked by its own rules before AWS is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean
from sosw.local.templates import Template

LISTS = ("CommaDelimitedList", "List<")
LOOKED_UP = "AWS::SSM::Parameter::Value<"
"""Of such a type only AWS knows the value: what is given is the name under which it stands."""
MOST_CHARACTERS = 4096
"""Of a parameter's value, AWS's most."""
NUMBER = re.compile(r"-?\d+(\.\d+)?")


HIDDEN = "****"
"""What AWS, and we, show of a secret."""


def effective(
    template: Template, before: Mapping[str, str], given: Mapping[str, str], there: Template | None = None
) -> dict[str, str]:
    """Of all that the template declares: what is given, else what it was before, else its default.

    With `there`, which the stack was made of, what was but the default of that follows the default of now. Raises
    `InvalidInput` with all that is wrong.
    """
    declared: dict[str, dict[str, Any]] = template.get("Parameters") or {}
    problems = [
        Problem(f"parameter {name}", given[name], "is none of the template's", did_you_mean(name, declared))
        for name in given
        if name not in declared
    ]
    values = would_be(template, before, given, there)
    for name, rules in declared.items():
        value = values.get(name)
        is_hidden = name not in given and value == HIDDEN
        if value is None:
            hint = f"say --parameter {name}=…"
            problems.append(Problem(f"parameter {name}", None, "is missing: it has no default", hint))
        elif not is_hidden and (rule := _broken(value, rules)):
            problems.append(Problem(f"parameter {name}", value, rule))
    if problems:
        raise InvalidInput(problems)
    return values


def would_be(
    template: Template, before: Mapping[str, str], given: Mapping[str, str], there: Template | None = None
) -> dict[str, str]:
    """The same without a look at the rules; without those of which nothing is known."""
    declared: dict[str, dict[str, Any]] = template.get("Parameters") or {}
    said = {**_ever_said(before, there), **given}
    known = {name: said.get(name, rules.get("Default", before.get(name))) for name, rules in declared.items()}
    return {name: _text(value) for name, value in known.items() if value is not None}


def secrets(template: Template) -> frozenset[str]:
    """Names of the parameters that nobody is to see."""
    declared: dict[str, dict[str, Any]] = template.get("Parameters") or {}
    return frozenset(name for name, rules in declared.items() if _text(rules.get("NoEcho", False)) == "true")


def plain(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Those of the values that are what the template will see."""
    declared: dict[str, dict[str, Any]] = template.get("Parameters") or {}
    unknown = {name for name, rules in declared.items() if str(rules.get("Type")).startswith(LOOKED_UP)}
    return {name: value for name, value in values.items() if name not in unknown and value != HIDDEN}


def _ever_said(before: Mapping[str, str], there: Template | None) -> dict[str, str]:
    """Without what was but a default."""
    declared: dict[str, dict[str, Any]] = (there or {}).get("Parameters") or {}
    defaults = {name: _text(rules["Default"]) for name, rules in declared.items() if "Default" in rules}
    return {name: value for name, value in before.items() if defaults.get(name) != value}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _broken(value: str, rules: Mapping[str, Any]) -> str | None:
    """The rule that the value breaks; of a list each part is looked at."""
    kind = str(rules.get("Type", "String"))
    if kind.startswith(LOOKED_UP):
        return None
    parts = [each.strip() for each in value.split(",")] if kind.startswith(LISTS) else [value]
    try:
        return next((rule for part in parts if (rule := _broken_by(part, kind, rules))), None)
    except (re.error, TypeError, ValueError):  # a rule that is none, or a pattern that Java alone knows: AWS tells
        return None


def _broken_by(value: str, kind: str, rules: Mapping[str, Any]) -> str | None:
    allowed = [_text(each) for each in rules.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    pattern = rules.get("AllowedPattern")
    if pattern and not re.fullmatch(str(pattern), value):
        return str(rules.get("ConstraintDescription", f"must match {pattern}"))
    least, most = rules.get("MinLength"), rules.get("MaxLength")
    if not int(least or 0) <= len(value) <= int(most or MOST_CHARACTERS):
        return f"must have {least or 0} to {most or MOST_CHARACTERS} characters"
    if kind in {"Number", "List<Number>"}:
        return _out_of_bounds(value, rules.get("MinValue"), rules.get("MaxValue"))
    return None


def _out_of_bounds(value: str, least: Any, most: Any) -> str | None:
    if not NUMBER.fullmatch(value):
        return "must be a number"
    if (least is not None and float(value) < float(least)) or (most is not None and float(value) > float(most)):
        if None not in (least, most):
            return f"must be from {least} to {most}"
        return f"must be at most {most}" if least is None else f"must be at least {least}"
    return None
