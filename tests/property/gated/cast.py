"""Who plays: dispatches over the real gates, written as plainly as the protocol allows, and what their calls do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.errors import SoswError, StaleRecord, StaleRow
from sosw.domain.records import Record, RecordKey
from sosw.domain.settings import Labourer
from sosw.domain.slots import SlotRow, resized
from sosw.domain.task import Task, TaskId, TaskState
from sosw.gates import Entry, Gates
from sosw.ports import Clock, Outcome
from sosw.testing import InMemoryRecordStore
from tests.property.world import effects
from tests.property.world.ports import Reach, SteppedSlots, SteppedTasks
from tests.property.world.stepping import Call

Role = Any


class SteppedRecords:
    """A `RecordStore`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        return {key: self._reach(Call("read_record", (key,))) for key in keys}

    def write(self, record: Record) -> Record:
        written: Record = self._reach(Call("write_record", (record,)))
        return written

    def note(self, entry: Any) -> None:
        raise NotImplementedError

    def log(self, owner: str, limit: int) -> list[Any]:
        raise NotImplementedError


class Effects(effects.Effects):
    """With records."""

    def __init__(self, witness: Any) -> None:
        super().__init__(witness)
        self.records = InMemoryRecordStore()

    def perform(self, call: Call, lag: int) -> Any:
        if call.name == "read_record":
            return self.records.read(call.args)[call.args[0]]
        return super().perform(call, lag)

    def write_record(self, record: Record) -> Record:
        return self.records.write(record)

    def _try(self, call: Call, lag: int) -> Any:
        try:
            return super()._try(call, lag)
        except StaleRecord as stale:
            return stale


@dataclass
class Ledger:
    """When the token of each start was taken, at the earliest and at the latest."""

    taken: dict[tuple[TaskId, int], tuple[datetime, datetime]] = field(default_factory=dict)
    started: list[Task] = field(default_factory=list)
    """As they were named; a claim that took effect unseen starts nothing."""

    def spans(self, key: str | None = None) -> list[tuple[datetime, datetime]]:
        """Of all starts, or of those of a key."""
        return [self.taken[(t.id, t.version)] for t in self.started if key in {None, t.key}]

    def note(self, task: Task, since: datetime, until: datetime) -> None:
        first, last = self.taken.get((task.id, task.version), (since, until))
        self.taken[(task.id, task.version)] = (min(first, since), max(last, until))


def dispatcher(labourer: Labourer, clock: Clock, true: Clock, ended: Mapping[TaskId, int], ledger: Ledger) -> Role:
    """One dispatch, as the Orchestrator makes it."""

    def role(reach: Reach) -> None:
        tasks, slots = SteppedTasks(reach), SteppedSlots(reach)
        entry = Gates(records=SteppedRecords(reach), slots=slots, tasks=tasks, clock=clock).entry(labourer, ended)
        kept: set[TaskId] = set()
        try:
            for task, row in _named(labourer, clock, true, ended, ledger, tasks, slots, entry):
                claim = lifecycle.claim(task, row=row, now=clock.now(), lease=labourer.lease)
                if _is_ours(tasks, claim, tasks.apply_all([claim])[0]):
                    kept.add(task.id)
                    ledger.started.append(task)
        finally:
            entry.close(kept)  # a crash ends the process here too, at its next call

    return role


def _named(
    labourer: Labourer, clock: Clock, true: Clock, ended: Mapping[TaskId, int], ledger: Ledger,
    tasks: SteppedTasks, slots: SteppedSlots, entry: Entry,
) -> list[tuple[Task, int]]:  # fmt: skip
    """Due tasks that the gates let in, and we have named in the labourer's rows."""
    named: list[tuple[Task, int]] = []
    since = true.now()
    for _ in range(3):
        stored = slots.rows(labourer.name)
        rows = resized((r.without(ended) for r in stored), labourer.name, labourer.max_simultaneous_invocations)
        names = {task for row in rows for task in row.names}
        ids = [i for i in tasks.due(lifecycle.queue_key(labourer.name), clock.now(), 99) if i not in names]
        found = tasks.get_many(ids, is_consistent=False).values()
        due = [t for t in found if t.state is TaskState.QUEUED and t.version >= ended.get(t.id, 0)]
        let_in = entry.admit(due, sum(row.free for row in rows))
        for task in let_in:
            ledger.note(task, since, true.now())
        try:
            _write(slots, rows, {row.number: row for row in stored}, let_in, clock.now(), named)
        except StaleRow:
            continue
        except SoswError:
            pass
        return named
    return named


def _write(
    slots: SteppedSlots, rows: list[SlotRow], before: dict[int, SlotRow], waiting: list[Task], now: datetime,
    named: list[tuple[Task, int]],
) -> None:  # fmt: skip
    for row in rows:
        chosen, waiting = waiting[: row.free], waiting[row.free :]
        wanted = row.named(chosen, now)
        if wanted != before.get(row.number):
            slots.write(wanted)
            named += [(task, row.number) for task in chosen]


def _is_ours(tasks: SteppedTasks, claim: lifecycle.Transition, outcome: Outcome) -> bool:
    if outcome is Outcome.APPLIED:
        return True
    seen = tasks.get(claim.task_id)
    return seen is not None and seen.state is TaskState.RUNNING and seen.slot == claim.changes["slot"]
