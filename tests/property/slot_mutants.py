"""Rules of slots and starts switched off one by one: bugs that the machine must find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sosw.domain import slots
from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvokeRefused, InvokeUncertain, StaleRow
from sosw.domain.lifecycle import Transition
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName, Task, TaskId, TaskState
from sosw.naming import Named, Naming
from sosw.slot_keeper import SlotKeeper
from sosw.starting import Starting
from sosw.testing import InMemorySlotStore
from tests.property.mutants import MUTANTS, Mutant, Patch, mutant

Doubtful = Sequence[tuple[Transition, Task]]


@mutant
def a_row_is_written_whatever_its_version(patch: Patch) -> None:
    def write(self: InMemorySlotStore, row: SlotRow) -> SlotRow:
        key = (row.labourer, row.number)
        self._rows[key] = replace(row, version=row.version + 1)
        return self._rows[key]

    patch.setattr(InMemorySlotStore, "write", write)


@mutant
def an_orchestrator_acts_on_names_that_another_wrote(patch: Patch) -> None:
    careful = Naming._write

    def write(self: Naming, rows: Sequence[SlotRow], stored: Any, tasks: list[Task], named: Named) -> None:
        chosen = {t.id for t, _ in named.tasks}
        for row in rows:
            found = [task for task in self.tasks.get_many(row.names).values() if task.id not in chosen]
            named.tasks += [(task, row.number) for task in found if task.state is TaskState.QUEUED]
        careful(self, rows, stored, tasks, named)

    patch.setattr(Naming, "_write", write)


@mutant
def a_lost_write_of_a_row_is_taken_for_done(patch: Patch) -> None:
    careful = SlotKeeper.write

    def write(self: SlotKeeper, row: SlotRow) -> SlotRow:
        try:
            return careful(self, row)
        except StaleRow:
            return row

    patch.setattr(SlotKeeper, "write", write)


@mutant
def a_failed_claim_is_evidence_against_every_row(patch: Patch) -> None:
    def free(self: SlotKeeper, labourer: LabourerName, own: Mapping[int, Mapping[TaskId, int]]) -> None:
        self.drop(labourer, {task: version for row in own.values() for task, version in row.items()})

    patch.setattr(SlotKeeper, "free", free)


@mutant
def a_claim_that_another_won_is_taken_for_ours(patch: Patch) -> None:
    def settle(self: Starting, _labourer: Any, doubtful: Doubtful, _started: Any) -> list[Task]:
        found = self.tasks.get_many(task.id for _, task in doubtful)
        return [task for task in found.values() if task.state is TaskState.RUNNING]

    patch.setattr(Starting, "_settle", settle)


@mutant
def evidence_drops_names_of_its_own_version_too(patch: Patch) -> None:
    def without(self: SlotRow, ended: Mapping[TaskId, int]) -> SlotRow:
        return replace(self, names={t: n for t, n in self.names.items() if n.version > ended.get(t, 0)})

    patch.setattr(SlotRow, "without", without)


@mutant
def an_unclear_invocation_is_taken_for_refused(patch: Patch) -> None:
    def invoke(self: Starting, wave: Any, task: Task) -> None:
        try:
            self.invoker.start(wave.labourer.arn, worker_event(task))
        except (InvokeRefused, InvokeUncertain):
            wave.refused.append((task, timedelta()))

    patch.setattr(Starting, "_invoke", invoke)


@mutant
def a_claim_without_a_clear_answer_frees_its_slot(patch: Patch) -> None:
    careful = Starting._settle

    def settle(self: Starting, labourer: Any, doubtful: Doubtful, started: Any) -> list[Task]:
        ours = careful(self, labourer, doubtful, started)
        unclear = {task.id: task.version + 1 for _, task in doubtful if task.id not in {t.id for t in ours}}
        self.slots.free(labourer.name, {claim.changes["slot"].row: unclear for claim, _ in doubtful})
        return ours

    patch.setattr(Starting, "_settle", settle)


@mutant
def a_falling_limit_forgets_what_is_held_above_it(patch: Patch) -> None:
    def resized(rows: Any, labourer: LabourerName, limit: int, version: int) -> list[SlotRow]:
        known = {row.number: row for row in rows}
        count = max([-(-limit // slots.ROW_SLOTS), *(n + 1 for n in known)])
        every = [known.get(n) or SlotRow(labourer=labourer, number=n) for n in range(count)]
        room = slots.ROW_SLOTS
        sizes = [max(0, min(room, limit - n * room)) for n in range(count)]
        return [replace(row, capacity=size, sized=version) for row, size in zip(every, sizes, strict=True)]

    patch.setattr("sosw.naming.resized", resized)


@mutant
def an_older_limit_sizes_rows_that_a_later_one_has_sized(patch: Patch) -> None:
    patch.setattr(Naming, "_limit", lambda _self, labourer, limits, _stored: limits.of(labourer))


@mutant
def a_row_does_not_say_by_which_limit_it_was_sized(patch: Patch) -> None:
    careful = slots.resized

    def resized(rows: Any, labourer: LabourerName, limit: int, version: int) -> list[SlotRow]:
        known = list(rows)
        before = {row.number: row.sized for row in known}
        return [replace(row, sized=before.get(row.number, version)) for row in careful(known, labourer, limit, version)]

    patch.setattr("sosw.naming.resized", resized)


@mutant
def who_lingers_takes_a_running_attempt_for_over(patch: Patch) -> None:
    patch.setattr("sosw.refilling.is_over", lambda name, task: task.version > name.version)


EVERY_MUTANT: list[Mutant] = MUTANTS
"""These and the others."""
