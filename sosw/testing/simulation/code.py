"""Workers whose code runs: a container for each attempt that runs at once, warm for the next one, as in Lambda."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.assignment import Assignment
from sosw.domain.report import Report
from sosw.domain.task import LabourerName, TaskId
from sosw.testing.simulation.cloud import Containers

if TYPE_CHECKING:
    from sosw.ports import Clock
    from sosw.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How the code of one attempt went."""

    task_id: TaskId
    labourer: LabourerName
    number: int
    """Of the attempt, from 1."""
    event: Mapping[str, Any]
    """As the code got it."""
    returned: Any = None
    raised: Exception | None = None
    """The error itself, to be looked at; the task keeps its class and message."""


class Crew:
    """The containers of one labourer."""

    def __init__(self, code: Callable[[], Worker], ran: list[Ran]) -> None:
        """`ran` takes what became of each attempt."""
        self._containers, self._ran = Containers(code), ran

    def work(
        self, event: Any, task: Assignment, *, remaining: timedelta, clock: Clock, send: Callable[[Report], None]
    ) -> None:
        """One attempt. An error of the user's code ends it, and not its container."""
        who: dict[str, Any] = {"task_id": task.id, "labourer": task.labourer, "number": task.attempt, "event": event}

        def run(worker: Worker) -> None:
            try:
                returned = worker.run(event, remaining=remaining, clock=clock, send=send)
            except Exception as error:  # noqa: BLE001  (the user's code may raise anything: it is kept for the test)
                self._ran.append(Ran(**who, raised=error))
            else:
                self._ran.append(Ran(**who, returned=returned))

        self._containers.use(run)
