"""The one call that changes anything: to the Scheduler's Lambda, and its answer awaited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sosw.aws.call_errors import FunctionFailed
from sosw.client.errors import JobRefused
from sosw.client.service import Service
from sosw.domain.errors import InvalidInput, SoswError, SourceUnavailable

REFUSALS = (InvalidInput.__name__, SourceUnavailable.__name__, "Runtime.HandlerError")
"""Names of what the Scheduler raises at its door; the last is all that the local stack tells of any exception."""


def answer(service: Service, event: Mapping[str, Any]) -> dict[str, Any]:
    """The Scheduler's. Raises `JobRefused` with its sentence, or a `SoswError` for whatever else went wrong."""
    try:
        said = service.call(service.names.scheduler, event)
    except (InvalidInput, SourceUnavailable) as refusal:
        raise JobRefused(str(refusal)) from refusal
    except FunctionFailed as failed:
        if failed.error in REFUSALS:
            raise JobRefused(failed.said) from failed
        raise
    if not isinstance(said, dict) or "labourer" not in said:
        name = service.names.scheduler
        raise SoswError(f"function {name} does not answer as a Scheduler of sosw does: is {name} another function?")
    return said
