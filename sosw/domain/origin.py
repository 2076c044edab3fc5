"""Where a job comes from: who submitted it, and the event that made them do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean

ENVELOPE_KEYS = ("by", "source_event")
"""Beside the job: in a job itself they would be payload."""
EVENT_KEYS = ("arn", "id", "time")
"""The rule's or the schedule's, the event's or the run's; EventBridge can fill in all three."""
MOST_CHARS = 2048
"""Of each text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """For people; a job delivered again from elsewhere keeps that of its first delivery."""

    by: str = ""
    """A user's name, or an ARN; empty where nobody said."""
    event: Mapping[str, str] | None = None
    """Those of `EVENT_KEYS` that were given."""

    @classmethod
    def of(cls, envelope: Mapping[str, Any]) -> Origin:
        """What an envelope says; without a `by`, the rule or the schedule itself is who submits.

        Raises `InvalidInput` for texts that are none, and for what is not kept of an event.
        """
        event = envelope.get("source_event") or {}
        if not isinstance(event, dict):
            raise InvalidInput([Problem("source_event", event, f"must be an object of {', '.join(EVENT_KEYS)}")])
        problems = list(_problems(envelope, event))
        if problems:
            raise InvalidInput(problems)
        return cls(by=envelope.get("by") or event.get("arn", ""), event=event or None)


def _problems(envelope: Mapping[str, Any], event: Mapping[Any, Any]) -> Iterator[Problem]:
    for name, value in {"by": envelope.get("by", ""), **{f"source_event.{key}": event[key] for key in event}}.items():
        if not isinstance(value, str) or len(value) > MOST_CHARS:
            yield Problem(name, value, f"must be a text of at most {MOST_CHARS:,} characters")
    for key in event:
        if key not in EVENT_KEYS:
            hint = did_you_mean(str(key), EVENT_KEYS)
            yield Problem(f"source_event.{key}", event[key], "is not kept of an event", hint)
