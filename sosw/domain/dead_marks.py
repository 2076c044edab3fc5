"""Which deaths of a labourer were told: all before a moment, and of those since then, each by name.

A death may show late: the index lags, and the clock of who noted it may be behind. So what is newer than `WINDOW` is
looked at again, and what was told of it is remembered, by a short hash of the task and the moment of its death.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sosw.domain.moments import EPOCH, from_ms, to_ms
from sosw.domain.ranks import Place

WINDOW = timedelta(minutes=10)
"""So late a death may show, and is told all the same."""
REMEMBERED = 1_000
"""Deaths of a labourer that are remembered by name; where more fall into the window, the latest ones."""
_HASH_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far the deaths of a labourer were told."""

    floor: datetime = EPOCH
    """All that died before were told."""
    told: Mapping[str, int] = field(default_factory=dict)
    """Of those since then: the hash of each that was told, and when it died (ms since the epoch)."""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Mark:
        """Of what `to_json` gave."""
        floor = given.get("floor", 0)
        return cls(floor=from_ms(floor), told={name: floor + after for name, after in given.get("told", {}).items()})

    def to_json(self) -> dict[str, Any]:
        """Short: some 18 bytes for each that is remembered."""
        floor = to_ms(self.floor)
        return {"floor": floor, "told": {name: at - floor for name, at in self.told.items()}}

    def fresh(self, places: Iterable[Place]) -> list[Place]:
        """Those that were not told."""
        floor = to_ms(self.floor)
        return [place for place in places if place.rank >= floor and _name(place) not in self.told]

    def after(self, looked: Iterable[Place], now: datetime, *, is_whole: bool) -> Mark:
        """The mark once all of `looked` are told: they are those since the floor; all of them if `is_whole`.

        Where too many are to be remembered the floor rises; none that was not looked at falls below it.
        """
        told = {**self.told, **{_name(place): place.rank for place in looked}}
        last = max(told.values(), default=to_ms(self.floor))
        floor = max(to_ms(self.floor), to_ms(now - WINDOW))
        kept = sorted(told.values())[-REMEMBERED:]
        if len(kept) < len(told):
            floor = max(floor, kept[0] + 1)  # of its moment, some may be left out
        if not is_whole:
            floor = min(floor, last)
        return Mark(floor=from_ms(floor), told={name: at for name, at in told.items() if at >= floor})


def _name(place: Place) -> str:
    """A task that died, was replayed and dies anew has another one."""
    digest = hashlib.sha256(f"{place.task}@{place.rank}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_HASH_BYTES]).decode()
