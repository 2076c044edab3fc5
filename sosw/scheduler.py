"""Turns a business job into tasks, each exactly once, and cancels what of it has not started.

Creating a task that is there already changes nothing, so a job may be begun again from any earlier point. The rest is
thrift: one Scheduler at a time holds a job, notes on its row how far it has come, and before its time is over lets go
and hands the job to a fresh invocation of itself. When it dies, the Scavenger's sweep starts another one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from sosw.domain import job as jobs
from sosw.domain.errors import InvalidInput, InvokeRefused, InvokeUncertain, StaleJob, invalid
from sosw.domain.extensions import NONE
from sosw.domain.fairness import Placement
from sosw.domain.job import Job, JobState
from sosw.domain.messages import Order, resume_event
from sosw.domain.settings import EssentialSettings
from sosw.job_canceller import JobCanceller
from sosw.job_reader import JobReader
from sosw.line import Line
from sosw.placer import Placer
from sosw.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sosw.domain.extensions import Extensions
    from sosw.domain.job import JobMove
    from sosw.domain.task import Task, TaskId
    from sosw.ports import Clock, Invoker, JobStore, RecordStore, SourceReader, TaskStore

log = logging.getLogger(__name__)

BATCH = 1_000
"""Tasks handed to the store at a time."""
BODY_CHARS = 40_000
"""For each of these in a job's body, its notes are a batch further apart: at most 0.05 write units a task."""
HOLD = timedelta(seconds=120)
"""How long a Scheduler may be busy with one batch before another one takes the job over."""
RETRY_STUCK = timedelta(minutes=10)
"""So long a job is left alone whose labourer or periods are gone: until its settings are mended, or it is cancelled."""
CANCELLED = (JobState.CANCELLING, JobState.CANCELLED)
SHUTDOWN = timedelta(seconds=30)
"""With less time than this left, it hands over."""


