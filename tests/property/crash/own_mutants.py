"""Rules of what comes after a task's end, switched off one by one: bugs that no other checker looks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sosw.archivist import Archivist
from sosw.dead_notices import DeadNotices
from sosw.domain import lifecycle, watch
from sosw.domain.job import Job, Totals
from sosw.domain.tally import Counted
from sosw.domain.task import JobId, Task
from sosw.domain.watch import Watch
from sosw.recounting import Recounting
from sosw.scheduler import Scheduler
from sosw.tallies import Tallies
from sosw.testing import InMemoryJobStore
from sosw.vault import Vault
from tests.property.mutants import Mutant, Patch

OWN: list[Mutant] = []


def mutant(plant: Mutant) -> Mutant:
    OWN.append(plant)
    return plant


@mutant
def the_archive_notes_a_job_before_its_lines_are_written(patch: Patch) -> None:
    careful = Archivist._write

    def write(self: Archivist) -> None:
        for each in self._ready:
            self.watches.save(each)
        self._ready = []
        careful(self)

    patch.setattr(Archivist, "_write", write)


@mutant
def the_archive_leaves_the_dead_out(patch: Patch) -> None:
    careful = Watch.wants
    patch.setattr(Watch, "wants", lambda self, task: task.state.value != "dead" and careful(self, task))


@mutant
def the_archive_does_not_look_again_at_a_job_with_dead_tasks(patch: Patch) -> None:
    careful = Watch.saw
    patch.setattr(Watch, "saw", lambda self, task: replace(careful(self, task), met_dead=False))


@mutant
def the_archive_does_not_look_again_at_what_was_open(patch: Patch) -> None:
    careful = Watch.saw
    patch.setattr(Watch, "saw", lambda self, task: replace(careful(self, task), met_open=False))


@mutant
def the_archive_goes_by_totals_alone(patch: Patch) -> None:
    patch.setattr(Watch, "under", lambda self, _retention: replace(self, read_by=self.since + timedelta(days=9)))
    patch.setattr("sosw.domain.watch.read", lambda ours, *_: replace(ours, due=None))


@mutant
def a_job_is_watched_once_its_tasks_are_written_and_by_no_check(patch: Patch) -> None:
    patch.setattr("sosw.recounting.found_unwatched", lambda job, now: watch.ended(watch.found(job, now)))
    careful = Scheduler._go_on

    def go_on(self: Scheduler, job: Job, remaining: Any, *, is_resumed: bool) -> dict[str, Any]:
        watches, self._watches = self._watches, None
        done = careful(self, job, remaining, is_resumed=is_resumed)
        self._watches = watches
        if watches:
            watches.watch(watch.first(job, self._retention(job)))
        return done

    patch.setattr(Scheduler, "_go_on", go_on)


@mutant
def deaths_are_marked_before_they_are_told(patch: Patch) -> None:
    careful = DeadNotices._notify

    def notify(self: DeadNotices, looks: Any) -> bool:
        for look in looks:
            self._mark(look.told({"notice"}, self._clock.now()))
        return careful(self, looks)

    patch.setattr(DeadNotices, "_notify", notify)


@mutant
def what_was_told_is_not_marked(patch: Patch) -> None:
    patch.setattr(DeadNotices, "_mark", lambda _self, _record: None)


@mutant
def deaths_are_looked_for_where_the_stream_tells_of_them_alone(patch: Patch) -> None:
    careful = DeadNotices._due

    def due(self: DeadNotices, record: Any, now: datetime) -> Any:
        return careful(self, replace(record, value={**record.value, "known": []}), now)

    patch.setattr(DeadNotices, "_due", due)


@mutant
def a_batch_of_the_stream_is_counted_as_often_as_it_comes(patch: Patch) -> None:
    careful, numbers = Counted.with_batch, iter(range(10**9))
    patch.setattr(Counted, "with_batch", lambda self, added, token: careful(self, added, f"{next(numbers)}{token}"))


@mutant
def totals_are_never_counted_anew(patch: Patch) -> None:
    patch.setattr(Recounting, "run", lambda _self, _has_time: 0)
    patch.setattr(Recounting, "end", lambda _self, _reading: False)


@mutant
def totals_that_were_right_are_not_checked_when_a_batch_comes_late(patch: Patch) -> None:
    careful = InMemoryJobStore.count

    def count(self: InMemoryJobStore, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        seen = self.recount(job_id)
        careful(self, job_id, totals, token=token, again=again)
        if seen and seen.at is None:
            self._recounts[job_id] = replace(self._recounts[job_id], at=None)

    patch.setattr(InMemoryJobStore, "count", count)


@mutant
def a_correction_is_added_as_often_as_it_is_tried(patch: Patch) -> None:
    careful, numbers = Tallies.correct, iter(range(10**9))
    patch.setattr(Tallies, "correct", lambda self, *what, token: careful(self, *what, token=f"{next(numbers)}{token}"))


@mutant
def a_large_payload_is_written_after_its_task(patch: Patch) -> None:
    careful = Vault._put

    def put(self: Vault, key: str, text: bytes) -> str:
        return careful(self, f"{key}-late" if "payload" in key else key, text).removesuffix("-late")

    patch.setattr(Vault, "_put", put)


@mutant
def a_replayed_task_keeps_the_end_of_its_life(patch: Patch) -> None:
    careful = lifecycle.replay

    def replay(task: Task, **given: Any) -> lifecycle.Transition:
        move = careful(task, **given)
        kept = {name: value for name, value in move.changes.items() if name not in {"closed_at", "expires_at"}}
        return replace(move, changes=kept)

    patch.setattr(lifecycle, "replay", replay)
