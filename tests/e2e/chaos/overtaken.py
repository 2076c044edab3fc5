"""Reports that are overtaken: an attempt has ended, its lease ends before its word arrives, and the next attempt runs.

A report that is only late finds its task waiting, or closed: it hardly ever meets the next attempt at work. So these
are held until the invocation of a later attempt has been passed on, and delivered right after it. They are delivered
as calls that wait for the answer, which tells in what state they found the task.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.e2e.chaos.faults import Call

PATIENCE: Final = 100.0
"""Seconds until a report is delivered that no later attempt has overtaken."""
AT_LEAST: Final = 2
"""So many of each kind of report are held whatever the dice say, which may miss them in a small run."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """A report on its way."""

    action: str
    task: str
    attempt: int
    call: Call
    timer: threading.Timer


class Overtaken:
    """Holds reports, and delivers them by `deliver`, which answers with what the WorkerAssistant said."""

    def __init__(self, deliver: Callable[[Call], bytes]) -> None:
        self._deliver, self._lock = deliver, threading.Lock()
        self._held: list[Held] = []
        self._promising: Counter[str] = Counter()
        """Reports that have met a later attempt, or still may."""
        self._threads: list[threading.Thread] = []
        self.met: Counter[str] = Counter()
        """Reports that found a later attempt running, by what they told."""

    def is_owed(self, call: Call) -> bool:
        """Whether there were too few of this kind so far."""
        report = call.end
        with self._lock:
            return report is not None and self._promising[str(report["action"])] < AT_LEAST

    def hold(self, call: Call) -> None:
        """A report of the end of an attempt, which its Worker takes for delivered."""
        report = call.end
        assert report is not None
        timer = threading.Timer(PATIENCE, lambda: self._give_up(held))
        held = Held(action=report["action"], task=report["task_id"], attempt=report["attempt"], call=call, timer=timer)
        timer.daemon = True
        with self._lock:
            self._held.append(held)
            self._promising[held.action] += 1
        timer.start()

    def passed(self, call: Call) -> None:
        """The local AWS has `call`: if it starts a later attempt, what it overtakes is delivered now."""
        started = call.assignment
        if started is None:
            return
        task, attempt = started["task_id"], started["sosw"]["attempt"]
        for held in self._taken(lambda held: held.task == task and held.attempt < attempt):
            thread = threading.Thread(target=self._meet, args=[held], daemon=True)
            self._threads.append(thread)
            thread.start()

    def let_arrive(self) -> None:
        """Returns when all that is held has been delivered."""
        for held in self._taken(lambda _: True):
            self._arrive(held)
        for thread in self._threads:
            thread.join()

    def _taken(self, is_meant: Callable[[Held], bool]) -> list[Held]:
        with self._lock:
            taken = [held for held in self._held if is_meant(held)]
            self._held = [held for held in self._held if held not in taken]
        for held in taken:
            held.timer.cancel()
        return taken

    def _give_up(self, held: Held) -> None:
        for each in self._taken(lambda other: other is held):
            self._arrive(each)
            self._count(each, has_met=False)

    def _meet(self, held: Held) -> None:
        said = self._arrive(held)
        # Taken: it has changed a task that was a later attempt's. What must hold is judged by what came of that.
        self._count(held, has_met=bool(said.get("accepted") or said.get("state") == "running"))

    def _count(self, held: Held, *, has_met: bool) -> None:
        with self._lock:
            self.met[held.action] += has_met
            self._promising[held.action] -= not has_met

    def _arrive(self, held: Held) -> dict[str, Any]:
        """What the WorkerAssistant says; nothing when it has died, or the local AWS has ended."""
        call = replace(held.call, headers={**held.call.headers, "X-Amz-Invocation-Type": "RequestResponse"})
        try:
            said = json.loads(self._deliver(call))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}
