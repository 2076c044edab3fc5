"""What the fast loop remembers: latencies of the last seconds, the latency that is usual, and the last cut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sosw.domain.moments import to_ms
from sosw.domain.signals import Signals

SHORT, LONG = 3.0, 16.0
"""Seconds in which the short and the long memory of uses forget: one is quick, the other is sure."""
LEAST_LATENCY = 1e-6
"""Seconds: what is faster is not compared."""
KNOWN = 50
"""Uses after which the usual latency is known."""
TOLERANCE, UNSURE_TOLERANCE = 1.15, 1.5
"""So many times the usual latency is borne; and while no reading has confirmed what is usual."""
DOUBT = 2.5
"""Standard errors of a mean that are borne on top."""
COOL, COOL_DOUBT = 1.1, 2.0
"""Likewise below the usual: what is cooler has room for more."""
UP, DOWN, LEAK = 1800.0, 20.0, 300.0
"""Seconds in which what is usual comes near to what is, where no reading tells it: upwards, downwards, and upwards
while it is too high to be well."""
_PREFIX = "pulse."


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Uses of late, the later the more they count: `exp(-age / seconds to forget)`."""

    count: float = 0.0
    timed: float = 0.0
    seconds: float = 0.0
    squares: float = 0.0
    bad: float = 0.0
    """Uses; those of known latency; the sums of that and of its squares; those refused by overload."""

    def later(self, fades: float, signals: Signals, bad: int) -> Uses:
        """With more, after what was has faded to `fades` of it. Without squares, spread as in a queue is assumed."""
        squares = signals.squares or 2 * signals.seconds**2 / max(1, signals.timed)
        return Uses(
            count=self.count * fades + signals.count,
            timed=self.timed * fades + signals.timed,
            seconds=self.seconds * fades + signals.seconds,
            squares=self.squares * fades + squares,
            bad=self.bad * fades + bad,
        )

    @property
    def latency(self) -> float:
        """The mean, in seconds; 0 where none is known."""
        return self.seconds / self.timed if self.timed else 0.0

    def heat(self, usual: float) -> float:
        """The mean, in units of what is usual; 1 when one of them is not known."""
        return self.latency / usual if self.timed and usual >= LEAST_LATENCY else 1.0

    def error(self, usual: float) -> float:
        """The standard error of the heat; while few tell it, more than their spread says."""
        if self.latency < LEAST_LATENCY:
            return 1.0
        spread = max(0.0, self.squares / self.timed / self.latency**2 - 1)
        return self.heat(usual) * math.sqrt(max(spread, 1 / self.timed) / self.timed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Numbers alone: it is kept in the memory of a budget."""

    short: Uses = field(default_factory=Uses)
    long: Uses = field(default_factory=Uses)
    at: float
    """When it was last told something: milliseconds since the epoch."""
    last: float = 0.0
    """The mean latency, in seconds, when one was last told; 0 before. It outlasts changes of the budget."""
    last_at: float = 0.0
    usual: float = 0.0
    """The latency that is usual, in seconds. 0: not known yet."""
    learnt: float = 0.0
    """Uses that it was learnt from, up to `KNOWN`."""
    confirmed: float = 0.0
    """1 when a reading within the band has confirmed it."""
    excess: float = 0.0
    """By so much the last cut lowered the budget."""
    ended: float = 0.0
    """Attempts that have ended since."""
    crest: float = 0.0
    """The budget before the last cut. 0: never cut."""

    @classmethod
    def of(cls, memory: Mapping[str, float], now: datetime) -> Pulse:
        """As `kept` has kept it; new at `now`, if there is none."""
        own = {key[len(_PREFIX) :]: value for key, value in memory.items() if key.startswith(_PREFIX)}
        memories = (Uses(**{key: own.get(f"{name}.{key}", 0.0) for key in _SUMS}) for name in ("short", "long"))
        known = {key: value for key, value in own.items() if key in cls.__dataclass_fields__}
        numbers: dict[str, Any] = {"at": float(to_ms(now))} | known
        return cls(**numbers, short=next(memories), long=next(memories))

    def kept(self) -> dict[str, float]:
        """To be remembered."""
        memories = {"short": self.short, "long": self.long}
        flat = {f"{name}.{key}": getattr(uses, key) for name, uses in memories.items() for key in _SUMS}
        flat |= {name: getattr(self, name) for name in _NUMBERS}
        return {_PREFIX + name: round(each, 9) for name, each in flat.items()}

    def with_signals(self, signals: Signals, bad: int, now: datetime) -> Pulse:
        """Later, with more told, `bad` of it refused by overload."""
        at = max(self.at, float(to_ms(now)))
        age = (at - self.at) / 1000
        long = self.long.later(math.exp(-age / LONG), signals, bad)
        told = replace(self, last=long.latency, last_at=at) if signals.timed else self
        return replace(
            told,
            short=self.short.later(math.exp(-age / SHORT), signals, bad),
            long=long,
            at=at,
            ended=self.ended + signals.ended,
        )

    @property
    def is_known(self) -> bool:
        """Whether there is a usual latency to compare with."""
        return self.usual >= LEAST_LATENCY and self.learnt >= KNOWN

    @property
    def heat(self) -> float:
        """How slow calls are, in units of the usual: of the memory that is hot, else of the sure one; 1 if unknown."""
        if not self.is_known:
            return 1.0
        return (self.short if self._is_hot(self.short) else self.long).heat(self.usual)

    @property
    def latency(self) -> float:
        """That of the same memory, in seconds."""
        return (self.short if self._is_hot(self.short) else self.long).latency

    @property
    def is_hot(self) -> bool:
        """Too slow, for certain."""
        return self._is_hot(self.short) or self._is_hot(self.long)

    def _is_hot(self, uses: Uses) -> bool:
        borne = TOLERANCE if self.confirmed else UNSURE_TOLERANCE
        return self.is_known and uses.heat(self.usual) > borne + DOUBT * uses.error(self.usual)

    @property
    def is_cool(self) -> bool:
        """So much faster than usual that there is room for more, for certain."""
        cool = 1 / COOL - COOL_DOUBT * self.long.error(self.usual)
        return bool(self.confirmed) and self.is_known and self.long.heat(self.usual) < cool

    def having_learnt(self, signals: Signals, seconds: float, *, is_hot: bool, is_alone: bool) -> Pulse:
        """With latencies told `seconds` after the last in what is usual, as far as no reading tells that better.

        `is_alone`: none ever will. The mean at first, then `1 - exp(-seconds / time)` of the way.
        """
        told = signals.latency
        if told is None:
            return self
        known, is_up = self.learnt + signals.timed, told > self.usual
        time = (LEAK if is_hot else UP) if is_up else DOWN
        way = 1 - math.exp(-min(max(0.0, seconds), LONG) / time) if is_alone or (is_hot and is_up) else 0.0
        way = max(way, signals.timed / known) if self.learnt < KNOWN else way
        return replace(self, usual=self.usual + (told - self.usual) * way, learnt=min(known, float(KNOWN)))

    def changed(self) -> Pulse:
        """After a change of the budget: what was told before it says nothing of it."""
        return replace(self, short=Uses(), long=Uses())

    def after_cut(self, limit: float, lower: float) -> Pulse:
        """From where the cut must show."""
        return replace(self.changed(), excess=float(int(limit) - int(lower)), ended=0.0, crest=limit)


_SUMS = tuple(Uses.__dataclass_fields__)
_NUMBERS = tuple(name for name in Pulse.__dataclass_fields__ if name not in {"short", "long"})
