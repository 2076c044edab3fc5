"""The base of the user's Lambdas: runs their code and reports how the attempt ended."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.jsontext import MAX_STATS_BYTES, reportable, words
from sosw.domain.messages import COMPLETE, FAIL, HEARTBEAT, MESSAGE_CHARS, Assignment, Report, assignment
from sosw.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def run(self, event: Any, *, remaining: timedelta, clock: Clock, send: Callable[[Report], None]) -> Any:
        """One invocation: begin, call the user's code, report. `remaining` is the time that Lambda leaves it."""
        self._begin(event, send)
        try:
            self._check_lease(remaining, clock)
            returned = self(event)
            self.result = self.kept_result if returned is None else returned
            result, stats = reportable(self.result), reportable(self.get_stats(), MAX_STATS_BYTES)
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
            self._send(self._answer(HEARTBEAT))

    def _begin(self, event: Any, send: Callable[[Report], None]) -> None:
        self.reset_stats()
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
            self._send(self._answer(action, **said))

    def _answer(self, action: str, **said: Any) -> Report:
        task = self.task
        assert task is not None  # noqa: S101  (both callers have looked)
        return Report(action=action, task_id=task.id, attempt=task.attempt, labourer=task.labourer, **said)
