"""The signals of one report, by resource: how much it may tell, and what is read of what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sosw.domain.error_class import MAX_CLASS_BYTES, error_class
from sosw.domain.errors import InvalidInput, Problem
from sosw.domain.records import ResourceName
from sosw.domain.signals import Signals

MAX_RESOURCES, MAX_CLASSES, MAX_NAME_BYTES = 8, 8, 128
"""Of a report: resources, classes of errors of each, and bytes of a resource's name, which is what may be declared."""
MAX_SIGNALS_BYTES = MAX_RESOURCES * (MAX_NAME_BYTES + 200 + MAX_CLASSES * (MAX_CLASS_BYTES + 16))
"""So long at most is the JSON of all of them: 10 KB."""
MAX_SECONDS = 86_400
"""Of one use: more is no latency, but a mistake of units or of a clock."""
MAX_USES = 1_000_000
"""Of one resource."""


def read(given: Any) -> tuple[dict[ResourceName, Signals], list[Problem]]:
    """The signals of a report, by resource, and what is wrong with the others: a report is never refused for those."""
    if not isinstance(given, Mapping):
        return {}, [Problem("signals", given, 'must be an object such as {"rds:orders": {"count": 1, "seconds": 0.2}}')]
    found: dict[ResourceName, Signals] = {}
    problems: list[Problem] = []
    for name, told in given.items():
        try:
            signals = _read(name, told)
        except InvalidInput as error:
            problems += error.problems
            continue
        if len(found) < MAX_RESOURCES:
            found[ResourceName(name)] = signals
        else:
            problems.append(too_many(name))
    return found, problems


def name_problem(name: Any) -> Problem | None:
    """What is wrong with the name of a resource."""
    is_name = isinstance(name, str) and name.isprintable() and 0 < len(name.encode()) <= MAX_NAME_BYTES
    return None if is_name else Problem("resource", name, f"must be a name of 1 to {MAX_NAME_BYTES} bytes, on one line")


def latency_problem(seconds: Any) -> Problem | None:
    """What is wrong with how long a use took."""
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if is_number and 0 <= seconds <= MAX_SECONDS:
        return None
    return Problem("latency", seconds, f"must be seconds from 0 to {MAX_SECONDS:,}, or a timedelta")


def too_many(name: str) -> Problem:
    """Of the resource after the last that a report may tell of."""
    return Problem("resource", name, f"is more than the {MAX_RESOURCES} resources that a report may tell of")


def _read(name: Any, told: Any) -> Signals:
    if problem := name_problem(name):
        raise InvalidInput([problem])
    try:
        signals = Signals.from_json(told, f"signals.{name}")
    except OverflowError:
        raise InvalidInput([Problem(f"signals.{name}", told, "has a number that is too large")]) from None
    if signals.count > MAX_USES or signals.seconds > MAX_SECONDS * signals.timed:
        rule = f"must be of at most {MAX_USES:,} uses, and {MAX_SECONDS:,} seconds for each that is timed"
        raise InvalidInput([Problem(f"signals.{name}", told, rule)])
    errors: Counter[str] = Counter()
    for error, count in signals.errors.items():
        errors[error_class(error)] += count
    return replace(signals, errors=dict(errors))
