"""Delay statistics of flights: values in, values out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LATE_AFTER = 15
"""Minutes: an arrival counts as late when it is later than this."""
_MISSING = "NA"


@dataclass(frozen=True, kw_only=True)
class Flight:
    """One scheduled flight, as far as its delays matter. Delays are minutes; negative is early."""

    name: str
    """Carrier and number, e.g. `UA1545`."""
    dest: str
    dep_delay: int | None
    """None: it was cancelled."""
    arr_delay: int | None
    """None: cancelled, or it landed elsewhere."""

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Flight:
        """From a line of the data set. Raises ValueError for a delay that is neither whole minutes nor `NA`."""
        name = f"{row['carrier']}{row['flight']}"
        return cls(
            name=name,
            dest=row["dest"],
            dep_delay=_minutes(row["dep_delay"], f"flight {name} to {row['dest']}: dep_delay"),
            arr_delay=_minutes(row["arr_delay"], f"flight {name} to {row['dest']}: arr_delay"),
        )


@dataclass(frozen=True, kw_only=True)
class Delays:
    """How late something was, in minutes. All None when nothing was measured."""

    mean: float | None
    """Rounded to a tenth."""
    median: float | None
    p90: int | None
    """The smallest measured delay that at least 90 % of the delays do not exceed (nearest rank)."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The delays of a set of flights: of one origin, carrier and day, in this example."""

    flights: int
    """Scheduled, cancelled ones included."""
    cancelled: int
    arrived: int
    """At their destination: neither cancelled nor landed elsewhere."""
    departure: Delays
    arrival: Delays
    late_share: float | None
    """Share of the arrived flights that were more than `LATE_AFTER` minutes late, 0 to 1, to three places."""
    worst: Flight | None
    """The latest arrival; among equals the first. None when nothing arrived."""

    def as_dict(self) -> dict[str, Any]:
        """As plain dictionaries and numbers."""
        return asdict(self)


def summarise(flights: Iterable[Flight]) -> Summary:
    """No flights are a valid day: zero of them, and no delays."""
    all_flights = list(flights)
    departed = [f.dep_delay for f in all_flights if f.dep_delay is not None]
    arrived = [f.arr_delay for f in all_flights if f.arr_delay is not None]
    late = sum(delay > LATE_AFTER for delay in arrived)
    return Summary(
        flights=len(all_flights),
        cancelled=len(all_flights) - len(departed),
        arrived=len(arrived),
        departure=_delays(departed),
        arrival=_delays(arrived),
        late_share=round(late / len(arrived), 3) if arrived else None,
        worst=_worst(all_flights),
    )


def _delays(minutes: Sequence[int]) -> Delays:
    if not minutes:
        return Delays(mean=None, median=None, p90=None)
    rank = math.ceil(len(minutes) * 9 / 10)
    return Delays(
        mean=round(statistics.fmean(minutes), 1),
        median=float(statistics.median(minutes)),
        p90=sorted(minutes)[rank - 1],
    )


def _worst(flights: Sequence[Flight]) -> Flight | None:
    arrived = ((f.arr_delay, f) for f in flights if f.arr_delay is not None)
    return max(arrived, key=lambda pair: pair[0], default=(0, None))[1]


def _minutes(text: str, what: str) -> int | None:
    if text == _MISSING:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{what} {text!r} is neither whole minutes nor {_MISSING}") from None
