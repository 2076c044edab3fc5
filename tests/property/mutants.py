"""Rules of the queue switched off one by one: bugs that the machine must find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import job as jobs
from sosw.domain import lifecycle, slots
from sosw.domain.errors import InvokeRefused, InvokeUncertain, StaleRow, StaleTask
from sosw.domain.job import Job, JobMove
from sosw.domain.lifecycle import Transition
from sosw.domain.messages import worker_event
from sosw.domain.retry import GiveUp, RetryAt, RetryPolicy
from sosw.domain.slots import Name, SlotRow
from sosw.domain.task import Failure, LabourerName, Task, TaskId, TaskState
from sosw.naming import Named, Naming
from sosw.scavenger import Scavenger
from sosw.slot_keeper import SlotKeeper
from sosw.starting import Starting
from sosw.testing import InMemorySlotStore, InMemoryTaskStore
from sosw.worker import Worker
from sosw.worker_assistant import WorkerAssistant

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
Doubtful = Sequence[tuple[Transition, Task]]
MUTANTS: list[Mutant] = []


def mutant(plant: Mutant) -> Mutant:
    MUTANTS.append(plant)
    return plant


def loosened(patch: Patch, move: str, **expectations: Any) -> None:
    """The transition `move` expects less of its task than it should."""
    careful: Callable[..., Transition] = getattr(lifecycle, move)
    patch.setattr(lifecycle, move, lambda *args, **kwargs: replace(careful(*args, **kwargs), **expectations))


@mutant
def a_claim_does_not_check_the_version(patch: Patch) -> None:
    loosened(patch, "claim", version=None)


@mutant
def a_claim_is_taken_from_any_state(patch: Patch) -> None:
    loosened(patch, "claim", version=None, states=tuple(TaskState))


@mutant
def a_success_does_not_check_its_attempt(patch: Patch) -> None:
    loosened(patch, "complete", attempt=None)


@mutant
def a_late_success_resurrects_the_dead(patch: Patch) -> None:
    loosened(patch, "complete", states=tuple(TaskState))


@mutant
def a_failure_does_not_check_its_attempt(patch: Patch) -> None:
    loosened(patch, "fail", attempt=None, version=None)
    patch.setattr(WorkerAssistant, "_fail", _fail_whatever_runs)


def _fail_whatever_runs(self: WorkerAssistant, report: Any) -> Task:
    task = self.tasks.get(report.task_id)
    if task is None or task.state is not TaskState.RUNNING:
        raise StaleTask(report.task_id, "fail", task)
    labourer = self.settings.labourer_or_default(task.labourer)
    failure = Failure(attempt=task.attempt, at=self.clock.now(), error="", message="")
    return self.tasks.apply(
        lifecycle.fail(task, failure, policy=labourer.retry, retention=labourer.retention, jitter=0)
    )


@mutant
def an_expiry_does_not_ask_whether_the_lease_is_over(patch: Patch) -> None:
    loosened(patch, "expire", lease_over=None, version=None)


@mutant
def a_sweep_drops_a_name_without_a_fence(patch: Patch) -> None:
    careful = Scavenger._ends

    def ends(self: Scavenger, labourer: Any, name: Name, task: Task | None) -> bool:
        return slots.is_unclaimed(name, task) or careful(self, labourer, name, task)

    patch.setattr(Scavenger, "_ends", ends)


@mutant
def a_sweep_fences_after_it_has_dropped(patch: Patch) -> None:
    loosened(patch, "fence", task_id=TaskId("a#0"), version=-1)
    patch.setattr(Scavenger, "_ends", lambda *_: True)


@mutant
def a_sweep_takes_a_running_attempt_for_over(patch: Patch) -> None:
    def is_over(name: Name, task: Task | None) -> bool:
        return task is None or task.version > name.version

    patch.setattr("sosw.scavenger.is_over", is_over)


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
def what_was_given_back_does_not_check_its_attempt(patch: Patch) -> None:
    loosened(patch, "give_back", attempt=None, version=None)


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
def a_worker_begins_although_its_lease_may_end_first(patch: Patch) -> None:
    patch.setattr(Worker, "_check_lease", lambda *_: None)


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


@mutant
def a_task_is_tried_once_more_than_its_policy_allows(patch: Patch) -> None:
    def decide(self: RetryPolicy, *, tries: int, now: Any, **_: Any) -> RetryAt | GiveUp:
        return GiveUp("") if tries > self.max_attempts else RetryAt(now)

    patch.setattr(RetryPolicy, "decide", decide)


@mutant
def a_replay_counts_attempts_from_one_again(patch: Patch) -> None:
    careful = lifecycle.replay

    def replay(task: Task, *, now: Any) -> Transition:
        move = careful(task, now=now)
        return replace(move, changes={**move.changes, "attempt": 0, "forgiven": 0})

    patch.setattr(lifecycle, "replay", replay)


@mutant
def creating_a_task_overwrites_it(patch: Patch) -> None:
    def create(self: InMemoryTaskStore, tasks: Sequence[Task]) -> int:
        for task in tasks:
            self._put(task)
        return len(tasks)

    patch.setattr(InMemoryTaskStore, "create", create)


@mutant
def a_job_that_was_begun_is_taken_for_written(patch: Patch) -> None:
    careful = jobs.hold

    def hold(job: Job, **times: Any) -> JobMove:
        move = careful(job, **times)
        return replace(move, changes={**move.changes, "cursor": job.cursor + 1})

    patch.setattr(jobs, "hold", hold)


@mutant
def nobody_goes_on_with_a_job_that_was_left(patch: Patch) -> None:
    patch.setattr(Scavenger, "_resume_jobs", lambda _: None)


@mutant
def a_scheduler_notes_a_batch_before_it_is_written(patch: Patch) -> None:
    careful = jobs.note

    def note(job: Job, *, until: Any, **come: int) -> JobMove:
        return careful(job, until=until, **{name: number + 1 for name, number in come.items()})

    patch.setattr(jobs, "note", note)


@mutant
def a_sweep_frees_nothing(patch: Patch) -> None:
    patch.setattr(SlotKeeper, "free", lambda *_: None)


@mutant
def a_sweep_does_not_look_at_leases(patch: Patch) -> None:
    careful = Scavenger._ends

    def ends(self: Scavenger, labourer: Any, name: Name, task: Task | None) -> bool:
        return not (task and task.state is TaskState.RUNNING) and careful(self, labourer, name, task)

    patch.setattr(Scavenger, "_ends", ends)


@mutant
def a_name_is_taken_for_dead_at_once_and_needs_no_fence(patch: Patch) -> None:
    patch.setattr("sosw.scavenger.CLAIM_GRACE", timedelta())
    a_sweep_drops_a_name_without_a_fence(patch)
