"""Rules of the gates switched off one by one: bugs that the die must find."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw import key_gate
from sosw.domain.bucket import TOKEN, Bucket
from sosw.domain.errors import SoswError, StaleRecord, StaleRow
from sosw.domain.records import Record
from sosw.domain.resources import Rate
from sosw.domain.slots import Name, SlotRow, is_unclaimed
from sosw.domain.task import Task, TaskId
from sosw.gates import Entry
from sosw.key_gate import Ring
from sosw.rate_gate import Purse
from sosw.testing import InMemoryRecordStore

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
MUTANTS: list[Mutant] = []


def mutant(plant: Mutant) -> Mutant:
    MUTANTS.append(plant)
    return plant


# --- keys ---


@mutant
def a_row_of_a_key_is_written_whatever_its_version(patch: Patch) -> None:
    careful = Ring._write

    def write(self: Ring, rows: Sequence[SlotRow], tasks: Sequence[Task]) -> None:
        latest = {row.number: row.version for row in self._gate.slots.rows(self._owner)}
        stale = [replace(row, version=latest.get(row.number, 0)) for row in rows]
        careful(self, stale, tasks)

    patch.setattr(Ring, "_write", write)


@mutant
def an_old_name_is_dropped_without_a_fence(patch: Patch) -> None:
    careful = Ring._ends

    def ends(self: Ring, name: Name, task: Task | None, *, grace: timedelta) -> bool:
        is_old = is_unclaimed(name, task) and name.since + grace <= self._gate.clock.now()
        return is_old or careful(self, name, task, grace=grace)

    patch.setattr(Ring, "_ends", ends)


@mutant
def what_was_not_started_is_let_go_unseen(patch: Patch) -> None:
    def let_go(_self: Ring, names: Mapping[TaskId, tuple[Task, int]]) -> dict[int, dict[TaskId, int]]:
        over: dict[int, dict[TaskId, int]] = {}
        for task_id, (task, row) in names.items():
            over.setdefault(row, {})[task_id] = task.version + 1
        return over

    patch.setattr(Ring, "_let_go", let_go)


@mutant
def a_running_attempt_is_taken_for_over(patch: Patch) -> None:
    def is_over(name: Name, task: Task | None) -> bool:
        return task is None or task.version > name.version

    patch.setattr(key_gate, "is_over", is_over)


@mutant
def a_dispatch_acts_on_names_that_another_wrote(patch: Patch) -> None:
    careful = Ring.enter

    def enter(self: Ring, tasks: Sequence[Task]) -> list[Task]:
        careful(self, tasks)
        return list(tasks)

    patch.setattr(Ring, "enter", enter)
    patch.setattr(Ring, "open_to", lambda _self, tasks: list(tasks))


@mutant
def an_unclear_write_of_a_row_is_taken_for_done(patch: Patch) -> None:
    careful = Ring.enter

    def enter(self: Ring, tasks: Sequence[Task]) -> list[Task]:
        try:
            return careful(self, tasks)
        except SoswError:
            return list(tasks)

    patch.setattr(Ring, "enter", enter)


@mutant
def a_lost_race_is_taken_for_won(patch: Patch) -> None:
    careful = Ring._write

    def write(self: Ring, rows: Sequence[SlotRow], tasks: Sequence[Task]) -> None:
        try:
            careful(self, rows, tasks)
        except StaleRow:
            self._held |= {task.id: (task, 0) for task in tasks}

    patch.setattr(Ring, "_write", write)


@mutant
def evidence_drops_names_of_its_own_version_too(patch: Patch) -> None:
    careful = Ring._rows

    def rows(self: Ring, tasks: Sequence[Task]) -> list[SlotRow]:
        kept = [{t: n for t, n in row.names.items() if n.version > self._ended.get(t, 0)} for row in self._read()]
        self._stored = [replace(row, names=names) for row, names in zip(self._read(), kept, strict=True)]
        return careful(self, tasks)

    patch.setattr(Ring, "_rows", rows)


@mutant
def a_task_that_was_let_in_is_let_in_at_any_version(patch: Patch) -> None:
    patch.setattr(Entry, "_is_inside", lambda self, task: task.id in self._inside)


@mutant
def a_name_without_a_claim_is_never_fenced(patch: Patch) -> None:
    patch.setattr(key_gate, "is_unclaimed", lambda *_: False)


@mutant
def a_waiting_task_with_an_old_name_is_not_looked_at(patch: Patch) -> None:
    patch.setattr(Ring, "_is_left", lambda *_: False)


@mutant
def what_is_over_is_not_dropped(patch: Patch) -> None:
    patch.setattr(Ring, "_over", lambda *_: {})


# --- rates ---


@mutant
def a_bucket_is_written_whatever_its_version(patch: Patch) -> None:
    careful = InMemoryRecordStore.write

    def write(self: InMemoryRecordStore, record: Record) -> Record:
        known = self.records.get(record.key)
        return careful(self, replace(record, version=known.version if known else 0))

    patch.setattr(InMemoryRecordStore, "write", write)


@mutant
def tokens_are_given_back_whoever_took_some_since(patch: Patch) -> None:
    def give_back(self: Purse, used: int) -> None:
        self._forget()
        bucket = self._bucket()
        unused = max(0, self.in_hand - used)
        with suppress(StaleRecord):
            self._write(replace(bucket, parts=min(self._rate.burst * TOKEN, bucket.parts + unused * TOKEN)))

    patch.setattr(Purse, "give_back", give_back)


@mutant
def an_unclear_take_is_counted_on(patch: Patch) -> None:
    careful = Purse._write

    def write(self: Purse, bucket: Bucket) -> None:
        try:
            careful(self, bucket)
        except StaleRecord:
            raise
        except SoswError:
            return

    patch.setattr(Purse, "_write", write)


@mutant
def a_bucket_grows_beyond_its_burst(patch: Patch) -> None:
    careful = Bucket.refilled

    def refilled(self: Bucket, rate: Rate, now: Any) -> Bucket:
        return careful(self, replace(rate, burst=rate.burst + 3), now)

    patch.setattr(Bucket, "refilled", refilled)


@mutant
def a_key_needs_no_tokens(patch: Patch) -> None:
    patch.setattr("sosw.gates._paid", lambda _tokens, _inside, tasks: tasks)


@mutant
def tokens_of_started_tasks_are_given_back(patch: Patch) -> None:
    careful = Entry.close

    def close(self: Entry, started: Collection[TaskId]) -> None:
        if self._purse:
            self._purse.give_back(0)
        careful(self, set(started))

    patch.setattr(Entry, "close", close)


@mutant
def a_token_pays_for_a_second_task_while_the_first_is_named(patch: Patch) -> None:
    def paid(tokens: Callable[[int], int], _inside: Any, tasks: Sequence[Task]) -> Sequence[Task]:
        return tasks[: tokens(len(tasks))]

    patch.setattr("sosw.gates._paid", paid)
