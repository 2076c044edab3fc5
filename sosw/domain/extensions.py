"""What users add to periods and chunking: rules by name, handed to the domain by whoever has loaded them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sosw.domain.errors import SoswError, invalid

PeriodRule = Callable[[date, "re.Match[str]"], Sequence["date | str"]]
"""(today, match of the pattern) → the days of the period, oldest first, as dates or as YYYY-MM-DD."""
JobChunker = Callable[[Mapping[str, Any], Sequence[str], date], Iterable[Mapping[str, Any]]]
"""(job, names of the schema's attributes, today) → payloads; the same ones in the same order at every call."""
HealthFunction = Callable[[Mapping[str, Any], datetime], "float | None"]
"""(details of the metric, now) → the value measured, or None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """Periods and chunkers besides those of sosw, which win where both know a name."""

    periods: Mapping[str, PeriodRule] = field(default_factory=dict)
    """By regular expression, which the whole of a period's name must match; the first that does is asked."""
    chunkers: Mapping[str, JobChunker] = field(default_factory=dict)
    """By name, as `chunker` of a job asks for them."""

    def with_methods(self, patterns: Any, owner: object) -> Extensions:
        """With the periods that sosw's `custom_period_patterns` names as methods of `owner`, a Scheduler of the user's.

        `last_[0-9]+_hours` is the method `last_x_hours`, called with the period's name if it takes one. Raises
        `InvalidInput` for patterns that are no list of regular expressions, or have no method.
        """
        if not isinstance(patterns, list | tuple):
            raise invalid("custom_period_patterns", patterns, "must be a list of patterns")
        return Extensions(periods={**self.periods, **{p: _method(p, owner) for p in patterns}}, chunkers=self.chunkers)


NONE = Extensions()


@contextmanager
def told_of(field: str, name: str) -> Iterator[None]:
    """Whatever a rule of the user's raises within is an `InvalidInput` that names it."""
    try:
        yield
    except SoswError:
        raise
    except Exception as error:
        raise invalid(field, name, f"raised {type(error).__name__}: {error}") from error


def _method(pattern: Any, owner: object) -> PeriodRule:
    try:
        re.compile(pattern)
    except (TypeError, re.error) as error:
        raise invalid("custom_period_patterns", pattern, "must be a regular expression") from error
    name = pattern.replace("[0-9]+", "x", 1)
    method = getattr(owner, name, None)
    if not callable(method):
        raise invalid("custom_period_patterns", pattern, f"needs a method {name}() on {type(owner).__name__}")
    takes_period = bool(inspect.signature(method).parameters)

    def rule(_today: date, match: re.Match[str]) -> Sequence[date | str]:
        days: Sequence[date | str] = method(match.group()) if takes_period else method()
        return days

    return rule
