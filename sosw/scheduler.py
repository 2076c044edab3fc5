"""Turns a business job into tasks, each exactly once, and cancels what of it has not started.

Creating a task that is there already changes nothing, so a job may be begun again from any earlier point. The rest is
thrift: one Scheduler at a time holds a job, notes on its row how far it has come, and before its time is over lets go
and hands the job to a fresh invocation of itself. When it dies, the Scavenger's sweep starts another one.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import job as jobs
from sosw.domain import watch
from sosw.domain.errors import InvalidInput, InvokeRefused, InvokeUncertain, SoswError, StaleJob, invalid
from sosw.domain.extensions import NONE
from sosw.domain.job import Job, JobState
from sosw.domain.messages import Order, resume_event
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId
from sosw.job_canceller import JobCanceller
from sosw.job_reader import JobReader
from sosw.job_writer import HOLD, SHUTDOWN, JobWriter
from sosw.line import Line
from sosw.placer import Placer
from sosw.ports import no_beat
from sosw.processor import Processor
from sosw.vault import NO_VAULT, NoVault, Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.domain.extensions import Extensions
    from sosw.domain.sources import Source
    from sosw.ports import Beat, Clock, Invoker, JobStore, RecordStore, SourceReader, TaskStore
    from sosw.storage import WatchStore

log = logging.getLogger(__name__)

ANSWER_TIME = timedelta(seconds=15)
"""With less time than this left, what is still being looked over is refused."""
CANCELLED = (JobState.CANCELLING, JobState.CANCELLED)


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
        watches: WatchStore | None = None,
        vault: Vault | NoVault = NO_VAULT,
    ) -> None:
        """`name` is that of its own function, to hand jobs over to; `extensions` are periods and chunkers of users.

        `watches` has the archive look at the jobs; without them nothing is archived. `vault` has large payloads.
        """
        super().__init__(custom_config)
        self.settings = replace(EssentialSettings.from_mapping(self.config), payload_limit=vault.payload_limit)
        self.tasks, self.jobs, self.invoker, self.clock, self.name = tasks, jobs, invoker, clock, name
        self._watches = watches if self.settings.archive else None
        self._canceller = JobCanceller(tasks, jobs, clock)
        self._placer = Placer(records, Line(tasks), clock)
        own_periods = extensions.with_methods(self.settings.custom_period_patterns, self)
        self._vault = vault
        self._reader = JobReader(self.settings, sources, own_periods, vault)

    def submit(self, event: Any, *, request_id: str, remaining: Callable[[], timedelta]) -> dict[str, Any]:
        """Take a job, or an order about one; `request_id` names a job whose `idempotency_key` does not.

        Raises `InvalidInput` before the first write for a job that cannot work, and `SourceUnavailable` for one whose
        source cannot be read now. What goes wrong later is on the job's row. `remaining` tells the time left to it.
        """
        order = Order.from_event(event)
        if order is None:
            return self._take(event, request_id, remaining)
        return self._go_on(self._order(order), remaining, is_resumed=True)

    def _order(self, order: Order) -> Job:
        """The job that the order is about, cancelling if it says so."""
        while True:
            job = self.jobs.get(order.job_id)
            if job is None:
                raise invalid("sosw", order.job_id, "is not a job that was ever submitted here")
            if not order.is_cancel or job.state is JobState.CANCELLING:
                return job
            try:
                job = self.jobs.apply(jobs.cancel(job, now=self.clock.now(), by=order.by, why=order.why))
            except StaleJob:
                continue  # it was moved meanwhile
            log.info("job.cancelling", extra={"job_id": job.id, "by": order.by, "why": order.why})
            return job

    def _take(self, event: Any, request_id: str, remaining: Callable[[], timedelta]) -> dict[str, Any]:
        if self.settings.problems:
            raise InvalidInput(self.settings.problems)
        now = self.clock.now()
        request = self._reader.asked(event, now)
        known = self.jobs.get(JobId(request.key or request_id)) if request.source and not request.dry_run else None
        if known is None:
            beat = _in_time(request.source, remaining)
            reading = self._reader.read(request, now, beat)
            offered = reading.job(request_id)
            if request.dry_run:
                return self._reader.preview(reading, beat)
            known = self.jobs.open(self._vault.short(offered))
        if not request.is_of(self._vault.whole(known)):
            raise invalid("idempotency_key", known.id, "was given to another job before: choose a new one")
        return self._go_on(known, remaining, is_resumed=False)

    def _go_on(self, job: Job, remaining: Callable[[], timedelta], *, is_resumed: bool) -> dict[str, Any]:
        """Whatever is left to do for the job, unless another Scheduler is at it."""
        if not job.state.is_open:
            return _answer(job, created=0, is_duplicate=True)
        now, before = self.clock.now(), self.stats["tasks_created"]
        try:
            job = self.jobs.apply(jobs.hold(job, now=now, until=now + HOLD))
        except StaleJob as stale:
            log.info("job.stale", extra={"job_id": job.id, "why": str(stale)})
            return _answer(stale.found or job, created=0, is_duplicate=True)
        if self._watches:
            self._watches.watch(watch.first(job, self._retention(job)))  # before any of its tasks can close
        if job.state is JobState.CREATING:
            job = self._create(job, remaining, is_resumed=is_resumed)
        else:
            job = self._cancel(job, remaining)
        if job.state.is_open and job.held_until and job.held_until <= self.clock.now():
            self._hand_over(job)
        return _answer(job, created=self.stats["tasks_created"] - before, is_duplicate=False)

    def _create(self, job: Job, remaining: Callable[[], timedelta], *, is_resumed: bool) -> Job:
        parts: dict[str, Any] = {"tasks": self.tasks, "jobs": self.jobs, "clock": self.clock, "remaining": remaining}
        parts |= {"reader": self._reader, "placer": self._placer, "vault": self._vault}
        writer = JobWriter(job, is_resumed=is_resumed, **parts)
        try:
            return writer.write()
        except StaleJob as stale:
            log.info("job.stale", extra={"job_id": job.id, "why": str(stale)})
            return self._overtaken(writer, stale.found or job, remaining)
        except Exception:
            self._clear(writer)
            raise
        finally:
            self.stats["tasks_created"] += writer.created

    def _overtaken(self, writer: JobWriter, job: Job, remaining: Callable[[], timedelta]) -> Job:
        """What is left to us of a job that was moved while we wrote its tasks."""
        if job.state is JobState.CANCELLING and job.held_until == writer.job.held_until:
            return self._cancel(job, remaining)  # it is ours still
        self._stop(writer, job)
        return job

    def _clear(self, writer: JobWriter) -> None:
        """After a batch that failed, of which some tasks may have been written: behind the back of who cancels them."""
        try:
            job = self.jobs.get(writer.job.id)
            if job:
                self._stop(writer, job)
        except SoswError as error:
            log.warning("batch.left", extra={"job_id": writer.job.id, "why": str(error)})  # cancel again to sweep again

    def _stop(self, writer: JobWriter, job: Job) -> None:
        if job.state in CANCELLED:
            self._canceller.stop(writer.batch, self._retention(job))  # while our last batch was on its way

    def _retention(self, job: Job) -> timedelta:
        return self.settings.labourer_or_default(job.labourer).retention

    def _cancel(self, job: Job, remaining: Callable[[], timedelta]) -> Job:
        retention = self._retention(job)
        try:
            while job.state is JobState.CANCELLING:
                if remaining() < SHUTDOWN:
                    return self.jobs.apply(jobs.note(job, swept=job.swept, until=self.clock.now()))
                job = self._canceller.step(job, retention=retention, until=self.clock.now() + HOLD)
        except StaleJob as stale:
            return stale.found or job  # it is another Scheduler's since
        self._placer.end(job)
        return job

    def _hand_over(self, job: Job) -> None:
        try:
            self.invoker.start(self.name, resume_event(job.id))
        except (InvokeRefused, InvokeUncertain) as error:
            log.warning("hand_over.failed", extra={"job_id": job.id, "why": str(error)})  # the sweep resumes it


def _in_time(source: Source | None, remaining: Callable[[], timedelta]) -> Beat:
    """Refuses a source that takes longer to look over than there is time: else Lambda would end it in silence."""
    if source is None:
        return no_beat
    url, given = source.url, remaining()

    def beat() -> None:
        left = remaining()
        if left < ANSWER_TIME <= given:
            took, most = (given - left).total_seconds(), given.total_seconds()
            rule = f"was read for {took:,.0f} s and is not at its end: it must be looked over within {most:,.0f} s"
            raise invalid("source", url, rule, "cut it into several, and submit a job for each")

    return beat


def _answer(job: Job, *, created: int, is_duplicate: bool) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "labourer": job.labourer,
        "state": job.state.value,
        "tasks": job.total if job.total is not None else job.cursor,
        "created": created,
        "duplicate": is_duplicate,
    }
