"""Which dead tasks are meant, and how many there are of what: by labourer and class of error."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from sosw.domain.errors import invalid
from sosw.domain.moments import told
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])")
_TOLD = 3
"""Ids that are named in words."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOMENT = "must be an ISO moment with a time zone, such as 2026-01-31T06:00:00Z, or so long ago: 90m, 12h, 7d"


def error_of(task: Task) -> str:
    """The class of the error of its last attempt; empty where none is known."""
    return task.failures[-1].error if task.failures else ""


def moment(name: str, given: Any, now: datetime) -> datetime | None:
    """Of an aware moment, its ISO text, or a while ago (`12h`, a `timedelta`); raises `InvalidInput`."""
    if given is None:
        return None
    if isinstance(given, timedelta):
        return now - given
    if isinstance(given, str):
        ago = _AGO.fullmatch(given.strip())
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            given = datetime.fromisoformat(given.strip().replace("Z", "+00:00"))
        except ValueError as error:
            raise invalid(name, given, _MOMENT) from error
    if not isinstance(given, datetime) or given.tzinfo is None:
        raise invalid(name, str(given), _MOMENT)
    return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Dead tasks that have all of this in common."""

    ids: tuple[TaskId, ...] = ()
    labourers: tuple[LabourerName, ...] = ()
    """One of these; empty: any."""
    job: JobId | None = None
    error: str | None = None
    """A pattern of the class of its last error, such as `Timeout*`."""
    since: datetime | None = None
    """Died then or later."""
    before: datetime | None = None
    """Died earlier."""

    def takes(self, task: Task) -> bool:
        """Whether `task` is dead and meant."""
        return (
            task.state is TaskState.DEAD
            and (not self.ids or task.id in self.ids)
            and (not self.labourers or task.labourer in self.labourers)
            and self.job in {None, task.job_id}
            and (self.error is None or fnmatchcase(error_of(task), self.error))
            and (self.since is None or task.greenfield >= self.since)
            and (self.before is None or task.greenfield < self.before)
        )

    def __str__(self) -> str:
        """In words, short."""
        more = len(self.ids) - _TOLD
        ids = ", ".join(self.ids[:_TOLD]) + f" and {more:,} others" * (more > 0)
        parts = [
            ids,
            f"job {self.job}" if self.job else "",
            f"error {self.error}" if self.error is not None else "",
            f"since {told(self.since)}" if self.since else "",
            f"before {told(self.before)}" if self.before else "",
        ]
        return ", ".join(part for part in parts if part) or "all"


@dataclass(slots=True)
class DeadCount:
    """How many dead tasks there are of each labourer and error, and when the first and the last one died."""

    counts: Counter[tuple[LabourerName, str]] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, labourer: LabourerName, error: str, died_at: datetime) -> None:
        """Count one more."""
        self.counts[labourer, error] += 1
        self.first = min(self.first or died_at, died_at)
        self.last = max(self.last or died_at, died_at)

    @property
    def total(self) -> int:
        """All of them."""
        return self.counts.total()

    def by_labourer(self) -> Counter[LabourerName]:
        """Whatever their errors."""
        found: Counter[LabourerName] = Counter()
        for (labourer, _), count in self.counts.items():
            found[labourer] += count
        return found

    def rows(self) -> list[tuple[LabourerName, str, int]]:
        """Labourer, error and count: the most first, then by name."""
        rows = [(labourer, error, count) for (labourer, error), count in self.counts.items()]
        return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {
            "total": self.total,
            "counts": [{"labourer": labourer, "error": error, "dead": dead} for labourer, error, dead in self.rows()],
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
        }
