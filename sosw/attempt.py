"""What one attempt tells the WorkerAssistant: heartbeats while it runs, and how it ended.

It may be told by two threads: the one of the user's code, and the guard that speaks up shortly before Lambda's time-out
(`sosw.deadline`). Whoever ends it first has ended it, with one exception: when the guard has given it up and the code
comes to its end in time all the same, that success is told too, for the WorkerAssistant takes it until a retry begins.

What survives what:

- The end of an attempt is told again, after pauses, as long as the function has time: the WorkerAssistant may be
  throttled, or its answer lost. A report that arrives twice changes nothing the second time.
- A heartbeat that cannot be sent is logged, and left out: the next one may arrive, and the code goes on.
- A report that is refused for good (no such function, no right to invoke it) raises at once.
- When nothing helps, the lease ends, and the Scavenger retries the task.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvokeRefused, InvokeUncertain, Problem
from sosw.domain.report import COMPLETE, HEARTBEAT, Report
from sosw.domain.task import NOWHERE, Invocation
from sosw.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.domain.assignment import Assignment
    from sosw.domain.signals import Signals

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=16)


class Attempt:
    """One attempt, or an invocation that is none of sosw's (`task` is None): then nothing is told."""

    def __init__(
        self,
        task: Assignment | None = None,
        send: Callable[[Report], None] | None = None,
        *,
        invocation: Invocation = NOWHERE,
        wait: Callable[[timedelta], None] | None = None,
    ) -> None:
        """`wait(t)` lets the time t pass; without it, nothing is told again."""
        self.task, self._send, self._invocation, self._wait = task, send, invocation, wait
        self.notebook = Notebook()
        self._turn, self._speaking = Lock(), Lock()
        self._is_over = self._is_given_up = False

    @property
    def is_over(self) -> bool:
        """Whether its end was told, or is being told."""
        return self._is_over or self._is_given_up

    def signal(self, resource: str, *, latency: Any = None, error: object = None) -> None:
        """See `Worker.signal`."""
        if self.task is None:
            return
        if self.is_over:
            self.notebook.drop(Problem("signal", resource, "came after the report of its attempt"))
        else:
            self.notebook.note(resource, latency=latency, error=error)

    def beat(self, said: Mapping[str, Any]) -> None:
        """Tell that it lives. Raises nothing that an invocation can."""
        if self.task is None or self.is_over:
            return
        taken = self.notebook.take(is_last=False)
        try:
            self._tell(HEARTBEAT, taken, said)
        except (InvokeRefused, InvokeUncertain) as error:
            self.notebook.put_back(taken)
            log.warning("heartbeat.failed", extra={"task_id": self.task.id, "why": str(error)})

    def end(self, action: str, **said: Any) -> None:
        """Tell how it ended, unless that was told before; raises when it cannot be told in the time that is left."""
        with self._turn:
            is_late = self._is_over or (self._is_given_up and action != COMPLETE)
            was_given_up, self._is_over = self._is_given_up, True
        if self.task is None or is_late:
            return
        self._insist(action, {} if was_given_up else self.notebook.take(is_last=True), said)

    def give_up(self, action: str, **said: Any) -> None:
        """The guard's end of it. One that cannot be told leaves the end to the code."""
        with self._turn:
            if self.is_over or self.task is None:
                return
            self._is_given_up = True
        taken = self.notebook.take(is_last=True)
        try:
            self._insist(action, taken, said)
        except Exception as error:  # noqa: BLE001  (the thread has nobody to raise it to)
            log.warning("deadline.untold", extra={"task_id": self.task.id, "why": repr(error)})
            self.notebook.put_back(taken)
            self._is_given_up = False

    def seal(self) -> None:
        """Its invocation is over: whoever wakes up in a later one has nothing more to tell."""
        with self._turn:
            self._is_over = True
        with self._speaking:  # what is being said is said to its end: Lambda stops the process after this
            pass

    def _insist(self, action: str, taken: Mapping[str, Signals], said: Mapping[str, Any]) -> None:
        """Tell it as often as needed, while there is time."""
        assert self.task is not None  # noqa: S101  (all callers have looked)
        pause = FIRST_PAUSE
        while True:
            try:
                with self._speaking:
                    return self._tell(action, taken, said)
            except (InvokeRefused, InvokeUncertain) as error:
                is_for_good = isinstance(error, InvokeRefused) and not error.is_passing
                if is_for_good or self._wait is None or self.task.remaining <= 2 * pause:
                    raise
                log.warning("report.again", extra={"task_id": self.task.id, "why": str(error)})
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _tell(self, action: str, taken: Mapping[str, Signals], said: Mapping[str, Any]) -> None:
        task, send = self.task, self._send
        assert task is not None  # noqa: S101  (as above)
        assert send is not None  # noqa: S101  (who has a task can tell of it)
        signals = {resource: signals.to_json() for resource, signals in taken.items()} or None
        who: dict[str, Any] = {"task_id": task.id, "attempt": task.attempt, "labourer": task.labourer}
        send(Report(action=action, signals=signals, **who, **self._invocation.fields, **said))
