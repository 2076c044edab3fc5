"""Tells each minute how much is due and waits, and for how long, from the looks that dispatching needs anyway."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sosw.domain.backlog import COUNTED, Backlog
from sosw.domain.metrics import OLDEST, QUEUED, Owner
from sosw.line import Line

if TYPE_CHECKING:
    from sosw.domain.settings import Labourer
    from sosw.domain.task import LabourerName
    from sosw.ports import Clock, Metrics, TaskStore

log = logging.getLogger(__name__)


class Backlogs:
    """Of the labourers that one invocation looks at; by several threads at once."""

    def __init__(self, tasks: TaskStore, clock: Clock, metrics: Metrics) -> None:
        self._tasks, self._line, self._clock, self._metrics = tasks, Line(tasks), clock, metrics
        self._seen: dict[LabourerName, Backlog] = {}

    def look(self, labourer: Labourer) -> bool:
        """Whether something of the labourer's is due; remembers how much."""
        places = self._line.places(labourer, self._clock.now(), COUNTED)
        if places:
            self._seen[labourer.name] = Backlog(places)
        return bool(places)

    def tell(self) -> None:
        """Note what was seen since the last time: one read for the heads of all lines, none where nothing is due.

        Never raises: what is due must not wait for it.
        """
        seen, self._seen = self._seen, {}
        for name, backlog in seen.items():
            self._metrics.note({QUEUED: len(backlog.places)}, Owner.labourer(name))
        try:
            self._tell_ages(seen)
        except Exception:
            log.exception("backlogs.unread", extra={"labourers": sorted(seen)})

    def _tell_ages(self, seen: dict[LabourerName, Backlog]) -> None:
        heads = [task for backlog in seen.values() for task in backlog.heads]
        found = self._tasks.get_many(heads, is_consistent=False) if heads else {}
        for name, backlog in seen.items():
            oldest = backlog.oldest(found)
            if oldest:
                age = (self._clock.now() - oldest).total_seconds()
                self._metrics.note({OLDEST: max(0.0, age)}, Owner.labourer(name))
