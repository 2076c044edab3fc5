"""When a failed task is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sosw.domain.task import MAX_DELAY

MAX_SNOOZES = 1_000
"""So often a task can be put off by its Workers."""
SNOOZED_TOO_LONG = "SnoozedTooLong"
"""The class of the failure that buries a task which is put off for too long."""
LONGEST_SNOOZED = timedelta(days=365)
"""After its creation, where the policy has no `max_age`: a task is put off until then at the latest."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Queue it again, due at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Bury it: `reason` is for people."""

    reason: str


class Growth(str, Enum):
    """How the delays of a policy grow with the tries."""

    EXPONENTIAL = "exponential"
    """base, 2 × base, 4 × base, …"""
    LINEAR = "linear"
    """base, 2 × base, 3 × base, …"""
    FIXED = "fixed"
    """base, base, base, …"""
    DELAYS = "delays"
    """Those of the list, one after the other; the last one again for all later tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, and after which delays.

    A delay is the policy's `ceiling` less a part left to chance, `spread`. With full jitter, spread 1, the delay after
    try n is uniform in [0, min(cap, base * 2 ** (n - 1))]: spread over the whole range, retries of many tasks that
    failed together do not come back together (Brooker, "Exponential Backoff And Jitter", AWS, 2015).
    """

    max_attempts: int = 3
    """≥ 1; counts the first try."""
    growth: Growth = Growth.EXPONENTIAL
    base: timedelta = timedelta(seconds=60)
    cap: timedelta = timedelta(hours=1)
    delays: tuple[timedelta, ...] = ()
    """Of `Growth.DELAYS`: at least one."""
    spread: float = 1.0
    """0 … 1 of each delay is left to chance: 0 keeps it as it is, 1 is full jitter."""
    max_age: timedelta | None = None
    """No retry begins later than this after the task was created. None: no such end."""
    errors: Mapping[str, RetryPolicy | None] = field(default_factory=dict)
    """Other policies for some classes of errors; None: no retry. The tries that count are those of all errors."""

    def ceiling(self, tries: int) -> timedelta:
        """The longest delay after try number `tries` (counted from 1)."""
        if self.growth is Growth.DELAYS:
            return min(self.delays[min(tries, len(self.delays)) - 1], self.cap)
        times = {
            Growth.EXPONENTIAL: 2.0 ** min(tries - 1, 62),  # as a float: a timedelta would overflow
            Growth.LINEAR: float(tries),
            Growth.FIXED: 1.0,
        }[self.growth]
        return timedelta(seconds=min(self.base.total_seconds() * times, self.cap.total_seconds()))

    @property
    def most_attempts(self) -> int:
        """So many tries it grants at most, whatever the errors."""
        return max([self.max_attempts, *(policy.max_attempts for policy in self.errors.values() if policy)])

    def decide(  # noqa: PLR0913  (all that a retry depends on)
        self,
        *,
        tries: int,
        is_retryable: bool,
        now: datetime,
        jitter: float,
        error: str = "",
        created_at: datetime | None = None,
        delay: timedelta | None = None,
        runs_on: timedelta = timedelta(),
    ) -> RetryAt | GiveUp:
        """`tries` counts from 1 and includes the one that just failed; `jitter` is uniform in [0, 1].

        `error` is the class of the error, `created_at` the moment from which the task's age counts. A `delay` that the
        attempt asks for, at most `MAX_DELAY`, takes the place of the policy's. The attempt `runs_on` for so long:
        no retry is due before.
        """
        policy = self.errors.get(error, self)
        if policy is None or not is_retryable:
            return GiveUp("it failed in a way that no retry can mend")
        if tries >= policy.max_attempts:
            return GiveUp(f"{tries} of {policy.max_attempts} attempts failed")
        wait = policy.ceiling(tries) * (1 - policy.spread + policy.spread * jitter)
        due = now + max(wait if delay is None else min(delay, MAX_DELAY), runs_on)
        if policy.max_age is not None and created_at is not None and due > created_at + policy.max_age:
            return GiveUp(f"its retry would begin more than {policy.max_age} after it was created")
        return RetryAt(due)

    def snooze(self, *, delay: timedelta, snoozes: int, now: datetime, created_at: datetime) -> RetryAt | GiveUp:
        """Whether a task that was put off `snoozes` times before may be put off again, by `delay`."""
        if snoozes >= MAX_SNOOZES:
            return GiveUp(f"it was put off {snoozes:,} times, and no task is more often")
        due = now + max(timedelta(), min(delay, MAX_DELAY))
        most = LONGEST_SNOOZED if self.max_age is None else self.max_age
        if due > created_at + most:
            return GiveUp(f"it would be put off until more than {most} after it was created")
        return RetryAt(due)
