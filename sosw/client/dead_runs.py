"""Orders about many dead tasks: cut into parts, sent at a rate, and counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sosw.client.job import user
from sosw.client.orchestrator import NOBODY, answer
from sosw.client.service import Service
from sosw.domain.dead import Selection
from sosw.domain.dead_orders import MAX_TASKS, DeadKind, DeadOrder, Fate
from sosw.domain.errors import invalid
from sosw.domain.task import LabourerName, Task

RATE = 50.0
"""Tasks a second."""
MAX_RATE = 1_000
PART_SECONDS = 2
"""A part has so many seconds' worth of the rate, at most 100 tasks."""


@dataclass(slots=True)
class DeadOrdered:
    """What came of an order about dead tasks; it is added to while the order is carried out."""

    kind: DeadKind
    fates: Counter[Fate] = field(default_factory=Counter)

    @property
    def moved(self) -> int:
        """Replayed, or discarded."""
        return self.fates[Fate.MOVED]

    @property
    def is_whole(self) -> bool:
        """Nothing is left to be ordered again."""
        return not self.fates[Fate.UNSURE]

    @property
    def is_in_vain(self) -> bool:
        """Tasks were found, or named, and none of them was moved: neither now nor by such an order before."""
        return any(self.fates.values()) and not self.moved and not self.fates[Fate.ALREADY]

    @property
    def said(self) -> str:
        """A sentence."""
        told = [f"{self.moved:,} {self.kind.past}"]
        told += [words.format(count=f"{self.fates[fate]:,}") for fate, words in _SAID.items() if self.fates[fate]]
        return "; ".join(told)

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {"order": self.kind.value, **{fate.value: self.fates[fate] for fate in Fate}, "said": self.said}


_SAID = {
    Fate.ALREADY: "{count} not dead any more (replayed or discarded already)",
    Fate.GONE: "{count} not in the table, or not any more",
    Fate.JOB_CANCELLED: "{count} left out: their job was cancelled",
    Fate.UNREGISTERED: "{count} left out: their labourer is not registered, or its settings are wrong",
    Fate.UNSURE: "{count} unclear, the table was too busy: order it again",
}


class Run:
    """One order, carried out by the Orchestrator part by part."""

    def __init__(
        self,
        service: Service,
        kind: DeadKind,
        selection: Selection,
        *,
        by: str | None,
        why: str,
        rate: float,
        tell: Callable[[DeadOrdered], None],
    ) -> None:
        """`rate` in tasks a second, over 0 and at most 1,000; raises `InvalidInput` for others."""
        if not 0 < rate <= MAX_RATE:
            raise invalid("rate", rate, f"must be a number of tasks a second over 0, at most {MAX_RATE:,}")
        self._service, self._rate, self._tell = service, rate, tell
        self._told: dict[str, Any] = {"by": by or user() or NOBODY, "why": why, "of": str(selection)}
        self._kind, self.done = kind, DeadOrdered(kind)

    def leave(self, task: Task | None) -> None:
        """Count one that was named, and is not dead as it should be."""
        self.done.fates[Fate.GONE if task is None else Fate.ALREADY] += 1

    def __call__(self, tasks: Iterable[Task]) -> DeadOrdered:
        """Carry it out; what is raised or interrupted on the way, the log tells how far it came."""
        for labourer, own in groupby(tasks, key=lambda task: task.labourer):
            self._run(labourer, own)
        return self.done

    def _run(self, labourer: LabourerName, tasks: Iterator[Task]) -> None:
        before, parts = self.done.moved, 0
        size = max(1, min(MAX_TASKS, math.floor(self._rate * PART_SECONDS)))
        try:
            for number, part in enumerate(_parts(tasks, size)):
                parts, begun = number + 1, self._service.clock.now()
                self._send(DeadOrder(kind=self._kind, labourer=labourer, tasks=part, part=number, **self._told))
                self._tell(self.done)
                self._rest(len(part), begun)
        finally:
            if parts > 1:
                moved = self.done.moved - before
                self._send(DeadOrder(kind=self._kind, labourer=labourer, part=parts, done=moved, **self._told))

    def _rest(self, count: int, begun: datetime) -> None:
        """Until the next part may go."""
        passed = (self._service.clock.now() - begun).total_seconds()
        self._service.sleep(max(0.0, count / self._rate - max(0.0, passed)))

    def _send(self, order: DeadOrder) -> None:
        said = answer(self._service, order.to_event(), has="fates", what="orders about dead tasks")
        self.done.fates.update({Fate(fate): count for fate, count in said["fates"].items()})


def _parts(tasks: Iterator[Task], size: int) -> Iterator[dict[Any, int]]:
    part: dict[Any, int] = {}
    for task in tasks:
        part[task.id] = task.version
        if len(part) == size:
            yield part
            part = {}
    if part:
        yield part
