"""Turns a business job into tasks, each exactly once."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, invalid
from sosw.domain.job import Job, JobState
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from sosw.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sosw.ports import Clock, JobStore, TaskStore

log = logging.getLogger(__name__)

WRITE_BATCH = 200
"""Tasks handed to the store at a time: it writes them in parallel calls of 25."""


class Scheduler(Processor):
    """Chunks a job and writes its tasks. Delivered twice, or begun again after a crash, a job yields each task once."""

    def __init__(
        self, custom_config: Mapping[str, Any] | None = None, *, tasks: TaskStore, jobs: JobStore, clock: Clock
    ) -> None:
        super().__init__(custom_config)
        self.settings = EssentialSettings.from_mapping(self.config)
        self.tasks, self.jobs, self.clock = tasks, jobs, clock

    def submit(self, event: Any, *, request_id: str) -> dict[str, Any]:
        """Write the job's tasks; `request_id` names the job where its `idempotency_key` does not.

        Raises `InvalidInput` before the first write for a job that cannot work. Begun again after any interruption, it
        goes through all tasks anew: those that are there stay untouched.
        """
        if self.settings.problems:
            raise InvalidInput(self.settings.problems)
        request = JobRequest.from_event(event, self.settings)
        offered = request.job(request_id, self.clock.now())
        for _ in request.tasks(offered, offered.submitted_at):
            pass  # raises for a task that cannot work, before the first one is written
        job = self._open(offered)
        if job.state is JobState.READY:
            log.info("job.duplicate", extra={"job_id": job.id, "labourer": job.labourer})
            return _answer(job, total=job.total or 0, created=0, is_duplicate=True)
        total, created = self._write(request, job)
        self.jobs.ready(job.id, total)
        log.info("job.scheduled", extra={"job_id": job.id, "labourer": job.labourer, "tasks": total})
        return _answer(job, total=total, created=created, is_duplicate=False)

    def _open(self, offered: Job) -> Job:
        job = self.jobs.open(offered)
        if job.body != offered.body:
            raise invalid("idempotency_key", job.id, "was given to another job before: choose a new one")
        return job

    def _write(self, request: JobRequest, job: Job) -> tuple[int, int]:
        """How many tasks the job has, and how many of them are new."""
        total = created = 0
        tasks = request.tasks(job, self.clock.now())
        while batch := list(islice(tasks, WRITE_BATCH)):
            total += len(batch)
            created += self.tasks.create(batch)
            self.stats["tasks_created"] = created
        return total, created


def _answer(job: Job, *, total: int, created: int, is_duplicate: bool) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "labourer": job.labourer,
        "tasks": total,
        "created": created,
        "duplicate": is_duplicate,
    }
