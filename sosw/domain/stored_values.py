"""Values too large for the table: where they lie in the bucket, and who may be lent the right to one of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sosw.domain import jsontext
from sosw.domain.errors import InvalidInput, Problem, SoswError
from sosw.domain.task import TaskId, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sosw.domain.job import Job

STORE, FETCH = "store", "fetch"
"""What a Worker asks the WorkerAssistant for besides its reports: a URL to write its result to, or to read its payload
from.
"""
KIND = "application/json"
_LOAN_KEYS = ("action", "task_id", "attempt", "labourer")
_SCHEME = "s3://"


def payload_key(task_id: TaskId) -> str:
    """Of a task's payload."""
    return f"payloads/{_path(task_id)}.json"


def body_key(job: Job) -> str:
    """Of what a job was asked for: another one under the same id does not lie there."""
    return f"payloads/{quote(job.id, safe='')}/job-{_digest(job.body)[:32]}.json"


def result_key(task_id: TaskId, attempt: int, text: bytes | None = None) -> str:
    """Of what an attempt returned. With its `text`, another one that comes later lies elsewhere."""
    return f"results/{_path(task_id)}/{attempt}{f'-{hashlib.sha256(text).hexdigest()[:32]}' if text else ''}.json"


def url(bucket: str, key: str) -> str:
    """As it stands in the task."""
    return f"{_SCHEME}{bucket}/{key}"


def place(where: str) -> tuple[str, str]:
    """Bucket and key of such a URL; raises `SoswError` for another text."""
    bucket, _, key = where.removeprefix(_SCHEME).partition("/")
    if not where.startswith(_SCHEME) or not bucket or not key:
        raise SoswError(f"{where!r} is no place in a bucket: it must be s3://bucket/key")
    return bucket, key


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A Worker's wish for a URL."""

    action: str
    task_id: TaskId
    attempt: int

    @classmethod
    def from_event(cls, event: Any) -> Loan | None:
        """None for anything else (a report); raises `InvalidInput` for a wish that is none."""
        if not isinstance(event, dict) or event.get("action") not in {STORE, FETCH}:
            return None
        problems = list(_loan_problems(event))
        if problems:
            raise InvalidInput(problems)
        return cls(action=event["action"], task_id=TaskId(event["task_id"]), attempt=event["attempt"])

    def to_event(self) -> dict[str, Any]:
        """As the WorkerAssistant is invoked with."""
        return {"action": self.action, "task_id": self.task_id, "attempt": self.attempt}

    @property
    def key(self) -> str:
        """Of the one object that it is about."""
        return result_key(self.task_id, self.attempt) if self.action == STORE else payload_key(self.task_id)


def _loan_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    task, attempt = event.get("task_id"), event.get("attempt")
    if not isinstance(task, str) or "#" not in task:
        yield Problem("task_id", task, "must be the id of a task")
    if type(attempt) is not int or attempt < 1:
        yield Problem("attempt", attempt, "must be a whole number from 1")
    for key in event:
        if key not in _LOAN_KEYS:
            yield Problem(str(key), event[key], "is not part of it")


def shortened(job: Job, bucket: str) -> Job:
    """The job with its body in the bucket: on its row stand the labourer, and where the body is."""
    told = {"lambda_name": job.labourer, "body_at": url(bucket, body_key(job))}
    return replace(job, body=jsontext.dump(told))


def body_at(job: Job) -> str | None:
    """Where the body of a shortened job is; None for any other."""
    told = jsontext.load(job.body)
    return told.get("body_at") if "attributes" not in told else None


def lengthened(job: Job, body: bytes) -> Job:
    """The job as it was before."""
    return replace(job, body=body.decode())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _path(task_id: TaskId) -> str:
    job, number = parts_of(task_id)
    return f"{quote(job, safe='')}/{quote(number, safe='')}"
