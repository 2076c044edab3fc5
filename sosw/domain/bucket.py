"""A token bucket: a rate as a number of tokens that grows with time, up to a burst, and falls with every start.

In any span of time at most `burst + per_second × span` tokens are taken, whoever takes them, for each take is written
under the version of the bucket that it saw. Tokens are counted in whole millionths, always rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sosw.domain.moments import from_ms, to_ms

if TYPE_CHECKING:
    from sosw.domain.resources import Rate

TOKEN = 1_000_000
"""Parts of a token."""
FOREVER = timedelta(days=3_650)
"""No moment is told that lies further ahead: a rate may be as low as one likes."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many `parts` of tokens lay in it `at` that moment."""

    parts: int
    at: datetime

    @classmethod
    def full(cls, rate: Rate, now: datetime) -> Bucket:
        """As it is before the first token is taken."""
        return cls(rate.burst * TOKEN, from_ms(to_ms(now)))

    @property
    def tokens(self) -> int:
        """Whole ones."""
        return self.parts // TOKEN

    def refilled(self, rate: Rate, now: datetime) -> Bucket:
        """As of `now`. Where a clock is behind the one that wrote the bucket, nothing is added and nothing is lost."""
        elapsed = max(0, to_ms(now) - to_ms(self.at))
        gained = int(_parts_per_ms(rate) * elapsed)
        return Bucket(min(rate.burst * TOKEN, self.parts + gained), self.at + timedelta(milliseconds=elapsed))

    def taken(self, count: int) -> Bucket:
        """Without `count` of its whole tokens."""
        return replace(self, parts=self.parts - count * TOKEN)

    def next_at(self, rate: Rate, count: int = 1) -> datetime:
        """When `count` tokens, at most a burst, will lie in it, unless others take them."""
        missing = max(0, min(count, rate.burst) * TOKEN - self.parts)
        wait = -(-missing // _parts_per_ms(rate))
        return self.at + timedelta(milliseconds=min(wait, FOREVER // timedelta(milliseconds=1)))

    def to_json(self) -> dict[str, Any]:
        """As it is kept in a record."""
        return {"parts": self.parts, "at": to_ms(self.at)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Bucket:
        """Of `to_json`."""
        return cls(given["parts"], from_ms(given["at"]))


def refill_pause(rate: Rate) -> int:
    """Tokens that are worth being woken for: those of a second, or half of a burst that fills up sooner."""
    return max(1, min(int(rate.per_second), rate.burst // 2))


def _parts_per_ms(rate: Rate) -> Fraction:
    return Fraction(rate.per_second) * TOKEN / 1_000
