"""The line of a labourer's dead tasks, by the moment when they died."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw.domain.lifecycle import dead_key
from sosw.domain.moments import to_ms
from sosw.domain.task import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sosw.domain.ranks import Place
    from sosw.domain.task import LabourerName, Task
    from sosw.ports import TaskStore

PAGE = 500
"""Places that are read at a time."""
TASKS = 100
"""Tasks that are read at a time, with their payloads."""


class DeadLine:
    """A hint, as the index is: it may lag. Whoever moves a task checks it."""

    def __init__(self, tasks: TaskStore) -> None:
        self._tasks = tasks

    def pages(self, labourer: LabourerName, since: datetime, before: datetime) -> Iterator[list[Place]]:
        """Who died from `since` on and before `before`, oldest first, each once, some hundred at a time."""
        start, end, seen, size = to_ms(since), to_ms(before), set[Any](), PAGE
        while True:
            page = self._tasks.places(dead_key(labourer), start, size)
            fresh = [place for place in page if place.rank < end and place not in seen]
            if fresh:
                yield fresh
            if len(page) < size or page[-1].rank >= end:
                return
            if page[-1].rank == start:
                size *= 2  # more died in one millisecond than a page has places for
            start = page[-1].rank
            seen = {place for place in page if place.rank == start}

    def dead(self, places: Sequence[Place]) -> Iterator[Task]:
        """The tasks of those places that are dead still, in their order, whole."""
        for start in range(0, len(places), TASKS):
            part = places[start : start + TASKS]
            found = self._tasks.get_many(place.task for place in part)
            for place in part:
                task = found.pop(place.task, None)
                if task and task.state is TaskState.DEAD and task.rank == place.rank:
                    yield task


def light(task: Task) -> Task:
    """`task` without what may be large in it: to be held by the thousand."""
    return replace(task, payload={}, result=None, stats=None)
