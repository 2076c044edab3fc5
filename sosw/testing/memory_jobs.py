"""The jobs table in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw.domain import job as moves
from sosw.domain.moments import from_ms, to_ms

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.job import Job, JobMove, Totals
    from sosw.domain.task import JobId


class InMemoryJobStore:
    """A `JobStore`."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}
        self._counted: set[tuple[JobId, str]] = set()

    def open(self, job: Job) -> Job:
        """See `JobStore.open`."""
        return self.jobs.setdefault(job.id, _stored(job))

    def get(self, job_id: JobId) -> Job | None:
        """See `JobStore.get`."""
        return self.jobs.get(job_id)

    def apply(self, move: JobMove) -> Job:
        """See `JobStore.apply`."""
        self.jobs[move.job_id] = job = _stored(moves.apply(move, self.jobs.get(move.job_id)))
        return job

    def left(self, now: datetime, limit: int) -> list[JobId]:
        """See `JobStore.left`."""
        held = [(job.held_until, job.id) for job in self.jobs.values() if job.state.is_open and job.held_until]
        return [job_id for until, job_id in sorted(held) if until <= now][:limit]

    def recent(self, limit: int, *, before: datetime) -> list[Job]:
        """See `JobStore.recent`."""
        known = [job for job in self.jobs.values() if job.submitted_at < before]
        return sorted(known, key=lambda job: job.submitted_at, reverse=True)[:limit]

    def count(self, job_id: JobId, totals: Totals, *, token: str) -> None:
        """See `JobStore.count`."""
        job = self.jobs.get(job_id)
        if job and (job_id, token) not in self._counted:
            self._counted.add((job_id, token))
            self.jobs[job_id] = replace(job, totals=job.totals + totals)


def _stored(job: Job) -> Job:
    """Moments as the table keeps them, to the millisecond."""
    moments: dict[str, Any] = {name: getattr(job, name) for name in ("submitted_at", "not_before", "held_until")}
    kept: dict[str, Any] = {name: from_ms(to_ms(at)) for name, at in moments.items() if at}
    return replace(job, **kept)
