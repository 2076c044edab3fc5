"""The line of a labourer's dead tasks, by the moment when they died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain.lifecycle import dead_key
from sosw.domain.moments import to_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sosw.domain.ranks import Place
    from sosw.domain.task import LabourerName
    from sosw.ports import TaskStore

PAGE = 500
"""Places that are read at a time."""


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
