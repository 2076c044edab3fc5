"""Keeps what is too large for the table in the bucket: payloads for the Scheduler, results for the WorkerAssistant.

Workers have no rights on the bucket. They are lent a URL for the one object that is theirs: of their task's payload to
read it, of their attempt's result to write it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain import jsontext
from sosw.domain.errors import SourceUnavailable
from sosw.domain.jsontext import MAX_ANY_BYTES, MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES, MAX_STORED_BYTES
from sosw.domain.report import COMPLETE
from sosw.domain.stored_values import (
    FETCH,
    KIND,
    Loan,
    body_at,
    body_key,
    lengthened,
    payload_key,
    place,
    result_key,
    shortened,
    url,
)
from sosw.storage import ObjectsFailed

if TYPE_CHECKING:
    from sosw.domain.job import Job
    from sosw.domain.report import Report
    from sosw.domain.task import Task
    from sosw.storage import ObjectStore, UrlSigner

LOAN = timedelta(minutes=15)
"""So long a URL is good: an attempt asks for it when it needs it."""


class Vault:
    """Over one bucket."""

    payload_limit = MAX_STORED_BYTES
    """Of a task's payload, and of what a job asks for, in bytes."""
    result_limit = MAX_ANY_BYTES
    """Of what a Worker returned."""

    def __init__(self, objects: ObjectStore, signer: UrlSigner) -> None:
        self.objects, self.signer = objects, signer

    # --- for the Scheduler ---

    def stowed(self, task: Task) -> tuple[Task, int]:
        """The task, and how many bytes of its payload stay with it: none of one that is too large for the table; then
        it has the place where that is now.

        Raises `SourceUnavailable` where that cannot be written now.
        """
        text = jsontext.dump(task.payload).encode()
        if len(text) <= MAX_PAYLOAD_BYTES:
            return task, len(text)
        return replace(task, payload={}, payload_at=self._put(payload_key(task.id), text)), 0

    def short(self, job: Job) -> Job:
        """The job as its row can hold it, its body in the bucket where it is too large; raises as `stowed`."""
        body = job.body.encode()
        if len(body) <= MAX_PAYLOAD_BYTES:
            return job
        self._put(body_key(job), body)
        return shortened(job, self.objects.bucket)

    def whole(self, job: Job) -> Job:
        """The job with its body; raises `SourceUnavailable` where that cannot be read now."""
        at = body_at(job)
        if at is None:
            return job
        try:
            body = self.objects.get(place(at)[1])
        except ObjectsFailed as failed:
            raise SourceUnavailable(at, f"cannot be read now: {failed}") from failed
        if body is None:
            raise SourceUnavailable(at, "is what the job asks for, and has left the bucket")
        return lengthened(job, body)

    def _put(self, key: str, body: bytes) -> str:
        at = url(self.objects.bucket, key)
        try:
            self.objects.put(key, body, kind=KIND)
        except ObjectsFailed as failed:
            raise SourceUnavailable(at, f"cannot be written now: {failed}") from failed
        return at

    # --- for the WorkerAssistant ---

    def lend(self, loan: Loan) -> str | None:
        """The URL that a Worker wants."""
        sign = self.signer.to_get if loan.action == FETCH else self.signer.to_put
        return sign(loan.key, LOAN)

    def kept(self, report: Report) -> tuple[Report, str | None]:
        """The report, and where its result is: in the bucket, where that is too large for the table or lies there
        already.
        """
        if report.action != COMPLETE:
            return report, None
        if report.result_is_stored:
            return replace(report, result=None), url(self.objects.bucket, result_key(report.task_id, report.attempt))
        text = jsontext.dump(report.result).encode()
        if len(text) <= MAX_RESULT_BYTES:
            return report, None
        # Under a key of its own: the report may come twice with two results, and only the first one is taken.
        key = result_key(report.task_id, report.attempt, text)
        self.objects.put(key, text, kind=KIND)
        return replace(report, result=None), url(self.objects.bucket, key)


class NoVault:
    """Where there is no bucket: what is too large is refused, or replaced by a note."""

    payload_limit, result_limit = MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES

    def stowed(self, task: Task) -> tuple[Task, int]:
        """As it is; its size matters to nobody."""
        return task, 0

    def short(self, job: Job) -> Job:
        """As it is."""
        return job

    def whole(self, job: Job) -> Job:
        """As it is; raises `SourceUnavailable` for one whose body lies in a bucket."""
        at = body_at(job)
        if at is not None:
            raise SourceUnavailable(at, "is what the job asks for, but sosw has no bucket any more")
        return job

    def lend(self, loan: Loan) -> str | None:
        """Nothing."""
        del loan
        return None

    def kept(self, report: Report) -> tuple[Report, str | None]:
        """As it is; nothing lies anywhere."""
        return report, None


NO_VAULT = NoVault()
