"""Speaks up for an attempt shortly before Lambda ends it: a time-out is then a failure like any other, known at once.

The code may be blocked where no exception reaches it, so a thread of its own waits for the moment. The report says
where the code was then. The code goes on, until it ends or Lambda ends it: no retry begins before (`Report.runs_on`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from threading import Timer, get_ident
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import invalid
from sosw.domain.report import FAIL

if TYPE_CHECKING:
    from sosw.attempt import Attempt

CallOff = Callable[[], None]
Alarm = Callable[[timedelta, Callable[[], None]], CallOff]
"""`alarm(after, call)` calls `call` from a thread of its own when that time has passed, unless it is called off."""

MARGIN = timedelta(seconds=3)
"""So long before the time-out it speaks up, by default: to load botocore and report takes some 2 s at 128 MB."""
MOST_SECONDS = 60
SHARE = 4
"""At most this part of the function's time is the margin: of a time-out of 4 s, one second."""
DEADLINE_EXCEEDED = "DeadlineExceeded"


def margin(given: Any) -> timedelta:
    """Of the setting `deadline_margin`: seconds from 0 (no guard) to 60. Raises `InvalidInput`."""
    is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not (is_number and 0 <= given <= MOST_SECONDS):
        raise invalid("deadline_margin", given, f"must be seconds from 0 to {MOST_SECONDS}")
    return timedelta(seconds=given)


def guard(attempt: Attempt, alarm: Alarm | None, *, before: timedelta, stats: Callable[[], Any]) -> CallOff:
    """Watch over the attempt of this thread, whose time is `remaining` of its task; without an alarm nobody does."""
    task = attempt.task
    if task is None or alarm is None or not before or not task.remaining:
        return _nothing
    code, time_out = get_ident(), task.remaining
    early = min(before, time_out / SHARE)

    def speak_up() -> None:
        from sosw.domain.trace import trace_of_frame  # noqa: PLC0415  (only what fails pays for it)

        left = task.remaining
        attempt.give_up(
            FAIL,
            error=DEADLINE_EXCEEDED,
            message=_too_long(left, time_out),
            trace=trace_of_frame(sys._current_frames().get(code)),  # noqa: SLF001  (the one way to another thread's)
            stats=stats(),
            runs_on=left.total_seconds(),
        )

    return alarm(time_out - early, speak_up)


def _too_long(left: timedelta, time_out: timedelta) -> str:
    return (
        f"still at work {left.total_seconds():.1f} s before the end of its {time_out.total_seconds():,.0f} s:"
        " cut the task smaller, or raise the function's time-out, and the labourer's duration with it"
    )


def remaining(context: Any) -> timedelta:
    """The time that Lambda leaves the invocation; none where there is no Lambda."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return timedelta(milliseconds=left()) if left else timedelta()


def daemon_alarm(after: timedelta, call: Callable[[], None]) -> CallOff:
    """By a thread that keeps no process from its end."""
    timer = Timer(after.total_seconds(), call)
    timer.daemon = True
    timer.start()
    return timer.cancel


def _nothing() -> None:
    """There is nothing to call off."""
