"""What the fast loop remembers: the window that is open, the latency that is usual, and the last cut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sosw.domain.moments import to_ms
from sosw.domain.signals import Signals

SOON, LATE = timedelta(seconds=1), timedelta(seconds=5)
"""A window is at least so long, with enough in it; and at most so long, with anything in it."""
ENOUGH = 20
"""Uses that a short window needs, where no error hurries it."""
UP, DOWN, LEAK = 60.0, 20.0, 300.0
"""Seconds in which what is usual comes near to what is: upwards, downwards, and while it is too high to be well."""
UP_BLIND = 600.0
"""Upwards while no metric says that all is well: then latency alone knows it, and must not get used to more."""
_PREFIX = "pulse."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Numbers alone: it is kept in the memory of a budget."""

    opened: float
    """When the window began: milliseconds since the epoch."""
    count: float = 0.0
    timed: float = 0.0
    seconds: float = 0.0
    bad: float = 0.0
    """Uses in the window; those of known latency; the sum of that; those that failed by overload."""
    usual: float = 0.0
    """The latency that is usual, in seconds. 0: not known yet."""
    learnt_at: float = 0.0
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
        """With more in the window, `bad` of them failed by overload."""
        timed, seconds = self.timed + signals.timed, self.seconds + signals.seconds
        return replace(
            self,
            count=self.count + signals.count,
            timed=timed,
            seconds=seconds,
            bad=self.bad + bad,
            ended=self.ended + signals.ended,
            latency=seconds / timed if timed else self.latency,
        )

    def is_ripe(self, now: datetime) -> bool:
        """Whether the window may be judged."""
        age = timedelta(milliseconds=to_ms(now) - self.opened)
        return age >= LATE or (age >= SOON and (self.count >= ENOUGH or self.bad > 0))

    @property
    def heat(self) -> float:
        """The latency of the window, in units of the usual; 1 when one of them is not known."""
        return self.latency / self.usual if self.timed and self.usual else 1.0

    def learnt(self, now: datetime, *, is_hot: bool, is_blind: bool) -> Pulse:
        """With the window's latency in what is usual: `1 - exp(-age / time)` of the way, by how long ago it was told."""
        if not self.timed or self.latency <= 0:
            return self
        ms = float(to_ms(now))
        if not self.usual:
            return replace(self, usual=self.latency, learnt_at=ms)
        up = LEAK if is_hot else UP_BLIND if is_blind else UP
        time = DOWN if self.latency < self.usual else up
        way = 1 - math.exp(-min(ms - self.learnt_at, LATE / timedelta(milliseconds=1)) / 1000 / time)
        return replace(self, usual=self.usual + (self.latency - self.usual) * max(0.0, way), learnt_at=ms)

    def opened_anew(self, now: datetime) -> Pulse:
        """With an empty window."""
        return replace(self, opened=float(to_ms(now)), count=0.0, timed=0.0, seconds=0.0, bad=0.0)

    def after_cut(self, limit: float, lower: float) -> Pulse:
        """From where the cut must show."""
        return replace(self, excess=float(int(limit) - int(lower)), ended=0.0, crest=limit)
