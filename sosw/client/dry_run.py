"""What a job would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What the Scheduler would make of a job, of which nothing was written."""

    labourer: str
    tasks: int
    """How many it would make."""
    first: Mapping[str, Any] | None
    """The payload of the first one."""
    last: Mapping[str, Any] | None
    """The payload of the last one."""
    skipped_lines: int
    """Bad lines of its source that would be left out."""
    dollars: float
    """About what sosw costs for them, at list prices, by the sizes of the first 1,000 payloads and the last one.

    Without the Worker's own run time, what it returns, and attempts that fail.
    """

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> DryRun:
        """From the Scheduler's answer."""
        said = {each.name: answer[each.name] for each in fields(cls)}
        return cls(**{**said, "first": _as_submitted(said["first"]), "last": _as_submitted(said["last"])})

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {"dry_run": True, **{each.name: getattr(self, each.name) for each in fields(self)}}


def _as_submitted(payload: Any) -> Any:
    """Without the wish for a dry run, which is payload like most keys of a job."""
    return payload and {key: value for key, value in payload.items() if key != "dry_run"}
