"""Slots: a labourer's limit as rows of names, each row changed by one conditional write on its version.

A row holds the names of what runs in its slots, and of what is about to run: it is the exact list of what occupies the
labourer's limit, and the write-ahead record of every start. To start tasks an Orchestrator reads the rows, leaves out
names that have ended, names candidates in free slots (one conditional write a row), then claims each named task *by the
named version*, then invokes. It never acts on a name that another wrote. Why the limit holds: a running attempt's name
is in a row from before its claim until after its end, and a row never gets a name beyond its capacity.

A name ends when its task has been seen not running at a later version than the named one (`is_over`). A name whose
task is still queued at the named version belongs to an Orchestrator that died, or sleeps: the sweep first raises the
task's version (the fence), then drops the name, so that a late claim fails.

A limit may change. It comes with a version, and every row says by which version it was last sized: who knows an older
one must not size it again. Rows are sized first, and tasks are named only on a reading that shows every row sized as
one's own version wants it. So nothing is named by a version before all rows are sized by it, and nothing by an earlier
version afterwards: whoever still has one finds the row changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sosw.domain.task import LabourerName, Task, TaskId, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROW_SLOTS = 16
"""Slots in a full row: 16 names of some 40 characters keep the row within one write unit (1 KB)."""
CLAIM_GRACE = timedelta(seconds=30)
"""How long a name may wait for its claim until the sweep takes its Orchestrator for dead: being wrong costs a retry."""


@dataclass(frozen=True, slots=True)
class Name:
    """A slot taken for a task at its version `version`."""

    version: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    """Row `number` of a labourer's slots. `version` 0 means that it was never written."""

    labourer: LabourerName
    number: int
    capacity: int = 0
    sized: int = 0
    """The version of the limit by which its capacity was set."""
    version: int = 0
    names: Mapping[TaskId, Name] = field(default_factory=dict)
    expires_at: datetime | None = None
    """When it may leave the table; None where it stays."""

    @property
    def free(self) -> int:
        """Slots that may take a name. A row that holds more than its capacity has none."""
        return max(0, self.capacity - len(self.names))

    def named(self, tasks: Sequence[Task], now: datetime) -> SlotRow:
        """With `tasks` named in free slots. The caller checks `free` and that no task is named already."""
        return replace(self, names={**self.names, **{t.id: Name(t.version, now) for t in tasks}})

    def without(self, ended: Mapping[TaskId, int]) -> SlotRow:
        """Without the names of ended attempts: `ended` maps a task to a version at which it was seen not running."""
        kept = {t: n for t, n in self.names.items() if n.version >= ended.get(t, 0)}
        return replace(self, names=kept)


def is_over(name: Name, task: Task | None) -> bool:
    """Whether the attempt that `name` stands for has ended, or can never start: its task has moved on."""
    if task is None:
        return True
    is_its_attempt = task.slot is not None and task.slot.version == name.version
    return task.version > name.version and not (task.state is TaskState.RUNNING and is_its_attempt)


def is_unclaimed(name: Name, task: Task | None) -> bool:
    """Whether the task still waits for the claim that `name` announced."""
    return task is not None and task.version == name.version and task.state is TaskState.QUEUED


def resized(rows: Iterable[SlotRow], labourer: LabourerName, limit: int, version: int = 0) -> list[SlotRow]:
    """All rows of the labourer as `limit`, at its `version`, sizes them, in order of their numbers.

    Full rows first. What a row holds above its new capacity is taken off the others, last row first, so that a falling
    limit admits nobody until enough has ended; it evicts nobody. Not for rows that a later version has sized.
    """
    known = {row.number: row for row in rows}
    count = max([-(-limit // ROW_SLOTS), *(n + 1 for n in known)])
    all_rows = [known.get(n) or SlotRow(labourer=labourer, number=n) for n in range(count)]
    wanted = [max(0, min(ROW_SLOTS, limit - n * ROW_SLOTS)) for n in range(count)]
    excess = sum(max(0, len(row.names) - want) for row, want in zip(all_rows, wanted, strict=True))
    for n in reversed(range(count)):
        taken = min(excess, max(0, wanted[n] - len(all_rows[n].names)))
        wanted[n] -= taken
        excess -= taken
    return [replace(row, capacity=want, sized=version) for row, want in zip(all_rows, wanted, strict=True)]


def to_size(rows: Iterable[SlotRow], stored: Iterable[SlotRow]) -> list[SlotRow]:
    """Those of the resized `rows` whose size is not that of the `stored` ones, in the order in which to write them.

    Those that keep their version and gain come last, so that they gain what another has lost. The others go from the
    last to the first: row 0 is read before all others, so who finds it at a version has all rows of that version.
    """
    before = {row.number: row for row in stored}
    pairs = [(row, before.get(row.number) or SlotRow(labourer=row.labourer, number=row.number)) for row in rows]
    changed = [(row, old) for row, old in pairs if (row.capacity, row.sized) != (old.capacity, old.sized)]
    changed.sort(key=lambda pair: (_only_gains(*pair), -pair[0].number))
    return [row for row, _ in changed]


def _only_gains(row: SlotRow, old: SlotRow) -> bool:
    return row.sized == old.sized and row.capacity > old.capacity
