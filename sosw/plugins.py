"""Periods and chunkers that other packages bring, by the entry point groups `sosw.periods` and `sosw.chunkers`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import invalid
from sosw.domain.extensions import Extensions

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PERIODS, CHUNKERS = "sosw.periods", "sosw.chunkers"


@cache
def installed() -> Extensions:
    """What the packages of this environment bring: read once, at the first call.

    The name of a period's entry point is a regular expression; as names of entry points may not have `=` or begin with
    `[`, write such a pattern in a group: `([0-9]+)_weeks_back`. Raises `InvalidInput` for one that cannot be loaded.
    """
    return Extensions(periods=_loaded(PERIODS), chunkers=_loaded(CHUNKERS))


def _loaded(group: str) -> dict[str, Any]:
    from importlib.metadata import entry_points  # noqa: PLC0415  (a Worker never asks)

    return {point.name: _load(point) for point in sorted(entry_points(group=group), key=lambda point: point.name)}


def _load(point: EntryPoint) -> Any:
    try:
        found = point.load()
    except Exception as error:
        raise invalid(point.group, f"{point.name} = {point.value}", f"cannot be loaded: {error!r}") from error
    if not callable(found):
        raise invalid(point.group, f"{point.name} = {point.value}", "must be a function")
    return found
