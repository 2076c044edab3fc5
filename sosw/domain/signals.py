"""Signals: what Workers tell of the resources that they have used, with their reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sosw.domain.errors import InvalidInput, Problem

MOST_CLASSES = 20
"""So many classes of errors are told apart; those with the most errors stay, and `OTHERS` counts the rest."""
CLASS_CHARS = 100
OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Some uses of one resource, summed up. Signals of several attempts are added: `one + other`."""

    count: int = 0
    """Uses told, those that failed included."""
    timed: int = 0
    """Those of them whose latency was told."""
    seconds: float = 0.0
    """The sum of the latencies."""
    squares: float = 0.0
    """The sum of their squares: how much they differ. 0 where it was not told."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """How many failed, by the class of the error: `TooManyConnections`, `429`."""
    ended: int = 0
    """Attempts that ended with these signals: a lowered budget shows as attempts end."""

    @property
    def latency(self) -> float | None:
        """The mean, in seconds; None where none was told."""
        return self.seconds / self.timed if self.timed else None

    @property
    def failed(self) -> int:
        """Uses that failed, of any class."""
        return sum(self.errors.values())

    def __add__(self, other: Signals) -> Signals:
        classes = sorted({*self.errors, *other.errors})
        return Signals(
            count=self.count + other.count,
            timed=self.timed + other.timed,
            seconds=self.seconds + other.seconds,
            squares=self.squares + other.squares,
            errors=_fewest({name: self.errors.get(name, 0) + other.errors.get(name, 0) for name in classes}),
            ended=self.ended + other.ended,
        )

    def to_json(self) -> dict[str, Any]:
        """For a report: what is nothing is left out, seconds to the microsecond."""
        whole = {
            "count": self.count,
            "timed": self.timed,
            "seconds": round(self.seconds, 6),
            "squares": round(self.squares, 9),
            "errors": dict(self.errors),
            "ended": self.ended,
        }
        return {name: value for name, value in whole.items() if value}

    @classmethod
    def from_json(cls, given: Any, where: str = "signals") -> Signals:
        """Of `to_json`; keys of tomorrow are left out. Raises `InvalidInput` with all that is wrong, as of `where`."""
        if not isinstance(given, Mapping):
            raise InvalidInput([Problem(where, given, 'must be an object such as {"count": 1, "seconds": 0.2}')])
        problems = [*_of_counts(given, where), *_of_sums(given, where), *_of_errors(given, where)]
        if problems:
            raise InvalidInput(problems)
        counts = {name: given.get(name, 0) for name in _COUNTS}
        sums = {name: float(given.get(name, 0.0)) for name in _SUMS}
        return cls(**counts, **sums, errors=_fewest(given.get("errors", {})))


def signal(*, latency: float | None = None, error: str | None = None) -> Signals:
    """One use: how long it took, in seconds, and the class of the error that it failed with, where it did.

    Raises `InvalidInput` for a latency that is negative or no number.
    """
    if latency is not None and not _is_seconds(latency):
        raise InvalidInput([Problem("latency", latency, "must be seconds, 0 or more")])
    errors = {} if error is None else {error[:CLASS_CHARS]: 1}
    seconds = latency or 0.0
    return Signals(count=1, timed=int(latency is not None), seconds=seconds, squares=seconds**2, errors=errors)


def together(many: Iterable[Signals]) -> Signals:
    """All of them, added."""
    return sum(many, start=Signals())


_COUNTS = ("count", "timed", "ended")
_SUMS = ("seconds", "squares")


def _fewest(errors: Mapping[str, int]) -> dict[str, int]:
    """The classes that are told apart, in the order of their names."""
    if len(errors) <= MOST_CLASSES:
        return dict(errors)
    first = sorted((name for name in errors if name != OTHERS), key=lambda name: (-errors[name], name))
    kept = first[: MOST_CLASSES - 1]
    rest = sum(errors.values()) - sum(errors[name] for name in kept)
    return {**{name: errors[name] for name in sorted(kept)}, OTHERS: rest}


def _of_counts(given: Mapping[str, Any], where: str) -> list[Problem]:
    found = [(name, given.get(name, 0)) for name in _COUNTS]
    rule = "must be a whole number, 0 or more"
    problems = [Problem(f"{where}.{name}", value, rule) for name, value in found if not _is_count(value)]
    if not problems and given.get("timed", 0) > given.get("count", 0):
        problems.append(Problem(f"{where}.timed", given["timed"], "must be at most count"))
    return problems


def _of_sums(given: Mapping[str, Any], where: str) -> list[Problem]:
    found = [(name, given.get(name, 0.0)) for name in _SUMS]
    return [Problem(f"{where}.{name}", v, "must be seconds, 0 or more") for name, v in found if not _is_seconds(v)]


def _of_errors(given: Mapping[str, Any], where: str) -> list[Problem]:
    errors = given.get("errors", {})
    if not isinstance(errors, Mapping):
        return [Problem(f"{where}.errors", errors, 'must be an object such as {"ThrottlingException": 1}')]
    wrong = {name: count for name, count in errors.items() if not _is_count(count)}
    return [Problem(f"{where}.errors.{name}", n, "must be a whole number, 0 or more") for name, n in wrong.items()]


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