class Scheduler(Processor):
    """Delivered twice, retried or begun again after a crash at any point, a job yields each task exactly once."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self,
        custom_config: Mapping[str, Any] | None = None,
        *,
        tasks: TaskStore,
        jobs: JobStore,
        records: RecordStore,
        sources: SourceReader,
        invoker: Invoker,
        clock: Clock,
        name: str,
        extensions: Extensions = NONE,
    ) -> None:
        """`name` is that of its own function, to hand jobs over to; `extensions` are periods and chunkers of users."""
        super().__init__(custom_config)
        self.settings = EssentialSettings.from_mapping(self.config)
        self.tasks, self.jobs, self.invoker, self.clock, self.name = tasks, jobs, invoker, clock, name
        self._canceller = JobCanceller(tasks, jobs, clock)
        self._placer = Placer(records, Line(tasks), clock)
        own_periods = extensions.with_methods(self.settings.custom_period_patterns, self)
        self._reader = JobReader(self.settings, sources, own_periods)
        self._held_until: datetime | None = None
        self._batch: list[TaskId] = []
        self._placement = Placement()

    def submit(self, event: Any, *, request_id: str, remaining: Callable[[], timedelta]) -> dict[str, Any]:
        """Take a job, or an order about one; `request_id` names a job whose `idempotency_key` does not.

        Raises `InvalidInput` before the first write for a job that cannot work. `remaining` tells the time left to it.
        """
        order = Order.from_event(event)
        if order is None:
            return self._take(event, request_id, remaining)
        return self._go_on(self._order(order), remaining)

    def _order(self, order: Order) -> Job:
        """The job that the order is about, cancelling if it says so."""
        while True:
            job = self.jobs.get(order.job_id)
            if job is None:
                raise invalid("sosw", order.job_id, "is not a job that was ever submitted here")
            if not order.is_cancel or job.state in CANCELLED:
                return job
            try:
                job = self.jobs.apply(jobs.cancel(job, now=self.clock.now(), by=order.by, why=order.why))
            except StaleJob:
                continue  # all its tasks were written meanwhile
            log.info("job.cancelling", extra={"job_id": job.id, "by": order.by, "why": order.why})
            return job

    def _take(self, event: Any, request_id: str, remaining: Callable[[], timedelta]) -> dict[str, Any]:
        if self.settings.problems:
            raise InvalidInput(self.settings.problems)
        reading = self._reader.read(event, self.clock.now())
        if reading.request.dry_run:
            return self._reader.preview(reading)
        offered = reading.job(request_id)
        job = self.jobs.open(offered)
        if job.body != offered.body:
            raise invalid("idempotency_key", job.id, "was given to another job before: choose a new one")
        return self._go_on(job, remaining)

    def _go_on(self, job: Job, remaining: Callable[[], timedelta]) -> dict[str, Any]:
        """Whatever is left to do for the job, unless another Scheduler is at it."""
        is_ours, before = False, self.stats["tasks_created"]
        self._held_until, self._batch, self._placement = None, [], Placement()
        try:
            if job.state.is_open:
                now = self.clock.now()
                job = self._keep(jobs.hold(job, now=now, until=now + HOLD))
                is_ours = True
                job = self._create(job, remaining) if job.state is JobState.CREATING else self._cancel(job, remaining)
        except StaleJob as stale:
            log.info("job.stale", extra={"job_id": job.id, "why": str(stale)})
            job = self._overtaken(stale.found or job, remaining)
        if is_ours and job.state.is_open and job.held_until and job.held_until <= self.clock.now():
            self._hand_over(job)
        return _answer(job, created=self.stats["tasks_created"] - before, is_duplicate=not is_ours)

    def _overtaken(self, job: Job, remaining: Callable[[], timedelta]) -> Job:
        """What is left to us of a job that was moved while we were at it."""
        if job.state is JobState.CANCELLING and job.held_until == self._held_until:
            try:
                return self._cancel(job, remaining)  # cancelled while we wrote its tasks: it is ours still
            except StaleJob as stale:
                return stale.found or job  # and another Scheduler's since
        if job.state in CANCELLED:
            self._canceller.stop(self._batch, self._retention(job))  # while our last batch was on its way
        return job

    def _create(self, job: Job, remaining: Callable[[], timedelta]) -> Job:
        """Write tasks from the cursor on; raises `StaleJob` when the job was cancelled or taken over meanwhile."""
        cursor = job.cursor
        batches = self._batches(job)
        while batch := next(batches, []):
            if remaining() < SHUTDOWN or (job.held_until and self.clock.now() >= job.held_until):
                return self._note(job, cursor, until=self.clock.now())
            self._batch = [task.id for task in batch]
            self.stats["tasks_created"] += self.tasks.create(batch)
            cursor += len(batch)
            if cursor % _note_every(job) == 0:
                job = self._note(job, cursor, until=self.clock.now() + HOLD)
        job = self.jobs.apply(jobs.ready(job, total=cursor))
        log.info("job.scheduled", extra={"job_id": job.id, "labourer": job.labourer, "tasks": cursor})
        return job

    def _note(self, job: Job, cursor: int, *, until: datetime) -> Job:
        job = self._keep(jobs.note(job, cursor=cursor, tag=self._placement.tag, until=until))
        self._placer.wrote(job, self._placement)
        return job

    def _batches(self, job: Job) -> Iterator[list[Task]]:
        """From the cursor on; raises `InvalidInput` when the job cannot go on, for good or until its settings fit.

        It was whole when it was submitted: since then its source has changed, or its labourer or its periods are gone.
        """
        try:
            request, due = self._reader.request(job), self.clock.now()
            self._placement = self._placer.place(job, request)
            tasks = self._reader.tasks(job, request, due, self._placement, start=job.cursor)
            while batch := list(islice(tasks, BATCH)):
                yield batch
        except InvalidInput as error:
            log.warning("job.stuck", extra={"job_id": job.id, "why": str(error)})
            current = self.jobs.get(job.id) or job
            if any(problem.field == "source" for problem in error.problems):
                self._placer.end(self._keep(jobs.fail(current, why=str(error))), self._placement.tag_of(current.cursor))
            else:
                self._keep(jobs.note(current, until=self.clock.now() + RETRY_STUCK))
            raise

    def _retention(self, job: Job) -> timedelta:
        return self.settings.labourer_or_default(job.labourer).retention

    def _cancel(self, job: Job, remaining: Callable[[], timedelta]) -> Job:
        retention = self._retention(job)
        while job.state is JobState.CANCELLING:
            if remaining() < SHUTDOWN:
                return self._keep(jobs.note(job, swept=job.swept, until=self.clock.now()))
            job = self._canceller.step(job, retention=retention, until=self.clock.now() + HOLD)
        self._placer.end(job)
        return job

    def _keep(self, move: JobMove) -> Job:
        job = self.jobs.apply(move)
        self._held_until = job.held_until
        return job

    def _hand_over(self, job: Job) -> None:
        try:
            self.invoker.start(self.name, resume_event(job.id))
        except (InvokeRefused, InvokeUncertain) as error:
            log.warning("hand_over.failed", extra={"job_id": job.id, "why": str(error)})  # the sweep resumes it


def _note_every(job: Job) -> int:
    """Tasks between two notes: a note is billed by the size of the job's row, with all that was asked for in it."""
    return BATCH * (1 + len(job.body) // BODY_CHARS)


def _answer(job: Job, *, created: int, is_duplicate: bool) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "labourer": job.labourer,
        "state": job.state.value,
        "tasks": job.total if job.total is not None else job.cursor,
        "created": created,
        "duplicate": is_duplicate,
    }
