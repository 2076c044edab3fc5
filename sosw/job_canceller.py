"""Cancels the tasks of a job, some thousand at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain import job as jobs
from sosw.domain import lifecycle
from sosw.domain.errors import TasksLeft
from sosw.domain.task import Task, TaskId, TaskState, task_id
from sosw.ports import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sosw.domain.job import Job
    from sosw.domain.lifecycle import Transition
    from sosw.ports import Clock, JobStore, TaskStore

TRIES = 8
"""In which no task at all is moved; each has the store's own patience."""
STEP = 1_000
"""Tasks of one step. No fewer than a Scheduler writes at a time, so that a step without any task is behind the last."""


class JobCanceller:
    """Queued tasks are cancelled, running ones recalled: they may end well, but are not tried again."""

    def __init__(self, tasks: TaskStore, jobs: JobStore, clock: Clock) -> None:
        self._tasks, self._jobs, self._clock = tasks, jobs, clock

    def step(self, job: Job, *, retention: timedelta, until: datetime) -> Job:
        """The next tasks from where it stopped; the job is cancelled when there are none. Its holder calls this.

        A task that moves meanwhile is looked at again, until none is left that could still start. What is not there was
        taken by its retention; the end is where no task can be. Raises `TasksLeft` where the table is too busy: the job
        is where it was then.
        """
        end = job.total if job.total is not None else job.cursor
        numbers = range(job.swept, job.swept + STEP)
        found = self._stop([task_id(job.id, number) for number in numbers], retention)
        if not found and job.swept >= end:
            return self._jobs.apply(jobs.cancelled(job, total=max(end, job.swept)))
        last = max((number for number in numbers if task_id(job.id, number) in found), default=numbers[-1])
        come = numbers[-1] + 1 if numbers[-1] < end else max(end, last + 1)
        return self._jobs.apply(jobs.note(job, swept=come, until=until))

    def stop(self, task_ids: Sequence[TaskId], retention: timedelta) -> None:
        """Tasks of a cancelled job that were written too late. Raises `TasksLeft`, too."""
        self._stop(task_ids, retention)

    def _stop(self, task_ids: Sequence[TaskId], retention: timedelta) -> dict[TaskId, Task]:
        """Those that are there, as they were found. Raises `TasksLeft` where the table is too busy."""
        found = self._tasks.get_many(task_ids)
        left, tries = list(found.values()), TRIES
        while moves := [move for task in left if (move := self._move(task, retention))]:
            if not tries:
                raise TasksLeft("cancel", [move.task_id for move in moves])
            tries -= Outcome.APPLIED not in self._tasks.apply_all(moves)
            left = list(self._tasks.get_many(move.task_id for move in moves).values())
        return found

    def _move(self, task: Task, retention: timedelta) -> Transition | None:
        if task.state is TaskState.QUEUED:
            return lifecycle.cancel(task.id, now=self._clock.now(), retention=retention)
        if task.state is TaskState.RUNNING and not task.is_recalled:
            return lifecycle.recall(task)
        return None
