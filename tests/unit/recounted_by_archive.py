"""A world with a job that is archived, whose stream can be lost, and that tells how many tasks were read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sosw.domain import watch
from sosw.domain.recount import Recount
from sosw.domain.task import Task, TaskId
from sosw.domain.watch import Watch
from sosw.testing import InMemoryTaskStore
from tests.factories import DAY, JOB
from tests.unit.archiving import archived
from tests.unit.recounted import MINUTE, Jobs


class Read(InMemoryTaskStore):
    """Tells how many tasks were read."""

    number = 0

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        ids = list(task_ids)
        self.number += len(ids)
        return super().get_many(ids, is_consistent=is_consistent)


class Archived(Jobs):
    """Its jobs are archived."""

    def __init__(self, tasks: int = 3, *, retention: timedelta = 30 * DAY) -> None:
        super().__init__(tasks)
        read = Read()
        read.tasks, read.changes = self.tasks.tasks, self.tasks.changes
        self.tasks = self.read = read
        self.watches.watch(watch.first(self.jobs.jobs[JOB], retention))

    def sweep(self, minutes: int = 1, **parts: Any) -> None:
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            self.scavenger(archivist=self.archivist(), **parts).sweep()

    @property
    def watched(self) -> Watch:
        found = self.watches.get(JOB)
        assert found is not None
        return found


def is_over(world: Archived) -> bool:
    """It is archived, its totals are right, and nobody looks at it any more."""
    right = Recount(job_id=JOB, at=None).with_closed(world.tasks.tasks.values()).found
    lines = archived(world)
    is_whole = len(lines) == len(world.tasks.tasks) and set(lines.values()) == {1}
    return is_whole and world.totals() == right and world.recount.at is None and world.watched.due is None
