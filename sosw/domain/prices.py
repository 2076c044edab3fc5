"""List prices of AWS, from one file with its date: `prices.json`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sosw.domain import jsontext

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one region, as they were read once."""

    read_on: str
    """The month: `2026-11`."""
    region: str
    dollars: Mapping[str, float]
    """Of one unit of each thing that AWS bills."""

    def of(self, used: Mapping[str, float]) -> float:
        """The dollars for so many units of each thing."""
        return sum(self.dollars[what] * count for what, count in used.items())


@cache
def prices() -> Prices:
    """Those of the file."""
    read = jsontext.load(files("sosw.domain").joinpath("prices.json").read_text("utf-8"))
    return Prices(read["read_on"], read["region"], read["prices"])
