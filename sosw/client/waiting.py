"""Waits for a job: by its totals, and by its tasks themselves when those stand still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sosw.client.census import Census
from sosw.client.errors import JobStillOpen
from sosw.client.service import Service
from sosw.client.status import JobStatus
from sosw.domain.job import Job
from sosw.domain.task import Task

Show = Callable[[JobStatus, float], None]
"""Tells a person how the job stands, after so many seconds."""

FIRST_LOOK, LAST_LOOK = 0.5, 5.0
"""Seconds between two looks at the job's row: a twentieth of the time waited so far, within these."""
STANDSTILL, MOST_STANDSTILL = timedelta(seconds=5), timedelta(seconds=60)
"""How long totals may stand still before tasks are read; twice as long after each time, up to the second."""
NAMED = 5
"""Open tasks that are named when the time is over."""


class Wait:
    """One wait for one job; `read` gives its row as of now."""

    def __init__(self, service: Service, read: Callable[[], Job], *, timeout: timedelta | None, show: Show) -> None:
        self._service, self._read, self._show = service, read, show
        self._timeout = timeout
        self._began = self._changed = service.clock.now()
        self._patience = STANDSTILL
        self._census: Census | None = None
        self._seen: JobStatus | None = None

    def run(self) -> JobStatus:
        """How it ended; raises `JobStillOpen` when it has not by then."""
        while True:
            job = self._read()
            status = self._look(job)
            elapsed = self._elapsed()
            self._show(status, elapsed.total_seconds())
            if status.is_finished:
                return status
            if self._timeout is not None and elapsed >= self._timeout:
                raise JobStillOpen(status, self._timeout.total_seconds(), self._some_open(job, status))
            self._service.sleep(self._pause(elapsed))

    def _look(self, job: Job) -> JobStatus:
        """By the totals; by the tasks where those have stood still for a while and the job is not finished by them."""
        status = JobStatus.of(job)
        now = self._service.clock.now()
        if status != self._seen:
            self._seen, self._changed, self._patience = status, now, STANDSTILL
        if status.is_finished or not status.is_settled or now - self._changed < self._patience:
            return status
        self._changed, self._patience = now, min(2 * self._patience, MOST_STANDSTILL)
        census = self._counted(job)
        return JobStatus.counted(job, census.counts) if census.advance() else status

    def _counted(self, job: Job) -> Census:
        """The census of as many tasks as the job has now: a cancelled one may have fewer than it had."""
        total = job.total or 0
        if self._census is None or self._census.total != total:
            self._census = Census(self._service.tasks, job.id, total)
        return self._census

    def _some_open(self, job: Job, status: JobStatus) -> list[Task]:
        census = self._counted(job) if job.total else Census(self._service.tasks, job.id, status.known)
        return census.some_open(NAMED)

    def _elapsed(self) -> timedelta:
        return self._service.clock.now() - self._began

    def _pause(self, elapsed: timedelta) -> float:
        pause = min(LAST_LOOK, max(FIRST_LOOK, elapsed.total_seconds() / 20))
        if self._timeout is None:
            return pause
        return min(pause, max(0.01, (self._timeout - elapsed).total_seconds()))
