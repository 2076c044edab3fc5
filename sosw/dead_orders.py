"""Carries out what operators order of dead tasks, with a line in the log of the labourer."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from sosw.domain import lifecycle
from sosw.domain.dead_orders import DeadKind, DeadOrder, Fate
from sosw.domain.errors import SoswError
from sosw.domain.job import JobState
from sosw.domain.records import Entry, of_labourer
from sosw.domain.recount import QUIET
from sosw.domain.task import Task, TaskId, TaskState
from sosw.job_canceller import JobCanceller
from sosw.ports import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sosw.domain.lifecycle import Transition
    from sosw.domain.settings import EssentialSettings
    from sosw.domain.task import JobId
    from sosw.ports import Clock, JobStore, RecordStore, TaskStore

log = logging.getLogger(__name__)

ROUNDS = 4
"""Looks at tasks of which it is not known whether they were moved."""
_CANCELLED = (JobState.CANCELLING, JobState.CANCELLED)


class DeadOrders:
    """Moves dead tasks, each by one conditional write under the version that the operator saw."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        jobs: JobStore,
        records: RecordStore,
        clock: Clock,
        settings: EssentialSettings,
        pause: Callable[[int], None] = lambda _number: None,
    ) -> None:
        """`pause(n)` waits for a while before another look, number `n` from 0."""
        self._tasks, self._jobs, self._records, self._clock = tasks, jobs, records, clock
        self._settings, self._pause = settings, pause
        self._canceller = JobCanceller(tasks, jobs, clock)

    def carry_out(self, order: DeadOrder) -> dict[str, Any]:
        """How many tasks met which `Fate`: `{"fates": {"moved": 98, "already": 2}}`.

        Ordered twice, it changes nothing the second time. The line in the log is written first: nothing is moved
        without one.
        """
        if order.part == 0 or order.done is not None:
            owner = of_labourer(order.labourer).owner
            self._records.note(Entry(owner=owner, at=self._clock.now(), what=order.line()))
        fates = self._move(order)
        counts = Counter(fate.value for fate in fates.values())
        log.info("dead.%s", order.kind.past, extra={"labourer": order.labourer, "by": order.by, **counts})
        return {"fates": dict(counts)}

    def _move(self, order: DeadOrder) -> dict[TaskId, Fate]:
        found = self._tasks.get_many(order.tasks)
        fates = {task_id: self._fate(order, found.get(task_id)) for task_id in order.tasks}
        wanted = [found[task_id] for task_id, fate in fates.items() if fate is Fate.UNSURE]
        if order.kind is DeadKind.REPLAY:
            refused = self._refused(wanted)
            fates |= refused
            wanted = [task for task in wanted if task.id not in refused]
        self._count_again(wanted)
        fates |= self._apply(order, wanted)
        if order.kind is DeadKind.REPLAY:
            fates |= self._stop([task for task in wanted if fates[task.id] is Fate.MOVED])
        return fates

    def _count_again(self, tasks: Iterable[Task]) -> None:
        """Their jobs' totals may have been found right for good: who moves a closed task has them checked anew."""
        for job_id in dict.fromkeys(task.job_id for task in tasks):
            try:
                self._jobs.count_again(job_id, self._clock.now() + QUIET)
            except SoswError as error:
                log.warning("totals.not_checked", extra={"job_id": job_id, "why": str(error)})  # they are for people

    def _fate(self, order: DeadOrder, task: Task | None) -> Fate:
        """Of a task as it is found; `UNSURE` where it is as the operator saw it."""
        if task is None:
            return Fate.GONE
        version = order.tasks[task.id]
        if task.state is TaskState.DEAD and task.version == version:
            return Fate.UNSURE
        # Its ruling tells that it was moved by this very order, whose answer was lost.
        is_moved = task.version > version and task.state is not TaskState.DEAD and task.ruling == order.ruling
        return Fate.MOVED if is_moved else Fate.ALREADY

    def _refused(self, tasks: Iterable[Task]) -> dict[TaskId, Fate]:
        known = list(tasks)
        cancelled = self._cancelled(task.job_id for task in known)
        unregistered = {t.id: Fate.UNREGISTERED for t in known if t.labourer not in self._settings.labourers}
        return unregistered | {task.id: Fate.JOB_CANCELLED for task in known if task.job_id in cancelled}

    def _cancelled(self, job_ids: Iterable[JobId]) -> set[JobId]:
        """Those that are cancelled. A job whose row is gone is not."""
        found = {job_id: self._jobs.get(job_id) for job_id in dict.fromkeys(job_ids)}
        return {job_id for job_id, job in found.items() if job and job.state in _CANCELLED}

    def _apply(self, order: DeadOrder, tasks: list[Task]) -> dict[TaskId, Fate]:
        """What is unclear is looked at, and tried again where it did not happen."""
        fates, left = dict.fromkeys((task.id for task in tasks), Fate.UNSURE), tasks
        for number in range(ROUNDS):
            outcomes = self._tasks.apply_all([self._transition(order, task) for task in left])
            open_ = [task for task, outcome in zip(left, outcomes, strict=True) if outcome is not Outcome.APPLIED]
            fates |= {task.id: Fate.MOVED for task in left if task not in open_}
            found: Mapping[TaskId, Task] = self._tasks.get_many(task.id for task in open_)
            fates |= {task.id: self._fate(order, found.get(task.id)) for task in open_}
            left = [task for task in open_ if fates[task.id] is Fate.UNSURE]
            if not left:
                break
            self._pause(number)
        return fates

    def _transition(self, order: DeadOrder, task: Task) -> Transition:
        now = self._clock.now()
        if order.kind is DeadKind.REPLAY:
            return lifecycle.replay(task, now=now, ruling=order.ruling)
        retention = self._settings.labourer_or_default(task.labourer).retention
        return lifecycle.discard(task, now=now, retention=retention, ruling=order.ruling)

    def _stop(self, moved: list[Task]) -> dict[TaskId, Fate]:
        """A job that was cancelled while its tasks were replayed may have gone through them before."""
        cancelled = self._cancelled(task.job_id for task in moved)
        late = [task for task in moved if task.job_id in cancelled]
        for task in late:
            self._canceller.stop([task.id], self._settings.labourer_or_default(task.labourer).retention)
        return {task.id: Fate.JOB_CANCELLED for task in late}
