"""The jobs table in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw.domain import job as moves
from sosw.domain.errors import StaleJob
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.recount import FIRST_LOOK, Recount

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.job import Job, JobMove, Totals
    from sosw.domain.task import JobId


TOKENS = 8


class InMemoryJobStore:
    """A `JobStore`."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}
        self._counted: set[tuple[JobId, str]] = set()
        self._recounts: dict[JobId, Recount] = {}

    def open(self, job: Job) -> Job:
        """See `JobStore.open`."""
        if job.id not in self.jobs:
            self._recounts[job.id] = Recount(job_id=job.id, at=_ms(job.submitted_at + FIRST_LOOK))
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

    def count(self, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        """See `JobStore.count`."""
        job = self.jobs.get(job_id)
        if job and (job_id, token) not in self._counted:
            self._counted.add((job_id, token))
            self.jobs[job_id] = replace(job, totals=job.totals + totals)
            seen = self._recounts.get(job_id)
            if seen is None or seen.at is None:
                seen = _anew(job_id, again, seen)
            self._recounts[job_id] = replace(seen, batches=(*seen.batches, token)[-TOKENS:])

    def uncounted(self, now: datetime, limit: int) -> list[JobId]:
        """See `JobStore.uncounted`."""
        due = [(recount.at, job_id) for job_id, recount in self._recounts.items() if recount.at and recount.at <= now]
        return [job_id for _, job_id in sorted(due)][:limit]

    def recount(self, job_id: JobId) -> Recount | None:
        """See `JobStore.recount`."""
        job = self.jobs.get(job_id)
        seen = self._recounts.get(job_id, Recount(job_id=job_id, at=None))
        return replace(seen, totals=job.totals) if job else None

    def keep(self, seen: Recount, then: Recount) -> None:
        """See `JobStore.keep`."""
        now = self.recount(seen.job_id)
        must_stand = then.totals != seen.totals or then.at is None
        is_counted = now is not None and must_stand and now.batches != seen.batches
        if now is None or not _is_due_alike(now, seen) or is_counted:
            raise StaleJob(seen.job_id, "keep a recount of", self.jobs.get(seen.job_id))
        moments: dict[str, Any] = {name: getattr(then, name) for name in ("at", "settles", "begins")}
        kept_moments: dict[str, Any] = {name: at and _ms(at) for name, at in moments.items()}
        kept = replace(then, **kept_moments, batches=now.batches, totals=now.totals)
        self._recounts[seen.job_id] = kept
        if then.totals != seen.totals:
            self.jobs[seen.job_id] = replace(self.jobs[seen.job_id], totals=then.totals)

    def count_again(self, job_id: JobId, at: datetime) -> None:
        """See `JobStore.count_again`."""
        if job_id in self.jobs:
            self._recounts[job_id] = replace(_anew(job_id, at, self._recounts.get(job_id)), begins=_ms(at))


def _anew(job_id: JobId, at: datetime, seen: Recount | None) -> Recount:
    """From the first task on; what was counted by the stream, and what is owed, is known still."""
    anew = Recount(job_id=job_id, at=_ms(at))
    return replace(anew, batches=seen.batches, owed=seen.owed, debt=seen.debt) if seen else anew


def _is_due_alike(now: Recount, seen: Recount) -> bool:
    """Nobody has gone on with it, or has it counted again, since it was seen."""
    return all(one == (other and _ms(other)) for one, other in ((now.at, seen.at), (now.begins, seen.begins)))


def _stored(job: Job) -> Job:
    """Moments as the table keeps them, to the millisecond."""
    moments: dict[str, Any] = {name: getattr(job, name) for name in ("submitted_at", "not_before", "held_until")}
    kept: dict[str, Any] = {name: _ms(at) for name, at in moments.items() if at}
    return replace(job, **kept)


def _ms(moment: datetime) -> datetime:
    return from_ms(to_ms(moment))
