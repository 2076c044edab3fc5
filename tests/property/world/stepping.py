"""Runs a role so that it stops before each call to the outside, and goes on when it is told what came of it.

Every run has a thread, but only one thread of all is ever awake: the order of everything is the caller's to choose, and
the same choices give the same story.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any


class Crash(BaseException):
    """The process ends here: no `except Exception` of the role may see it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a run is about to ask of a port."""

    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


class Run:
    """One invocation of a role. `call` is what it waits for; None when it has ended."""

    def __init__(self, role: Callable[[Callable[[Call], Any]], Any]) -> None:
        """`role(reach)` is the invocation; it asks everything of the outside by `reach(call)`."""
        self.call: Call | None = None
        self.error: BaseException | None = None
        self._role = role
        self._answer: Any = None
        self._raised: BaseException | None = None
        self._asleep, self._awake = Lock(), Lock()
        self._asleep.acquire()
        self._awake.acquire()
        Thread(target=self._live, daemon=True).start()
        self._asleep.acquire()

    @property
    def is_over(self) -> bool:
        return self.call is None

    def answer(self, value: Any) -> None:
        """The call came back with `value`: go on to the next one, or to the end."""
        self._answer = value
        self._go_on()

    def fail(self, error: BaseException) -> None:
        """The call raised."""
        self._raised = error
        self._go_on()

    def _go_on(self) -> None:
        assert not self.is_over
        self._awake.release()
        self._asleep.acquire()

    def _live(self) -> None:
        try:
            self._role(self._reach)
        except BaseException as error:  # noqa: BLE001  (kept for the caller to judge)
            self.error = error
        self.call = None
        self._asleep.release()

    def _reach(self, call: Call) -> Any:
        self.call = call
        self._asleep.release()
        self._awake.acquire()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        return self._answer
