"""Rules of the queue switched off one by one: bugs that the machine must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import job as jobs
from sosw.domain import lifecycle, slots
from sosw.domain.errors import StaleTask
from sosw.domain.job import Job, JobMove
from sosw.domain.lifecycle import Transition
from sosw.domain.report import SNOOZE
from sosw.domain.retry import GiveUp, RetryAt, RetryPolicy
from sosw.domain.slots import Name
from sosw.domain.task import Failure, Task, TaskId, TaskState
from sosw.scavenger import Scavenger
from sosw.slot_keeper import SlotKeeper
from sosw.slot_sweep import SlotSweep
from sosw.testing import InMemoryTaskStore
from sosw.worker import Worker
from sosw.worker_assistant import WorkerAssistant

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
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
    patch.setattr(WorkerAssistant, "_end", _fail_whatever_runs)


@mutant
def a_snooze_does_not_check_its_attempt(patch: Patch) -> None:
    loosened(patch, "snooze", attempt=None, version=None)
    careful = WorkerAssistant._end

    def end(self: WorkerAssistant, report: Any) -> Task:
        if report.action != SNOOZE:
            return careful(self, report)
        task = self.tasks.get(report.task_id)
        if task is None or task.state is not TaskState.RUNNING:
            raise StaleTask(report.task_id, "snooze", task)
        return self.tasks.apply(self._snoozed(task, report))

    patch.setattr(WorkerAssistant, "_end", end)


@mutant
def a_snoozed_attempt_is_not_forgiven(patch: Patch) -> None:
    careful = lifecycle.snooze

    def snooze(task: Task, **how: Any) -> Transition:
        move = careful(task, **how)
        return replace(move, changes={**move.changes, "forgiven": task.forgiven})

    patch.setattr(lifecycle, "snooze", snooze)


@mutant
def a_snooze_is_taken_from_what_has_ended(patch: Patch) -> None:
    loosened(patch, "snooze", states=tuple(TaskState), version=None)
    careful = WorkerAssistant._end

    def end(self: WorkerAssistant, report: Any) -> Task:
        task = self.tasks.get(report.task_id)
        if report.action != SNOOZE or task is None or task.attempt != report.attempt:
            return careful(self, report)
        return self.tasks.apply(self._snoozed(task, report))

    patch.setattr(WorkerAssistant, "_end", end)


@mutant
def a_snooze_pays_for_failures_that_came_before(patch: Patch) -> None:
    careful = lifecycle.snooze

    def snooze(task: Task, **how: Any) -> Transition:
        move = careful(task, **how)
        return replace(move, changes={**move.changes, "forgiven": task.attempt + 1})

    patch.setattr(lifecycle, "snooze", snooze)


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
    careful = SlotSweep._ends

    def ends(self: SlotSweep, labourer: Any, name: Name, task: Task | None, place: int) -> bool:
        return slots.is_unclaimed(name, task) or careful(self, labourer, name, task, place)

    patch.setattr(SlotSweep, "_ends", ends)


@mutant
def a_sweep_fences_after_it_has_dropped(patch: Patch) -> None:
    loosened(patch, "fence", task_id=TaskId("a#0"), version=-1)
    patch.setattr(SlotSweep, "_ends", lambda *_: True)


@mutant
def a_sweep_takes_a_running_attempt_for_over(patch: Patch) -> None:
    def is_over(name: Name, task: Task | None) -> bool:
        return task is None or task.version > name.version

    patch.setattr("sosw.slot_sweep.is_over", is_over)


@mutant
def what_was_given_back_does_not_check_its_attempt(patch: Patch) -> None:
    loosened(patch, "give_back", attempt=None, version=None)


@mutant
def a_worker_begins_although_its_lease_may_end_first(patch: Patch) -> None:
    patch.setattr(Worker, "_check_lease", lambda *_: None)


@mutant
def a_task_is_tried_once_more_than_its_policy_allows(patch: Patch) -> None:
    def decide(self: RetryPolicy, *, tries: int, now: Any, **_: Any) -> RetryAt | GiveUp:
        return GiveUp("") if tries > self.max_attempts else RetryAt(now)

    patch.setattr(RetryPolicy, "decide", decide)


@mutant
def a_replay_counts_attempts_from_one_again(patch: Patch) -> None:
    careful = lifecycle.replay

    def replay(task: Task, **given: Any) -> Transition:
        move = careful(task, **given)
        return replace(move, changes={**move.changes, "attempt": 0, "forgiven": 0})

    patch.setattr(lifecycle, "replay", replay)


@mutant
def a_discard_is_taken_from_any_state(patch: Patch) -> None:
    loosened(patch, "discard", states=tuple(TaskState))


@mutant
def a_discarded_task_stays_in_the_line_of_the_dead(patch: Patch) -> None:
    careful = lifecycle.discard

    def discard(task: Task, **given: Any) -> Transition:
        move = careful(task, **given)
        return replace(move, changes={**move.changes, "queue": task.queue})

    patch.setattr(lifecycle, "discard", discard)


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
    careful = SlotSweep._ends

    def ends(self: SlotSweep, labourer: Any, name: Name, task: Task | None, place: int) -> bool:
        return not (task and task.state is TaskState.RUNNING) and careful(self, labourer, name, task, place)

    patch.setattr(SlotSweep, "_ends", ends)


@mutant
def a_name_is_taken_for_dead_at_once_and_needs_no_fence(patch: Patch) -> None:
    patch.setattr("sosw.slot_sweep.CLAIM_GRACE", timedelta())
    a_sweep_drops_a_name_without_a_fence(patch)
