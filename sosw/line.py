"""Who is next: the tasks of a labourer that may start, in their order, over all parts of its line.

What it costs, where a part of the line is a query of the index: a part in which nothing waits, or nothing but what is
ready, is one query, however long the line. A section (`sosw.domain.ranks`) that ends in what is not due yet, or that
has more than was asked for while other sections come after it, is one more. A query reads at most as many places as
were asked for, some 80 bytes each, and costs half a read unit for every 4 KB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain.lifecycle import queue_key
from sosw.domain.ranks import Section, due_at, first_of_priority, in_turn, is_due, next_section, number, rank

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.labourer import Labourer
    from sosw.domain.ranks import Place
    from sosw.domain.task import LabourerName, TaskId
    from sosw.ports import TaskStore


class Line:
    """A hint, as the index is: it may lag. Whoever starts a task checks it."""

    def __init__(self, tasks: TaskStore) -> None:
        self._tasks = tasks

    def due(self, labourer: Labourer, now: datetime, limit: int, *, shards: int | None = None) -> list[TaskId]:
        """At most `limit` tasks that may start by `now`, the first one first: fewer only when there are no more.

        `shards` is the most that its line ever had (`Standing.shards`): where the settings name fewer today, tasks may
        still wait in the others.
        """
        places: list[Place] = []
        for queue in _queues(labourer.name, max(labourer.shards, shards or 1)):
            places += self._due(queue, now, limit)
        return in_turn(places)[: max(0, limit)]

    def waiting(self, labourer: LabourerName, limit: int, *, shards: int) -> list[TaskId]:
        """At most `limit` tasks that wait, for now or for later, in no order that matters."""
        return [place.task for place in self._waiting(labourer, limit, shards)]

    def later(self, labourer: LabourerName, now: datetime, limit: int, *, shards: int) -> list[datetime]:
        """When the tasks are due that are not due by `now`; of the first `limit` that wait, earliest first."""
        places = self._waiting(labourer, limit, shards)
        return sorted(due_at(place.rank) for place in places if not is_due(place.rank, now))

    def head(self, labourer: Labourer, priority: int, *, shards: int | None = None) -> int | None:
        """The lowest tag of what is ready in that priority; None when nothing is. A query for each part."""
        start = rank(priority, Section.READY, 0)
        queues = _queues(labourer.name, max(labourer.shards, shards or 1))
        heads = [place for queue in queues for place in self._tasks.places(queue, start, 1)]
        return min((number(head.rank) for head in heads if head.rank < next_section(start)), default=None)

    def _waiting(self, labourer: LabourerName, limit: int, shards: int) -> list[Place]:
        found: list[Place] = []
        for queue in _queues(labourer, shards):
            found += self._tasks.places(queue, 0, limit - len(found))
        return found

    def _due(self, queue: str, now: datetime, limit: int) -> list[Place]:
        """Of one part: up to `limit` of every section that can come into question."""
        found: list[Place] = []
        start: int | None = 0
        while start is not None:
            wanted = limit - sum(place.rank < first_of_priority(start) for place in found)
            start = self._more(queue, now, start, wanted, found) if wanted > 0 else None
        return found

    def _more(self, queue: str, now: datetime, start: int, wanted: int, found: list[Place]) -> int | None:
        """Adds to `found` what one query finds; the rank from which to look on, or None at the line's end."""
        page = self._tasks.places(queue, start, wanted)
        for place in page:
            if not is_due(place.rank, now):
                return next_section(place.rank)
            found.append(place)
        return next_section(page[-1].rank) if len(page) == wanted else None


def _queues(labourer: LabourerName, shards: int) -> list[str]:
    return [queue_key(labourer, shard=shard) for shard in range(shards)]
