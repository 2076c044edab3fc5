"""Who plays: dispatches over the real gates, written as plainly as the protocol allows, and what their calls do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import SoswError, StaleRecord, StaleRow
from sosw.domain.records import Record, RecordKey
from sosw.domain.settings import Labourer
from sosw.domain.slots import SlotRow, resized
from sosw.domain.task import Task, TaskId, TaskState
from sosw.gates import Gates
from sosw.line import Line
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
        pytest.fail(f"gates keep no log: {entry}")

    def log(self, owner: str, limit: int) -> list[Any]:
        pytest.fail(f"gates read no log: {owner}, {limit}")


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
        _Dispatch(reach, labourer, clock, true, ended).run(ledger)

    return role


class _Dispatch:
    def __init__(
        self, reach: Reach, labourer: Labourer, clock: Clock, true: Clock, ended: Mapping[TaskId, int]
    ) -> None:
        self.labourer, self.clock, self.true, self.ended = labourer, clock, true, ended
        self.tasks, self.slots = SteppedTasks(reach), SteppedSlots(reach)
        gates = Gates(records=SteppedRecords(reach), slots=self.slots, tasks=self.tasks, clock=clock)
        self.entry = gates.entry(labourer, ended)
        self.named: list[tuple[Task, int]] = []

    def run(self, ledger: Ledger) -> None:
        started: set[TaskId] = set()
        try:
            self._name(ledger)
            for task, row in self.named:
                claim = lifecycle.claim(task, row=row, now=self.clock.now(), lease=self.labourer.lease)
                if self._is_ours(claim, self.tasks.apply_all([claim])[0]):
                    started.add(task.id)
                    ledger.started.append(task)
        finally:
            self.entry.close(started)  # a crash ends the process here too, at its next call

    def _name(self, ledger: Ledger) -> None:
        """Due tasks that the gates let in, in the labourer's rows."""
        since = self.true.now()
        for _ in range(3):
            stored = self.slots.rows(self.labourer.name)
            rows = resized((r.without(self.ended) for r in stored), self.labourer.name, self._limit)
            let_in = self.entry.admit(self._due(rows), sum(row.free for row in rows))
            for task in let_in:
                ledger.note(task, since, self.true.now())
            try:
                self._write(rows, {row.number: row for row in stored}, let_in)
            except StaleRow:
                continue
            except SoswError:
                return
            return

    @property
    def _limit(self) -> int:
        return self.labourer.max_simultaneous_invocations

    def _due(self, rows: list[SlotRow]) -> list[Task]:
        names = {task for row in rows for task in row.names}
        ids = Line(self.tasks).due(self.labourer, self.clock.now(), 99)
        found = self.tasks.get_many([i for i in ids if i not in names], is_consistent=False).values()
        return [t for t in found if t.state is TaskState.QUEUED and t.version >= self.ended.get(t.id, 0)]

    def _write(self, rows: list[SlotRow], before: dict[int, SlotRow], waiting: list[Task]) -> None:
        for row in rows:
            chosen, waiting = waiting[: row.free], waiting[row.free :]
            wanted = row.named(chosen, self.clock.now())
            if wanted != before.get(row.number):
                self.slots.write(wanted)
                self.named += [(task, row.number) for task in chosen]

    def _is_ours(self, claim: lifecycle.Transition, outcome: Outcome) -> bool:
        if outcome is Outcome.APPLIED:
            return True
        seen = self.tasks.get(claim.task_id)
        return seen is not None and seen.state is TaskState.RUNNING and seen.slot == claim.changes["slot"]
