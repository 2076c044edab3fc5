"""The base of the user's Lambdas: runs their code and reports how the attempt ended."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.attempt import Attempt
from sosw.deadline import MARGIN, Alarm, guard, margin
from sosw.domain.assignment import Assignment, assignment
from sosw.domain.errors import InvalidInput, invalid
from sosw.domain.jsontext import MAX_ANY_BYTES, MAX_STATS_BYTES, reportable, words
from sosw.domain.report import COMPLETE, FAIL, MESSAGE_CHARS, NOTE_CHARS, SNOOZE, as_progress, progress_problem
from sosw.domain.task import NOWHERE, Invocation
from sosw.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sosw.domain.report import Report
    from sosw.ports import Clock

log = logging.getLogger(__name__)


class LeaseTooShort(RuntimeError):
    """The attempt could run on after its lease ended, while another one is started: it must not begin."""


class Worker(Processor):
    """Write `__call__(self, event)` and return the result. Returning closes the task as done, raising as failed.

    The event is the payload, flat; `self.task` says which attempt of which task it is (None when it was not sosw that
    invoked the function: then nothing is reported). `self.stats` goes with the result, and so does
    `self.result` when nothing is returned, so that sosw 0.7's `super().__call__(event)` at the end works as it did.
    """

    task: Assignment | None = None
    _attempt = Attempt()
    _clock: Clock | None = None
    _partial: Any = None

    def run(
        self,
        event: Any,
        *,
        remaining: timedelta,
        clock: Clock,
        send: Callable[[Report], None],
        invocation: Invocation = NOWHERE,
        alarm: Alarm | None = None,
        wait: Callable[[timedelta], None] | None = None,
    ) -> Any:
        """One invocation, to which Lambda leaves the time `remaining`: begin, call the user's code, report.

        Without an `alarm` no guard watches it; without `wait`, which lets time pass, no report is repeated.
        """
        self._begin(event, remaining, clock)
        self._attempt = attempt = Attempt(self.task, send, invocation=invocation, wait=wait)
        try:
            with self._guarded(attempt, alarm, remaining):
                outcome = self._outcome(returned := self(event))
        except (Exception, SystemExit) as error:
            if not self._end_by(error):
                raise
            return None
        else:
            attempt.end(COMPLETE, **outcome)
            return returned
        finally:
            attempt.seal()

    def mark_task_as_completed(self, task_id: str | None = None) -> None:
        """Report the attempt as done now, with `self.result`; `task_id` is that of the running task, as in sosw 0.7."""
        del task_id
        self._attempt.end(COMPLETE, **self._outcome(None))

    def mark_task_as_failed(self, task_id: str | None = None, message: str = "") -> None:
        """Report the attempt as failed without raising; `task_id` is that of the running task, as in sosw 0.7."""
        del task_id
        self._attempt.end(FAIL, error="MarkedAsFailed", message=words(message)[:MESSAGE_CHARS], stats=self._counted())

    def heartbeat(self, *, progress: float | None = None, note: object = None) -> None:
        """Say that the attempt lives: its lease begins anew. One that cannot be sent is logged, and raises nothing.

        `progress` is how much of its work is done, from 0 to 1, and `note` a word to that, of which 200 characters are
        kept; what is not given stays as it was. Raises `InvalidInput` for a progress that is none.
        """
        self._attempt.beat(_said(progress, note))

    def partial(self, result: Any, *, progress: float | None = None, note: object = None) -> None:
        """A heartbeat with what came of the task so far, in place of what was sent before.

        It stays with the task when the attempt fails: the next one has it as `self.task.partial`. What the attempt
        returns takes its place; when it returns nothing, this is the result. Raises `InvalidInput` for None.
        """
        if result is None:
            raise invalid("result", result, "must be a result: None would leave the one that was sent before")
        self._partial = reportable(result)
        self._attempt.beat({"result": self._partial, **_said(progress, note)})

    def signal(self, resource: str, *, latency: float | timedelta | None = None, error: object = None) -> None:
        """Say how one use of a resource went: it took `latency` seconds, or failed with `error`, or both.

        An error is an exception, or its class: `"429"`, `"TimeoutError"`. Signals go with the report of the attempt,
        and with a heartbeat; they slow down what draws on a resource before it breaks. One that cannot be sent is
        logged and left out: this raises nothing. Threads may call it.
        """
        self._attempt.signal(resource, latency=latency, error=error)

    @contextmanager
    def using(self, resource: str) -> Iterator[None]:
        """Around one use of a resource: signals the time it took, or the class of the error that leaves the block."""
        start = self._clock.now() if self._clock else None
        try:
            yield
        except Exception as error:
            self.signal(resource, error=error)
            raise
        if self._clock and start:
            self.signal(resource, latency=max(timedelta(), self._clock.now() - start))

    def _begin(self, event: Any, remaining: timedelta, clock: Clock) -> None:
        self.reset_stats()
        self.task, self._partial, self._clock, self._attempt = None, None, clock, Attempt()
        task = assignment(event)
        if task is not None:
            ends = clock.now() + remaining if remaining else task.lease_until
            self.task = replace(task, left=lambda: ends - clock.now())

    def _check_lease(self, remaining: timedelta) -> None:
        now = self._clock.now() if self._clock else None
        if self.task and now and now + remaining > self.task.lease_until:
            left = max(timedelta(), self.task.lease_until - now)
            message = (
                f"the lease leaves {left.total_seconds():.0f} s,"
                f" the function may run {remaining.total_seconds():.0f} s:"
                " set the labourer's duration to the function's time-out or more, and its cooldown to the longest wait"
                " in Lambda's queue"
            )
            raise LeaseTooShort(message)

    @contextmanager
    def _guarded(self, attempt: Attempt, alarm: Alarm | None, remaining: timedelta) -> Iterator[None]:
        self._check_lease(remaining)
        before = margin(self.config.get("deadline_margin", MARGIN.total_seconds()))
        call_off = guard(attempt, alarm, before=before, stats=self._counted)
        try:
            yield
        finally:
            call_off()

    def _outcome(self, returned: Any) -> dict[str, Any]:
        """The result, or the last partial one where there is none, and the stats."""
        self.result = self.kept_result if returned is None else returned
        result, stats = reportable(self.result, MAX_ANY_BYTES), reportable(self.get_stats(), MAX_STATS_BYTES)
        return {"result": self._partial if result is None else result, "stats": stats or None}

    def _end_by(self, error: BaseException) -> bool:
        """Report what the code raised; whether that is all, and Lambda need not see it."""
        from sosw.domain.trace import trace_of  # noqa: PLC0415  (only what fails pays for it)
        from sosw.domain.verdicts import NonRetryable, RetryAfter, Snooze, verdict_of  # noqa: PLC0415  (as above)

        verdict = verdict_of(error)
        told = verdict or error
        message = words(told) or words(told.__cause__ or "")
        try:
            if isinstance(verdict, Snooze):
                note = message[:NOTE_CHARS] or None
                self._attempt.end(SNOOZE, delay=verdict.delay.total_seconds(), note=note, stats=self._counted())
                return True
            self._attempt.end(
                FAIL,
                error=type(told).__name__,
                message=message[:MESSAGE_CHARS],
                trace=trace_of(error),
                is_retryable=not isinstance(verdict, NonRetryable),
                delay=verdict.delay.total_seconds() if isinstance(verdict, RetryAfter) else None,
                stats=self._counted(),
            )
        except Exception:
            # The cause is what Lambda's log must end with; the end of the lease frees the slot.
            log.exception("report.failed", extra={"task_id": self.task.id if self.task else None})
        return False

    def _counted(self) -> Any:
        return reportable(dict(self.stats), MAX_STATS_BYTES) or None


def _said(progress: float | None, note: object) -> dict[str, Any]:
    problem = None if progress is None else progress_problem(progress)
    if problem:
        raise InvalidInput([problem])
    told = {"progress": None if progress is None else as_progress(progress)}
    return {**told, "note": None if note is None else words(note)[:NOTE_CHARS]}
