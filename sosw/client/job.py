"""A job that was submitted, whoever did it: how it stands, what came of it, and an end to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sosw.client import values
from sosw.client.census import Census, batches, is_done
from sosw.client.dead_task import DeadTask
from sosw.client.errors import TasksGone, UnknownJob
from sosw.client.progress import progress as told
from sosw.client.scheduler import answer
from sosw.client.service import Service
from sosw.client.status import JobStatus
from sosw.client.waiting import Wait
from sosw.domain.job import Job
from sosw.domain.messages import cancel_event
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a task that is done."""

    number: int
    """Of the task in its job, from 0."""
    task_id: TaskId
    payload: Any
    """What the Worker was called with."""
    result: Any
    """What it returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A task of which an attempt runs, and what that attempt has told of itself."""

    number: int
    task_id: TaskId
    payload: Any
    attempt: int
    started_at: datetime | None
    progress: float | None
    """0 … 1; None where it told none."""
    note: str | None
    partial: Any
    """Its last partial result, of this attempt or of an earlier one; None where there is none."""


class SubmittedJob:
    """A handle on a job; it holds the job's row as it was last read."""

    def __init__(self, service: Service, job: Job, *, created: int = 0, is_duplicate: bool = False) -> None:
        self._service, self._job = service, job
        self.created = created
        """Tasks that the submission which gave this handle has written before it was answered."""
        self.is_duplicate = is_duplicate
        """Whether it was known before it was submitted under this key."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {JobStatus.of(self._job)}>"

    @property
    def id(self) -> JobId:
        """Its idempotency key, or the one that was made for it."""
        return self._job.id

    @property
    def labourer(self) -> LabourerName:
        """Who does it."""
        return self._job.labourer

    def refresh(self) -> SubmittedJob:
        """Read its row anew; returns itself. Raises `UnknownJob` when the row is gone."""
        self._read()
        return self

    def status(self, *, count: bool = False) -> JobStatus:
        """As of now, by its row; with `count`, by reading every one of its tasks (a read unit each, and time)."""
        job = self._read()
        if not count:
            return JobStatus.of(job)
        return JobStatus.counted(job, self._census(job).count())

    @property
    def known_status(self) -> JobStatus:
        """As of the last look at it, without a new one."""
        return JobStatus.of(self._job)

    def wait(self, *, progress: bool = False, timeout: float | timedelta | None = None) -> JobStatus:
        """Until nothing of it waits or runs any more; `timeout` in seconds, None for as long as it takes.

        Raises `JobStillOpen`, a `TimeoutError`, with what is still open. Dead tasks are no error: see `status.dead`.
        `progress` tells on stderr how far it is.
        """
        limit = timedelta(seconds=timeout) if isinstance(timeout, (int, float)) else timeout
        with told(is_wanted=progress) as show:
            return Wait(self._service, self._read, timeout=limit, show=show).run()

    def results(self) -> Iterator[Result]:
        """Those of its tasks that are done now, in the order of their numbers, some hundred in memory at a time.

        Raises `TasksGone` at its end when tasks have left the table after their retention.
        """
        for number, task in self._tasks():
            if is_done(task):
                payload, result = values.payload(self._service, task), values.result(self._service, task)
                yield Result(number=number, task_id=task.id, payload=payload, result=result)

    def failures(self) -> Iterator[DeadTask]:
        """Those of its tasks that are dead, with the reasons; otherwise as `results`."""
        for _, task in self._tasks():
            if task.state is TaskState.DEAD:
                yield replace(DeadTask.of(task), payload=values.payload(self._service, task))

    def running(self) -> Iterator[RunningTask]:
        """Those of its tasks that run now, with what their attempts have told; otherwise as `results`."""
        for number, task in self._tasks():
            if task.state is TaskState.RUNNING:
                yield RunningTask(
                    number=number,
                    task_id=task.id,
                    payload=values.payload(self._service, task),
                    attempt=task.attempt,
                    started_at=task.started_at,
                    progress=task.progress,
                    note=task.note,
                    partial=task.result,
                )

    def cancel(self, *, why: str, by: str | None = None) -> JobStatus:
        """What of it waits is cancelled, what runs is not tried again. Returns how it stands then.

        `by` is who asks, the user of this process by default. A job that is cancelled already is gone through
        again, and keeps who did it first, and why.
        """
        answer(self._service, cancel_event(self.id, by=user() if by is None else by, why=why))
        return self.status()

    def _tasks(self) -> Iterator[tuple[int, Task]]:
        job = self._read()
        total = job.total if job.total is not None else job.cursor
        gone = 0
        for batch in batches(self._service.tasks, job.id, range(total)):
            for number, task in batch:
                if task is None:
                    gone += 1
                else:
                    yield number, task
        if gone:
            raise TasksGone(job.id, gone, total)

    def _census(self, job: Job) -> Census:
        return Census(self._service.tasks, job.id, job.total if job.total is not None else job.cursor)

    def _read(self) -> Job:
        job = self._service.jobs.get(self._job.id)
        if job is None:
            raise UnknownJob(self._job.id)
        self._job = job
        return job


def user() -> str:
    """Who runs this process, as the machine knows them."""
    import getpass  # noqa: PLC0415  (only an order asks)

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
