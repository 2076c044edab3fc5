"""How a job's totals are counted anew, by its tasks: what the stream has lost is put right once the job has ended.

    opened ──► due ──► some of its tasks are counted ──► … ──► all are, and have been closed for QUIET: right for good
                ▲                     │                                                                       │
                ├─ an open task: later ┘                                                                       │
                └───── a batch of the stream is counted all the same: the write that adds it says so ──────────┘

A task that is closed is counted for good; so the count goes on from where it stopped, and each task is read about once:
by whoever reads it first, the recount or the archive. What was counted is compared with the totals when no part of the
stream can speak of those tasks any more. Only a dead one can come back: when some are dead, and the stream has brought
news since the count began, it begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from sosw.domain.job import Job, Totals
from sosw.domain.lifecycle import MAX_FAILURES
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.task import TaskState, task_id

if TYPE_CHECKING:
    from sosw.domain.task import JobId, Task, TaskId

QUIET = timedelta(minutes=5)
"""So long after a write the stream may still tell of it: records are dropped after a minute, an invocation takes two at
most; clocks differ."""
FIRST_LOOK = QUIET + timedelta(minutes=1)
"""After the submission: of a job that ended within a minute, nothing is told any more."""
LATEST = timedelta(hours=1)
"""A job that is still open is looked at again after a quarter of its age, but within this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """How far it is with a job; a part of the row of its totals."""

    job_id: JobId
    at: datetime | None
    """When somebody is to go on with it; None: its totals are right, or can no longer be counted."""
    number: int = 0
    """Tasks counted so far: all with a lower number were closed for good."""
    found: Totals = field(default_factory=Totals)
    """What became of those."""
    is_cut: bool = False
    """Of some of them not all failures are known any more."""
    since: str = ""
    """The last batch of the stream that was counted when this count began."""
    settles: datetime | None = None
    """Until then the stream may tell of those counted; None where none is."""
    begins: datetime | None = None
    """Nothing that is read before counts: somebody is moving dead tasks. None: whatever is read counts."""
    owed: Totals = field(default_factory=Totals)
    """What was added to the totals when they were mended, and the labourer's tally has not heard of for certain."""
    debt: str = ""
    """Its name, by which the tally knows it again."""
    totals: Totals = field(default_factory=Totals)
    """As they stand."""
    batches: tuple[str, ...] = ()
    """The batches of the stream that were counted last: while they are these, `totals` stand."""

    @property
    def last_batch(self) -> str:
        """Empty where none was counted yet."""
        return self.batches[-1] if self.batches else ""

    def begun(self) -> Recount:
        """From the first task on."""
        return replace(self, number=0, found=Totals(), is_cut=False, since=self.last_batch, settles=None)

    def with_next(self, tasks: Mapping[TaskId, Task], end: int) -> Recount:
        """With those from `number` on and below `end` that are closed, up to the first that is open or not there."""
        found = (tasks.get(task_id(self.job_id, number)) for number in range(self.number, end))
        return self.with_closed(task for task in takewhile(_is_closed, found) if task)

    def with_closed(self, tasks: Iterable[Task]) -> Recount:
        """With the next tasks, all of them closed."""
        closed = list(tasks)
        states = [task.state for task in closed]
        added = Totals(
            created=len(closed),
            done=states.count(TaskState.DONE),
            failed=sum(len(task.failures) for task in closed),
            dead=states.count(TaskState.DEAD),
            cancelled=states.count(TaskState.CANCELLED),
        )
        is_cut = self.is_cut or any(len(task.failures) >= MAX_FAILURES for task in closed)
        settles = max((_settles(task) for task in closed), default=None)
        return replace(
            self,
            number=self.number + len(closed),
            found=self.found + added,
            is_cut=is_cut,
            settles=max((at for at in (self.settles, settles) if at), default=None),
        )

    def may_begin(self, now: datetime) -> bool:
        """What is read now counts."""
        return self.begins is None or self.begins <= now

    def is_settled(self, now: datetime) -> bool:
        """The stream has told of all those counted, or never will."""
        return self.settles is None or self.settles <= now

    @property
    def is_stale(self) -> bool:
        """A dead task may have been replayed since the count began."""
        return bool(self.found.dead) and self.since != self.last_batch

    @property
    def right(self) -> Totals:
        """What the totals of a job must be whose tasks are all counted."""
        failed = max(self.found.failed, self.totals.failed) if self.is_cut else self.found.failed
        return replace(self.found, failed=failed)

    def mended(self, at: datetime) -> Recount:
        """With the totals that its tasks say; the tally is to hear of the difference, from `at` on."""
        debt = f"{self.job_id} {self.last_batch} {self.right}"
        return replace(self, at=at, totals=self.right, owed=self.drift, debt=debt)

    def paid(self) -> Recount:
        """The tally has heard."""
        return replace(self, owed=Totals(), debt="")

    @property
    def drift(self) -> Totals:
        """What is to be added to the totals; all 0 where they are right."""
        names = Totals.__dataclass_fields__
        return Totals(**{name: getattr(self.right, name) - getattr(self.totals, name) for name in names})

    def progress(self) -> dict[str, Any]:
        """What is kept of it besides `at`, the totals and the batches."""
        counts = {"found": _counts(self.found), "owed": _counts(self.owed)}
        moments = {name: at and to_ms(at) for name, at in (("settles", self.settles), ("begins", self.begins))}
        told = {"number": self.number, "is_cut": self.is_cut, "since": self.since, "debt": self.debt}
        return {**told, **counts, **moments}


def progress_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a `Recount` by what `progress` has kept."""
    moments = {name: given.get(name) and from_ms(given[name]) for name in ("settles", "begins")}
    counts = {name: Totals(**given.get(name, {})) for name in ("found", "owed")}
    return {**given, **counts, **moments} if given else {}


def is_closed_for_good(task: Task, now: datetime) -> bool:
    """The stream has told of its end, or never will."""
    return task.state.is_closed and _settles(task) <= now


def next_look(job: Job, now: datetime) -> datetime:
    """When to look again at a job that is open."""
    return now + min(LATEST, max(QUIET, (now - job.submitted_at) / 4))


def _counts(totals: Totals) -> dict[str, int]:
    return {name: getattr(totals, name) for name in Totals.__dataclass_fields__}


def _is_closed(task: Task | None) -> bool:
    return task is not None and task.state.is_closed


def _settles(task: Task) -> datetime:
    return (task.closed_at or task.greenfield) + QUIET
