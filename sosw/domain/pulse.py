"""What the fast loop remembers: the window that is open, the latency that is usual, and the last cut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sosw.domain.moments import to_ms
from sosw.domain.signals import Signals

SOON, LATE = timedelta(seconds=1), timedelta(seconds=15)
"""A window is at least so long, with enough in it; and at most so long, with anything in it."""
ENOUGH, FEW = 100, 10
"""Uses that end a window; those that do, when they leave no doubt."""
KNOWN = 50
"""Uses after which the usual latency is known."""
TOLERANCE, UNSURE_TOLERANCE = 1.15, 2.0
"""So many times the usual latency is borne; and while no reading has confirmed what is usual."""
DOUBT = 3.0
"""Standard errors of a window's mean that are borne on top."""
COOL, COOL_DOUBT = 1.1, 2.0
"""Likewise below the usual: what is cooler has room for more."""
UP, DOWN, LEAK = 600.0, 20.0, 300.0
"""Seconds in which what is usual comes near to what is, where no reading tells it: upwards, downwards, and upwards
while it is too high to be well."""
_PREFIX = "pulse."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Numbers alone: it is kept in the memory of a budget."""

    opened: float
    """When the window began: milliseconds since the epoch."""
    count: float = 0.0
    timed: float = 0.0
    seconds: float = 0.0
    squares: float = 0.0
    bad: float = 0.0
    """Uses in the window; those of known latency; the sums of that and of its squares; those refused by overload."""
    usual: float = 0.0
    """The latency that is usual, in seconds. 0: not known yet."""
    learnt_at: float = 0.0
    learnt: float = 0.0
    """Uses that it was learnt from, up to `KNOWN`."""
    confirmed: float = 0.0
    """1 when a reading within the band has confirmed it."""
    latency: float = 0.0
    """Of the last window that had one."""
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
        known = {key: value for key, value in own.items() if key in cls.__dataclass_fields__}
        return cls(**({"opened": float(to_ms(now))} | known))

    def kept(self) -> dict[str, float]:
        """To be remembered."""
        return {_PREFIX + key: value for key, value in asdict(self).items()}

    def with_signals(self, signals: Signals, bad: int) -> Pulse:
        """With more in the window, `bad` of them refused by overload."""
        timed, seconds = self.timed + signals.timed, self.seconds + signals.seconds
        return replace(
            self,
            count=self.count + signals.count,
            timed=timed,
            seconds=seconds,
            squares=self.squares + (signals.squares or 2 * signals.seconds**2 / max(1, signals.timed)),
            bad=self.bad + bad,
            ended=self.ended + signals.ended,
            latency=seconds / timed if timed else self.latency,
        )

    def is_ripe(self, now: datetime) -> bool:
        """Whether the window may be judged."""
        age = timedelta(milliseconds=to_ms(now) - self.opened)
        is_plain = self.timed >= FEW and self.heat > self.borne
        return age >= LATE or (age >= SOON and (self.count >= ENOUGH or self.bad > 0 or is_plain))

    @property
    def heat(self) -> float:
        """The latency of the window, in units of the usual; 1 when one of them is not known."""
        return self.latency / self.usual if self.timed and self.usual and self.learnt >= KNOWN else 1.0

    @property
    def error(self) -> float:
        """The standard error of the heat. At least as if latencies were spread as in a queue, while few tell it."""
        if not self.timed or not self.latency:
            return 1.0
        spread = max(0.0, self.squares / self.timed / self.latency**2 - 1)
        return self.heat * math.sqrt(max(spread, 1 / self.timed) / self.timed)

    @property
    def borne(self) -> float:
        """The heat above which a window is too hot."""
        return (TOLERANCE if self.confirmed else UNSURE_TOLERANCE) + DOUBT * self.error

    @property
    def is_hot(self) -> bool:
        """Too hot."""
        return self.heat > self.borne

    @property
    def is_cool(self) -> bool:
        """So much faster than usual that there is room for more, for certain."""
        return bool(self.confirmed) and self.heat < 1 / COOL - COOL_DOUBT * self.error

    def having_learnt(self, now: datetime, *, is_hot: bool, is_blind: bool) -> Pulse:
        """With the window's latency in what is usual, as far as no reading tells that better.

        The mean at first, then `1 - exp(-age / time)` of the way.
        """
        if not self.timed or self.latency <= 0:
            return self
        ms, known = float(to_ms(now)), self.learnt + self.timed
        is_up = self.latency > self.usual
        time = (LEAK if is_hot else UP) if is_up else DOWN
        way = 1 - math.exp(-min(max(0.0, ms - self.learnt_at) / 1000, LATE.total_seconds()) / time)
        way = way if is_blind or (is_hot and is_up) else 0.0
        way = max(way, self.timed / known) if self.learnt < KNOWN else way
        usual = self.usual + (self.latency - self.usual) * way
        return replace(self, usual=usual, learnt_at=ms, learnt=min(known, KNOWN))

    def opened_anew(self, now: datetime) -> Pulse:
        """With an empty window."""
        return replace(self, opened=float(to_ms(now)), count=0.0, timed=0.0, seconds=0.0, squares=0.0, bad=0.0)

    def after_cut(self, limit: float, lower: float) -> Pulse:
        """From where the cut must show."""
        return replace(self, excess=float(int(limit) - int(lower)), ended=0.0, crest=limit)
