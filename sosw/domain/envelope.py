"""What a job comes in: the Scheduler's event is the job itself, or an object with the job and what goes with it."""

from __future__ import annotations

from typing import Any

from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.jsontext import parse_object
from sosw.domain.origin import ENVELOPE_KEYS

_ENVELOPE_KEYS = ("job", "idempotency_key", *ENVELOPE_KEYS, "logging_level", "test")


def opened(event: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job, and the object that it stands in, empty where there is none; raises `InvalidInput`.

    Either may be an object or its JSON.
    """
    envelope = _object(event, "event")
    return (_job_in(envelope), envelope) if "job" in envelope else (envelope, {})


def _object(value: Any, field_name: str) -> dict[str, Any]:
    if isinstance(value, str):
        return parse_object(value, field_name)
    if not isinstance(value, dict):
        raise invalid(field_name, value, "must be an object (or its JSON)")
    return value


def _job_in(envelope: dict[str, Any]) -> dict[str, Any]:
    for key, value in envelope.items():
        if key not in _ENVELOPE_KEYS:
            hint = did_you_mean(key, _ENVELOPE_KEYS)
            raise invalid(key, value, "stands beside the job, where it would be lost: put it into the job", hint)
    return _object(envelope["job"], "job")
