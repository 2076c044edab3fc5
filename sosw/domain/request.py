"""A job as a user submits it: everything that can be checked at the door is checked here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.chunking import chunk
from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.job import Job
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, checked, parse_object
from sosw.domain.lifecycle import queued
from sosw.domain.messages import RESERVED_KEYS
from sosw.domain.task import JobId, Task, task_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sosw.domain.settings import EssentialSettings, Labourer

MAX_TASKS = 10_000_000
_ENVELOPE_KEYS = ("job", "idempotency_key", "logging_level", "test")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job as asked for, with everything that can be checked at the door checked."""

    labourer: Labourer
    schema: tuple[str, ...]
    attributes: Mapping[str, Any]
    """What is chunked into payloads."""
    key: str | None
    """The caller's idempotency key."""

    @classmethod
    def from_event(cls, event: Any, settings: EssentialSettings) -> JobRequest:
        """From the Scheduler's event: `{"job": {…} or its JSON}`, the job itself or its JSON; raises `InvalidInput`."""
        envelope = _object(event, "event")
        job = _in_envelope(envelope) if "job" in envelope else envelope
        if "lambda_name" not in job:
            hint = did_you_mean("", settings.labourers)
            raise invalid("lambda_name", None, "is missing: it names the labourer", hint)
        schema_name = job.get("job_schema_name", "default")
        if not isinstance(schema_name, str) or schema_name not in settings.job_schema_variants:
            hint = did_you_mean(str(schema_name), settings.job_schema_variants)
            raise invalid("job_schema_name", schema_name, "is not a job schema", hint)
        return cls(
            labourer=settings.labourer(job["lambda_name"]),
            schema=settings.job_schema_variants[schema_name],
            attributes={k: v for k, v in job.items() if k not in {"lambda_name", "job_schema_name", "idempotency_key"}},
            key=_key(envelope.get("idempotency_key", job.get("idempotency_key"))),
        )

    def job(self, request_id: str, now: datetime) -> Job:
        """The record to remember; `request_id` names it where the caller gave no key."""
        body = {"lambda_name": self.labourer.name, "schema": self.schema, "attributes": self.attributes}
        text = checked(body, "job", limit=MAX_PAYLOAD_BYTES)
        return Job(id=JobId(self.key or request_id), labourer=self.labourer.name, submitted_at=now, body=text)

    def tasks(self, job: Job, due: datetime) -> Iterator[Task]:
        """The tasks of `job`, one by one and the same at every call; raises `InvalidInput` for one that cannot work."""
        for sequence, payload in enumerate(chunk(self.attributes, self.schema, job.submitted_at.date())):
            if sequence >= MAX_TASKS:
                raise invalid("job", job.id, f"makes more than {MAX_TASKS:,} tasks")
            yield queued(
                Task(
                    id=task_id(job.id, sequence),
                    job_id=job.id,
                    labourer=self.labourer.name,
                    payload=_payload(payload),
                    created_at=job.submitted_at,
                    greenfield=due,
                )
            )


def _payload(payload: dict[str, Any]) -> dict[str, Any]:
    for key in RESERVED_KEYS:
        if key in payload:
            raise invalid(f"payload.{key}", payload[key], "is a name that sosw gives to Workers: choose another")
    checked(payload, "payload", limit=MAX_PAYLOAD_BYTES)
    return payload


def _object(value: Any, field: str) -> dict[str, Any]:
    if isinstance(value, str):
        return parse_object(value, field)
    if not isinstance(value, dict):
        raise invalid(field, value, "must be an object (or its JSON)")
    return value


def _in_envelope(envelope: dict[str, Any]) -> dict[str, Any]:
    for key, value in envelope.items():
        if key not in _ENVELOPE_KEYS:
            hint = did_you_mean(key, _ENVELOPE_KEYS)
            raise invalid(key, value, "stands beside the job, where it would be lost: put it into the job", hint)
    return _object(envelope["job"], "job")


def _key(key: Any) -> str | None:
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise invalid("idempotency_key", key, "must be 1 to 64 of A-Z a-z 0-9 . _ : -")
    return key
