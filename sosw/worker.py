"""The base of the user's Lambdas: runs their code and reports how the attempt ended."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import Problem
from sosw.domain.jsontext import MAX_ANY_BYTES, MAX_STATS_BYTES, reportable, words
from sosw.domain.messages import COMPLETE, FAIL, HEARTBEAT, MESSAGE_CHARS, Assignment, Report, assignment
from sosw.notebook import Notebook
from sosw.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    _send: Callable[[Report], None] | None = None
    _is_reported = False
    _clock: Clock | None = None
    _notebook = Notebook()

    def run(self, event: Any, *, remaining: timedelta, clock: Clock, send: Callable[[Report], None]) -> Any:
        """One invocation: begin, call the user's code, report. `remaining` is the time that Lambda leaves it."""
        self._begin(event, send, clock)
        try:
            self._check_lease(remaining, clock)
            returned = self(event)
            self.result = self.kept_result if returned is None else returned
            result, stats = reportable(self.result, MAX_ANY_BYTES), reportable(self.get_stats(), MAX_STATS_BYTES)
        except (Exception, SystemExit) as error:
            self._fail(type(error).__name__, words(error))
            raise
        self._report(COMPLETE, result=result, stats=stats or None)
        return returned

    def mark_task_as_failed(self, task_id: str | None = None, message: str = "") -> None:
        """Report the attempt as failed without raising; `task_id` is that of the running task, as in sosw 0.7."""
        del task_id
        self._fail("MarkedAsFailed", words(message))

    def heartbeat(self) -> None:
        """Say that the attempt lives: its lease begins anew."""
        if self.task and self._send and not self._is_reported:
            self._say(self._send, HEARTBEAT)

    def signal(self, resource: str, *, latency: float | timedelta | None = None, error: object = None) -> None:
        """Say how one use of a resource went: it took `latency` seconds, or failed with `error`, or both.

        An error is an exception, or its class: `"429"`, `"TimeoutError"`. Signals go with the report of the attempt,
        and with a heartbeat; they slow down what draws on a resource before it breaks. One that cannot be sent is
        logged and left out: this raises nothing. Threads may call it.
        """
        if self.task is None:
            return
        if self._is_reported:
            self._notebook.drop(Problem("signal", resource, "came after the report of its attempt"))
        else:
            self._notebook.note(resource, latency=latency, error=error)

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

    def _begin(self, event: Any, send: Callable[[Report], None], clock: Clock) -> None:
        self.reset_stats()
        self._clock, self._notebook = clock, Notebook()
        self.task, self._send, self._is_reported = assignment(event), send, False

    def _check_lease(self, remaining: timedelta, clock: Clock) -> None:
        if self.task and clock.now() + remaining > self.task.lease_until:
            left = max(timedelta(), self.task.lease_until - clock.now())
            message = (
                f"the lease leaves {left.total_seconds():.0f} s,"
                f" the function may run {remaining.total_seconds():.0f} s:"
                " set the labourer's duration to the function's time-out or more, and its cooldown to the longest wait"
                " in Lambda's queue"
            )
            raise LeaseTooShort(message)

    def _fail(self, error: str, message: str) -> None:
        self._report(
            FAIL,
            error=error,
            message=message[:MESSAGE_CHARS],
            stats=reportable(dict(self.stats), MAX_STATS_BYTES) or None,
        )

    def _report(self, action: str, **said: Any) -> None:
        if self.task and self._send and not self._is_reported:
            self._is_reported = True
            self._say(self._send, action, **said)

    def _say(self, send: Callable[[Report], None], action: str, **said: Any) -> None:
        """Send a report, with the signals that no report has taken along yet."""
        task, taken = self.task, self._notebook.take(is_last=action != HEARTBEAT)
        assert task is not None  # noqa: S101  (both callers have looked)
        signals = {resource: signals.to_json() for resource, signals in taken.items()} or None
        who: dict[str, Any] = {"task_id": task.id, "attempt": task.attempt, "labourer": task.labourer}
        try:
            send(Report(action=action, signals=signals, **who, **said))
        except Exception:
            self._notebook.put_back(taken)
            raise
