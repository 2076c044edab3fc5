"""Keeps what is too large for the table in the bucket: payloads for the Scheduler, results for the WorkerAssistant.

Workers have no rights on the bucket. They are lent a URL for the one object that is theirs: of their task's payload to
read it, of their attempt's result to write it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext
from sosw.domain.destinations import SUCCESS
from sosw.domain.errors import SourceUnavailable
from sosw.domain.jsontext import MAX_ANY_BYTES, MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES, MAX_STORED_BYTES, reportable
from sosw.domain.report import ACTIONS, COMPLETE
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
from sosw.domain.task import TaskId
from sosw.storage import ObjectsFailed

if TYPE_CHECKING:
    from sosw.domain.job import Job
    from sosw.domain.task import Task
    from sosw.storage import ObjectStore, UrlSigner

LOAN = timedelta(minutes=15)
"""So long a URL is good: an attempt asks for it when it needs it."""
STORED = "result_is_stored"
"""In a report: the result is where the URL that was lent led to."""


class Vault:
    """Over one bucket."""

    payload_limit = MAX_STORED_BYTES
    """Of a task's payload, and of what a job asks for, in bytes."""

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

    def received(self, event: Any) -> tuple[Any, str | None]:
        """The report, or the record of a destination, and where its result is: in the bucket, where that is too large
        for the table or lies there already.
        """
        plain, is_stored = _without_mark(event)
        told = _result_of(plain)
        if told is None:
            return plain, None
        task, attempt, name = told
        if is_stored:
            return {**plain, name: None}, url(self.objects.bucket, result_key(task, attempt))
        text = jsontext.dump(reportable(plain.get(name), MAX_ANY_BYTES)).encode()
        if len(text) <= MAX_RESULT_BYTES:
            return plain, None
        # Under a key of its own: the report may come twice with two results, and only the first one is taken.
        key = result_key(task, attempt, text)
        self.objects.put(key, text, kind=KIND)
        return {**plain, name: None}, url(self.objects.bucket, key)


class NoVault:
    """Where there is no bucket: what is too large is refused, or replaced by a note."""

    payload_limit = MAX_PAYLOAD_BYTES

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

    def received(self, event: Any) -> tuple[Any, str | None]:
        """As it is; nothing lies anywhere."""
        return _without_mark(event)[0], None


NO_VAULT = NoVault()


def _without_mark(event: Any) -> tuple[Any, bool]:
    """The report as its reader knows it, and whether it says that the result is in the bucket."""
    if not isinstance(event, dict):
        return event, False
    return {name: value for name, value in event.items() if name != STORED}, event.get(STORED) is True


def _result_of(event: Any) -> tuple[TaskId, int, str] | None:
    """Whose result it is, and under which key of the event it is; None for one without, or to be refused."""
    if not isinstance(event, dict):
        return None
    if _is_complete(event):
        task, attempt, name = event.get("task_id"), event.get("attempt", 1), "result"
    elif "action" not in event and isinstance(event.get("requestPayload"), dict) and _is_success(event):
        asked = event["requestPayload"]
        ours = asked.get("sosw")
        task, attempt = asked.get("task_id"), ours.get("attempt") if isinstance(ours, dict) else None
        name = "responsePayload"
    else:
        return None
    if not isinstance(task, str) or type(attempt) is not int:
        return None
    return TaskId(task), attempt, name


def _is_complete(report: dict[str, Any]) -> bool:
    action = report.get("action")
    return isinstance(action, str) and ACTIONS.get(action) == COMPLETE


def _is_success(record: dict[str, Any]) -> bool:
    context = record.get("requestContext")
    return isinstance(context, dict) and context.get("condition") == SUCCESS and "responsePayload" in record
