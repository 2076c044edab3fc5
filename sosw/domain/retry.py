"""When a failed task is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Queue it again, due at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Bury it: `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter.

    The delay after try n is uniform in [0, min(cap, base * 2 ** (n - 1))]: spread over the whole range, retries of many
    tasks that failed together do not come back together (Brooker, "Exponential Backoff And Jitter", AWS, 2015).
    """

    max_attempts: int = 3
    """≥ 1; counts the first try."""
    base: timedelta = timedelta(seconds=60)
    cap: timedelta = timedelta(hours=1)

    def ceiling(self, tries: int) -> timedelta:
        """The longest delay after try number `tries` (counted from 1)."""
        seconds = self.base.total_seconds() * 2.0 ** min(tries - 1, 62)  # as a float: a timedelta would overflow
        return timedelta(seconds=min(seconds, self.cap.total_seconds()))

    def decide(self, *, tries: int, is_retryable: bool, now: datetime, jitter: float) -> RetryAt | GiveUp:
        """`tries` counts from 1 and includes the one that just failed; `jitter` is uniform in [0, 1]."""
        if not is_retryable:
            return GiveUp("it failed in a way that no retry can mend")
        if tries >= self.max_attempts:
            return GiveUp(f"{tries} of {self.max_attempts} attempts failed")
        return RetryAt(now + self.ceiling(tries) * jitter)
