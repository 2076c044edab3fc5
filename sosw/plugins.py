"""What other packages bring, by the entry point groups `sosw.periods`, `sosw.chunkers` and `sosw.health`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, invalid
from sosw.domain.extensions import Extensions, HealthFunction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from importlib.metadata import EntryPoint

PERIODS, CHUNKERS, HEALTH = "sosw.periods", "sosw.chunkers", "sosw.health"


@cache
def installed() -> Extensions:
    """What the packages of this environment bring: read once, at the first call.

    The name of a period's entry point is a regular expression; as names of entry points may not have `=` or begin with
    `[`, write such a pattern in a group: `([0-9]+)_weeks_back`. Raises `InvalidInput` for one that cannot be loaded.
    """
    return Extensions(periods=_loaded(PERIODS), chunkers=_loaded(CHUNKERS))


@cache
def health_functions() -> Mapping[str, HealthFunction]:
    """Sources of health by their names. One that cannot be loaded raises `InvalidInput` when it is called."""
    return {point.name: _function(point) for point in _points(HEALTH)}


def _function(point: EntryPoint) -> HealthFunction:
    try:
        function: HealthFunction = _load(point)
    except InvalidInput as error:
        return _raising(error)
    return function


def _raising(error: InvalidInput) -> HealthFunction:
    def function(_details: Mapping[str, Any], _now: datetime) -> float | None:
        raise error

    return function


def _loaded(group: str) -> dict[str, Any]:
    return {point.name: _load(point) for point in _points(group)}


def _points(group: str) -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # noqa: PLC0415  (a Worker never asks)

    return sorted(entry_points(group=group), key=lambda point: point.name)


def _load(point: EntryPoint) -> Any:
    try:
        found = point.load()
    except Exception as error:
        raise invalid(point.group, f"{point.name} = {point.value}", f"cannot be loaded: {error!r}") from error
    if not callable(found):
        raise invalid(point.group, f"{point.name} = {point.value}", "must be a function")
    return found
