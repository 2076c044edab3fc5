"""Time that passes from event to event: roles run as they are, and whatever waits lets others act meanwhile.

Every process has a thread, but only one thread of all is ever awake, and who is awake next is decided by the moments of
the events alone: the same seed tells the same story. A process that sleeps, when nothing else happens meanwhile, goes
on at once with the clock moved: most sleeps cost nothing.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import NoReturn, TypeVar

from sosw.testing.clock import FakeClock

Item = TypeVar("Item")

LANES = 32
"""So many calls of `in_parallel` are under way at once, as in the Essentials."""


class Killed(BaseException):
    """The process ends here: no `except Exception` of a role may see it."""


class Life:
    """What ends together: an invocation and all that it has started in parallel."""

    def __init__(self) -> None:
        self.is_over = False


class Engine:
    """The events to come, and the processes that wait for theirs."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.is_done = False
        """Set it to end `run` after the event that is happening."""
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._number = 0
        self._until: datetime | None = None
        self._awake: _Process | None = None
        self._idle: list[_Thread] = []
        self._asleep: set[_Process] = set()
        self._turn = Lock()
        self._turn.acquire()
        self._errors: list[BaseException] = []

    def at(self, moment: datetime, happen: Callable[[], None]) -> None:
        """`happen` then, or now if that is past; events of one moment happen in the order in which they were asked for.

        It must not sleep: what takes time is spawned.
        """
        self._number += 1
        heapq.heappush(self._events, (max(moment, self.clock.now()), self._number, happen))

    def after(self, delay: timedelta, happen: Callable[[], None]) -> None:
        """As `at`."""
        self.at(self.clock.now() + delay, happen)

    def spawn(self, work: Callable[[], None], life: Life | None = None) -> Life:
        """A process that begins now. What it raises, `run` raises. When its life is over, it ends at its next sleep."""
        process = _Process(work, life or Life())
        self.after(timedelta(), lambda: self._resume(process))
        return process.life

    def sleep(self, duration: timedelta) -> None:
        """Of the process that calls it."""
        process, until = self._process(), self.clock.now() + duration
        nothing_else = not self._events or self._events[0][0] > until
        if nothing_else and (self._until is None or until <= self._until) and not self.is_done:
            self.clock.advance(duration)
        else:
            self.at(until, lambda: self._resume(process))
            self._suspend(process)
        if process.life.is_over:
            raise Killed

    def die(self) -> NoReturn:
        """The process that calls it ends now, and all that lives with it at its next sleep."""
        self._process().life.is_over = True
        raise Killed

    def in_parallel(self, call: Callable[[Item], None], items: Iterable[Item]) -> None:
        """`call` for every item, 32 at once; the first error is raised after all have ended."""
        waiting = deque(items)
        if len(waiting) <= 1:
            for item in waiting:
                call(item)
            return
        process, errors = self._process(), list[Exception]()
        lanes = min(LANES, len(waiting))
        left = [lanes]

        def lane() -> None:
            try:
                while waiting:
                    _try(call, waiting.popleft(), errors)
            finally:
                left[0] -= 1
                if not left[0]:
                    self.after(timedelta(), lambda: self._resume(process))

        for _ in range(lanes):
            self.spawn(lane, process.life)
        self._suspend(process)
        if process.life.is_over:
            raise Killed
        if errors:
            raise errors[0]

    def run(self, until: datetime | None = None) -> None:
        """Until that moment, until nothing more would happen, or until `is_done`. Raises what a process raised."""
        self._until, self.is_done = until, False
        while self._events and not self.is_done and not self._errors:
            moment, _, happen = self._events[0]
            if until is not None and moment > until:
                break
            heapq.heappop(self._events)
            self.clock.advance(moment - self.clock.now())
            happen()
        if until is not None and not self.is_done and not self._errors:
            self.clock.advance(max(timedelta(), until - self.clock.now()))
        if self._errors:
            raise self._errors.pop()

    def close(self) -> None:
        """End every process and thread. Nothing more can happen then."""
        self._events.clear()
        for process in list(self._asleep):
            process.life.is_over = True
            self._resume(process)
        self._events.clear()
        for thread in self._idle:
            thread.give(None)
        self._idle.clear()

    # --- how the turn is handed over ---

    def _process(self) -> _Process:
        if self._awake is None:
            raise RuntimeError("only a process can wait: spawn it")
        return self._awake

    def _resume(self, process: _Process) -> None:
        """The process is awake until it sleeps again, or ends."""
        self._asleep.discard(process)
        self._awake = process
        if process.thread is None:
            process.thread = self._idle.pop() if self._idle else _Thread(self._ended, self._turn)
            process.thread.give(process)
        else:
            process.thread.wake()
        self._turn.acquire()
        self._awake = None

    def _suspend(self, process: _Process) -> None:
        assert process.thread is not None
        self._asleep.add(process)
        self._turn.release()
        process.thread.rest()
        self._awake = process

    def _ended(self, thread: _Thread, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, Killed):
            self._errors.append(error)
        self._idle.append(thread)


class _Process:
    def __init__(self, work: Callable[[], None], life: Life) -> None:
        self.work, self.life = work, life
        self.thread: _Thread | None = None


class _Thread:
    """Does the work of one process after the other."""

    def __init__(self, ended: Callable[[_Thread, BaseException | None], None], turn: Lock) -> None:
        self._ended, self._turn = ended, turn
        self._process: _Process | None = None
        self._resting = Lock()
        self._resting.acquire()
        Thread(target=self._live, daemon=True).start()

    def give(self, process: _Process | None) -> None:
        """Work to do; None when there is no more."""
        self._process = process
        self._resting.release()

    def wake(self) -> None:
        self._resting.release()

    def rest(self) -> None:
        self._resting.acquire()

    def _live(self) -> None:
        self.rest()
        while self._process is not None:
            error: BaseException | None = None
            try:
                if not self._process.life.is_over:
                    self._process.work()
            except BaseException as raised:  # noqa: BLE001  (kept for `run` to raise)
                error = raised
            self._ended(self, error)
            self._turn.release()
            self.rest()


def _try(call: Callable[[Item], None], item: Item, errors: list[Exception]) -> None:
    try:
        call(item)
    except Exception as error:  # noqa: BLE001  (raised by `in_parallel` after all have ended)
        errors.append(error)
