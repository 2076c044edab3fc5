"""Writes the tasks of one job, from its cursor on, for as long as its Scheduler holds it and has time.

The hold is renewed while the source is read, too: what counts is that somebody is at it, not how fast its lines come.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import job as jobs
from sosw.domain.errors import InvalidInput, SourceUnavailable
from sosw.domain.fairness import Placement
from sosw.domain.task import task_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sosw.domain.job import Job
    from sosw.domain.task import Task, TaskId
    from sosw.job_reader import JobReader
    from sosw.placer import Placer
    from sosw.ports import Clock, JobStore, TaskStore
    from sosw.vault import NoVault, Vault

log = logging.getLogger(__name__)

BATCH = 1_000
"""Tasks handed to the store at a time, at most."""
BATCH_BYTES = 8_000_000
"""Of their payloads, as far as they go into the table: more of it is not held at a time."""
BODY_CHARS = 40_000
"""For each of these in a job's body, its notes are a batch further apart: at most 0.05 write units a task."""
HOLD = timedelta(seconds=120)
"""How long a Scheduler may be busy with one batch before another one takes the job over."""
PACE = timedelta(seconds=30)
"""How long it reads before it renews its hold, and before it writes what it has read."""
BACK_OFF = timedelta(minutes=1)
"""So long a job is left alone whose source cannot be read now."""
RETRY_STUCK = timedelta(minutes=10)
"""So long a job is left alone that cannot go on for now: until its settings are mended, or it is cancelled."""
SHUTDOWN = timedelta(seconds=30)
"""With less time than this left, it hands over."""


class OutOfTime(Exception):
    """The invocation is about to end."""


class JobWriter:
    """Of one job that is held; `job` is how it stands, `batch` the tasks that were handed to the store last."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self,
        job: Job,
        *,
        tasks: TaskStore,
        jobs: JobStore,
        reader: JobReader,
        placer: Placer,
        clock: Clock,
        vault: Vault | NoVault,
        remaining: Callable[[], timedelta],
        is_resumed: bool,
    ) -> None:
        """`is_resumed` says that all of the invocation's time is for this; else it began with looking the job over."""
        self.job, self.created = job, 0
        self.batch: list[TaskId] = []
        self._tasks, self._jobs, self._reader, self._placer, self._clock = tasks, jobs, reader, placer, clock
        self._vault = vault
        self._remaining, self._is_resumed, self._placement = remaining, is_resumed, Placement(tag=job.tag)
        self._written = self._begun = job.cursor
        self._renewed = clock.now()

    def write(self) -> Job:
        """All that is left, or what the time allows; then the job is let go of, for the next one to go on with.

        What cannot be read now is tried again later; the job fails only for what can never be mended. Raises `StaleJob`
        when the job was cancelled or taken over meanwhile.
        """
        try:
            for batch in self._batches():
                self._write(batch)
        except OutOfTime:
            return self._let_go()
        except SourceUnavailable as error:
            return self._wait(str(error), BACK_OFF)
        except InvalidInput as error:
            return self._wait(str(error), RETRY_STUCK) if error.may_pass else self._fail(str(error))
        self.job = self._jobs.apply(jobs.ready(self.job, total=self._written))
        told = {"job_id": self.job.id, "labourer": self.job.labourer, "tasks": self._written}
        log.info("job.scheduled", extra=told)
        return self.job

    def _write(self, batch: list[Task]) -> None:
        self._check_time()
        if self._clock.now() >= self._renewed + PACE:
            self._note(HOLD)  # before, for it would be too late after
        self.batch = [task.id for task in batch]
        self.created += self._tasks.create(batch)
        self._written += len(batch)
        if self._written - self.job.cursor >= _note_every(self.job):
            self._note(HOLD)

    def _let_go(self) -> Job:
        """To be handed over; what took all of an invocation without a single task is not begun again at once."""
        if self._written > self._begun or not self._is_resumed:
            return self._note(timedelta())
        return self._wait("its source takes so long to read that no task could be written in time", RETRY_STUCK)

    def _wait(self, why: str, while_: timedelta) -> Job:
        log.warning("job.waits", extra={"job_id": self.job.id, "why": why})
        cursor, tag, until = self._written, self._placement.tag, self._clock.now() + while_
        self.job = self._jobs.apply(jobs.wait(self.job, cursor=cursor, tag=tag, until=until, why=why))
        self._placer.wrote(self.job, self._placement)
        return self.job

    def _fail(self, why: str) -> Job:
        """For good: the tasks that were written are all that it will ever have."""
        log.error("job.failed", extra={"job_id": self.job.id, "why": why})
        total = self._end()
        self.job = self._jobs.apply(jobs.fail(self.job, total=total, why=why))
        self._placer.end(self.job, self._placement.tag_of(total))
        return self.job

    def _end(self) -> int:
        """Behind the last task that was written, also by those who held the job before and did not note it any more.

        Nobody begins a batch before the last one is whole: where a batch would be and nothing is, is the end.
        """
        end = self._written
        while True:
            numbers = range(end, end + BATCH)
            found = self._tasks.get_many(task_id(self.job.id, number) for number in numbers)
            if not found:
                return end
            end = 1 + max(number for number in numbers if task_id(self.job.id, number) in found)

    def _note(self, hold: timedelta) -> Job:
        self._renewed = self._clock.now()
        until = self._renewed + hold
        self.job = self._jobs.apply(jobs.note(self.job, cursor=self._written, tag=self._placement.tag, until=until))
        self._placer.wrote(self.job, self._placement)
        return self.job

    def _beat(self) -> None:
        """Called now and then while the source is read."""
        if self._clock.now() >= self._renewed + PACE:
            self._check_time()
            self._note(HOLD)

    def _check_time(self) -> None:
        if self._remaining() < SHUTDOWN:
            raise OutOfTime

    def _batches(self) -> Iterator[list[Task]]:
        """What can be read in a while.

        The job was whole when it was submitted. Raises `InvalidInput` when since then its source has changed, or its
        labourer or its periods are gone.
        """
        request, due = self._reader.request(self.job), self._clock.now()
        self._placement = self._placer.place(self.job, request)
        placed: dict[str, Any] = {"start": self._written, "beat": self._beat}
        batch: list[Task] = []
        begun, held = self._clock.now(), 0
        for whole in self._reader.tasks(self.job, request, due, self._placement, **placed):
            task, size = self._vault.stowed(whole)
            batch.append(task)
            held += size
            if len(batch) == BATCH or held >= BATCH_BYTES or self._clock.now() >= begun + PACE:
                yield batch
                batch, begun, held = [], self._clock.now(), 0
        if batch:
            yield batch


def _note_every(job: Job) -> int:
    """Tasks between two notes: a note is billed by the size of the job's row, with all that was asked for in it."""
    return BATCH * (1 + len(job.body) // BODY_CHARS)
