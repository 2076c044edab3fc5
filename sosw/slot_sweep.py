"""Mends the slots of a labourer: leases that are over, attempts that ended unseen, names that nobody has claimed."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain import lifecycle
from sosw.domain.errors import SoswError, StaleTask
from sosw.domain.metrics import LIMIT, RUNNING, Owner
from sosw.domain.slots import CLAIM_GRACE, Name, is_over, is_unclaimed
from sosw.domain.task import Task, TaskId, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sosw.domain.settings import Labourer
    from sosw.domain.slots import SlotRow
    from sosw.ports import Clock, InParallel, Metrics, TaskStore
    from sosw.slot_keeper import SlotKeeper

log = logging.getLogger(__name__)

MILLISECOND = timedelta(milliseconds=1)
SWEEP_BATCH = 100
"""Tasks that a sweep holds in memory at a time."""


class SlotSweep:
    """Of one labourer after the other; of the tasks of each, many at once."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        slots: SlotKeeper,
        clock: Clock,
        in_parallel: InParallel,
        jitter: Callable[[], float],
        metrics: Metrics,
        tally: Callable[[str], None],
    ) -> None:
        """`tally` adds 1 to a counter; threads share it."""
        self.tasks, self.slots, self.clock, self.metrics = tasks, slots, clock, metrics
        self.in_parallel, self.jitter, self._tally = in_parallel, jitter, tally

    def run(self, labourer: Labourer, has_time: Callable[[], bool]) -> dict[TaskId, int]:
        """Versions at which the labourer's tasks are certainly not running, for each slot that was freed."""
        now, rows = self.clock.now(), self.slots.rows(labourer.name)
        self._note_slots(labourer, rows)
        old = [
            (row.number, task, name)
            for row in rows
            for task, name in row.names.items()
            if name.since + CLAIM_GRACE <= now
        ]
        old.sort(key=lambda named: (named[2].since, len(named[1]), named[1]))  # as they were started, by their numbers
        over: defaultdict[int, dict[TaskId, int]] = defaultdict(dict)
        for start in range(0, len(old), SWEEP_BATCH):
            if not has_time():
                log.warning("sweep.cut", extra={"labourer": labourer.name, "names": len(old) - start})
                break
            for row, task, version in self._over(labourer, old[start : start + SWEEP_BATCH], start):
                over[row][task] = version
        if over:
            self.slots.free(labourer.name, over)
        return {task: version for names in over.values() for task, version in names.items()}

    def _note_slots(self, labourer: Labourer, rows: Sequence[SlotRow]) -> None:
        """Of one that has ever had slots."""
        if rows:
            taken, there_are = sum(len(row.names) for row in rows), sum(row.capacity for row in rows)
            self.metrics.note({RUNNING: taken, LIMIT: there_are}, Owner.labourer(labourer.name))

    def _over(
        self, labourer: Labourer, batch: Sequence[tuple[int, TaskId, Name]], before: int
    ) -> Iterable[tuple[int, TaskId, int]]:
        """Rows, tasks and versions of the names that may be dropped. Many tasks at once, the names of each in order.

        `before`: how many names of the labourer were looked at before this batch.
        """
        found = self.tasks.get_many(task for _, task, _ in batch)
        names: defaultdict[TaskId, list[tuple[int, Name]]] = defaultdict(list)
        for row, task, name in batch:
            names[task].append((row, name))
        places = {task: before + n for n, task in enumerate(names)}
        over: list[tuple[int, TaskId, int]] = []

        def end(task: TaskId) -> None:
            for row, name in names[task]:
                if self._ends(labourer, name, found.get(task), places[task]):
                    over.append((row, task, name.version + 1))

        self.in_parallel(end, names)
        return over

    def _ends(self, labourer: Labourer, name: Name, task: Task | None, place: int) -> bool:
        """Whether `name` may be dropped: its attempt has ended, or is ended now.

        `place`: its number among those of the sweep. Each is ended a millisecond after the one before it, so that they
        wait in their order where retries are not spread.
        """
        if is_over(name, task) or task is None:
            return True
        now = self.clock.now()
        try:
            if is_unclaimed(name, task):
                self.tasks.apply(lifecycle.fence(task))
                return True
            if task.state is TaskState.RUNNING and task.greenfield <= now:
                self._expire(labourer, task, now + place * MILLISECOND)
                return True
        except StaleTask as stale:
            log.info("sweep.stale", extra={"task_id": task.id, "why": str(stale)})
        except SoswError as error:
            # It holds up no other task: the next sweep tries it again.
            log.warning("sweep.task_failed", extra={"task_id": task.id, "why": str(error)})
            self._tally("tasks_failed_to_sweep")
        return False

    def _expire(self, labourer: Labourer, task: Task, now: datetime) -> None:
        policy, retention = labourer.retry, labourer.retention
        self.tasks.apply(lifecycle.expire(task, now=now, policy=policy, retention=retention, jitter=self.jitter()))
        log.info("task.expired", extra={"task_id": task.id, "attempt": task.attempt})
        self._tally("expired")
