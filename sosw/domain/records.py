"""What is remembered of a labourer, of a resource, or of everything: small documents, each written under its version.

Settings are what people declare; records are what came of them: who paused it and why, the limit in force and its
reason, the state of a controller, the tokens of a rate limit. A record is read whole, and written whole by whoever
has seen its latest version; a log beside it keeps a sentence for every change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, NewType

from sosw.domain.task import LabourerName

ResourceName = NewType("ResourceName", str)

STATE = "state"
"""The one record of its owner that is read with every start of a wave."""


LOG_LIFE = timedelta(days=90)
"""So long a line of a log stays."""


class RecordKey(NamedTuple):
    """Whose record, and which of theirs."""

    owner: str
    """`labourer/NAME`, `resource/NAME`, or `everything`."""
    what: str = STATE


EVERYTHING = "everything"


def of_labourer(name: LabourerName | str, what: str = STATE) -> RecordKey:
    """The key of a labourer's record."""
    return RecordKey(f"labourer/{name}", what)


def of_resource(name: ResourceName | str, what: str = STATE) -> RecordKey:
    """The key of a resource's record."""
    return RecordKey(f"resource/{name}", what)


def of_everything(what: str = STATE) -> RecordKey:
    """The key of a record that holds for all labourers."""
    return RecordKey(EVERYTHING, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document at its version. `version` 0 means that it was never written."""

    key: RecordKey
    value: Mapping[str, Any] = field(default_factory=dict)
    """JSON. Moments are whole milliseconds since the epoch."""
    version: int = 0
    expires_at: datetime | None = None
    """When it may leave the table; None where it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of an owner's log: what changed, when, and why."""

    owner: str
    at: datetime
    what: Mapping[str, Any]
    """JSON: `why` is the sentence; `by` who did it, where it was a person."""
