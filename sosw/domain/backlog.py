"""What of a labourer's line is due and waits, as one look at it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sosw.domain.ranks import due_at, first_of_priority, is_ready
from sosw.domain.task import TaskState

if TYPE_CHECKING:
    from sosw.domain.ranks import Place
    from sosw.domain.task import Task, TaskId

COUNTED = 240
"""Places of each section that are counted: two and a half read units, where so many are there."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of all parts of the line."""

    places: Sequence[Place]
    """Those that are due, as many as were counted."""

    @property
    def heads(self) -> list[TaskId]:
        """The first ready task of each priority: it stands by a tag, so that only the task tells since when it is due.

        Behind it are such as wait for less long, or for their turn.
        """
        first: dict[int, TaskId] = {}
        for place in sorted(self.places):
            if is_ready(place.rank):
                first.setdefault(first_of_priority(place.rank), place.task)
        return list(first.values())

    def oldest(self, heads: Mapping[TaskId, Task]) -> datetime | None:
        """When the one that has waited longest fell due, given the heads as they were read; None if nobody waits."""
        read = [heads[task] for task in self.heads if task in heads]
        ready = [task.greenfield for task in read if task.state is TaskState.QUEUED]
        stood = [due_at(place.rank) for place in self.places if not is_ready(place.rank)]
        return min((*ready, *stood), default=None)
