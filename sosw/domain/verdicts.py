"""What the code of a Worker raises to say how its attempt is to end: subclass them as you like."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from sosw.domain.errors import SoswError, invalid
from sosw.domain.task import MAX_DELAY

_DEPTH = 20
"""So many errors are looked at: the one that was raised, and what it was raised from."""


class NonRetryable(SoswError):
    """No retry can mend it: the task is dead at once, whatever its labourer's policy says."""


class _Later(SoswError):
    delay = timedelta(minutes=1)
    """Of a subclass that calls no `__init__` of ours."""

    def __init__(self, delay: float | timedelta, message: str = "") -> None:
        """`delay` in seconds or as a timedelta, at most 7 days; one that is past already is none at all."""
        self.delay = bounded(delay)
        super().__init__(message)


class RetryAfter(_Later):
    """The attempt failed, and counts as any failure does; a retry that its policy grants is due after this delay."""


class Snooze(_Later):
    """Nothing failed, it is too early: the attempt is forgiven, and the task is due again after this delay."""


Verdict = NonRetryable | RetryAfter | Snooze


def verdict_of(error: BaseException) -> Verdict | None:
    """The first of these in `error` and what it was raised `from`; a group of one error is looked through."""
    found: BaseException | None = error
    for _ in range(_DEPTH):
        if found is None or isinstance(found, (NonRetryable, RetryAfter, Snooze)):
            return found
        found = _only_member(found) or found.__cause__
    return None


def _only_member(error: BaseException) -> BaseException | None:
    members: Any = getattr(error, "exceptions", None)  # of an ExceptionGroup, which Python 3.10 does not have
    is_one = isinstance(members, tuple) and len(members) == 1 and isinstance(members[0], BaseException)
    return members[0] if is_one else None


def bounded(delay: Any) -> timedelta:
    """From 0 to `MAX_DELAY`; raises `InvalidInput` for what is neither seconds nor a timedelta."""
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or math.isnan(seconds):
        raise invalid("delay", delay, "must be seconds, or a timedelta")
    return timedelta(seconds=float(max(0, min(seconds, MAX_DELAY.total_seconds()))))
