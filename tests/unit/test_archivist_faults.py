"""The archive when something fails: no line is lost, and no job waits for another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from sosw import archivist as module
from sosw.archivist import AT_ONCE
from sosw.domain import lifecycle
from sosw.domain.errors import SoswError
from sosw.domain.job import Job, Totals
from sosw.domain.recount import FIRST_LOOK
from sosw.domain.task import JobId, Task, TaskId
from sosw.domain.watch import Watch
from sosw.storage import ObjectsFailed
from sosw.testing import InMemoryJobStore, InMemoryObjects, InMemoryTaskStore
from tests.factories import LABOURER, LEASE, NOW
from tests.unit.archiving import MINUTE, a_world, archived, end, submit, sweep, watched


class Failing(InMemoryObjects):
    """Fails the put of that number, before or after it took effect."""

    def __init__(self, number: int, *, is_done: bool) -> None:
        super().__init__()
        self.number, self.is_done = number, is_done

    def put(self, key: str, body: bytes, *, kind: str) -> None:
        self.number -= 1
        if self.number or self.is_done:
            super().put(key, body, kind=kind)
        if not self.number:
            raise ObjectsFailed(self.bucket, "writing", "slow down")


@pytest.mark.parametrize("is_done", [False, True])
def test_what_could_not_be_written_is_written_by_the_next_sweep_into_the_same_object(*, is_done: bool) -> None:
    world = a_world()
    world.objects = Failing(1, is_done=is_done)
    end(world, 0, 1, 2)
    assert sweep(world, FIRST_LOOK) == {"archive_failed": 1}
    assert sweep(world, 4 * MINUTE) == {}
    assert sweep(world, 2 * MINUTE)["archived"] == 3
    assert len(world.objects.objects) == 1
    assert archived(world) == {"j#0 done": 1, "j#1 done": 1, "j#2 done": 1}


class Unreadable(InMemoryTaskStore):
    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        ids = list(task_ids)
        if ids[0].startswith("bad#"):
            raise ValueError("no JSON")
        return super().get_many(ids, is_consistent=is_consistent)


def test_a_job_that_cannot_be_read_delays_no_other() -> None:
    world = a_world(1, key="bad")
    submit(world, 1, "good")
    end(world, 0, key="bad")
    end(world, 0, key="good")
    store = Unreadable()
    store.tasks = world.tasks.tasks
    world.tasks = store
    assert sweep(world, FIRST_LOOK) == {"archived": 1, "objects": 1, "archive_failed": 1}
    assert archived(world) == {"good#0 done": 1}


@pytest.mark.parametrize("first_jobs", [AT_ONCE, AT_ONCE - 1])
def test_no_number_of_jobs_that_come_each_minute_is_more_than_a_sweep_archives(first_jobs: int) -> None:
    world = a_world(1)
    end(world, 0)
    for number in range(1, first_jobs + AT_ONCE):
        submit(world, 1, f"k{number}")
        end(world, 0, key=f"k{number}")
    assert sweep(world, FIRST_LOOK)["archived"] == first_jobs + AT_ONCE


def test_a_job_whose_row_cannot_be_read_is_put_off_and_leaves_its_place_to_others() -> None:
    world = a_world(1, key="bad")
    submit(world, 1, "good")
    end(world, 0, key="good")

    class Unread(InMemoryJobStore):
        def get(self, job_id: JobId) -> Job | None:
            if job_id == "bad":
                raise ValueError("no JSON")
            return super().get(job_id)

    unread = Unread()
    unread.jobs, unread._recounts = world.jobs.jobs, world.jobs._recounts
    world.jobs = unread
    assert sweep(world, FIRST_LOOK) == {"archived": 1, "objects": 1, "archive_failed": 1}
    assert sweep(world, MINUTE) == {}
    assert sweep(world, 4 * MINUTE) == {"archive_failed": 1}


def test_a_job_that_cannot_be_archived_for_long_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    world = a_world(1)
    end(world, 0)
    assert sweep(world, 67 * MINUTE)["archive_late"] == 1
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["archive.late"]


def test_where_buckets_fail_the_other_jobs_are_not_tried_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 1)
    world = a_world(1)
    submit(world, 1, "k")
    world.objects = Failing(1, is_done=False)
    end(world, 0)
    end(world, 0, key="k")
    assert sweep(world, FIRST_LOOK) == {"archive_failed": 1}
    assert watched(world, "k").version == 1


def test_a_table_that_does_not_answer_is_left_to_the_next_sweep() -> None:
    world = a_world()

    class Silent:
        def due(self, *_: Any) -> list[Watch]:
            raise SoswError("no answer")

    assert world.archivist(watches=Silent()).run(lambda: True) == {"archive_failed": 1}


def test_half_a_character_in_what_was_said_of_a_task_holds_up_no_archive() -> None:
    world = a_world(2)
    half = "\ud83d"  # as a cut text of JavaScript ends, and as a shell hands over a byte that is no UTF-8
    task = world.tasks.apply(lifecycle.claim(world.tasks.tasks[TaskId("j#0")], row=0, now=NOW, lease=LEASE))
    said = {"error": f"E{half}", "message": half, "trace": half, "is_retryable": False}
    world.assistant()({"action": "fail", "task_id": task.id, "attempt": 1, "labourer": LABOURER, **said})
    (failure,) = world.tasks.tasks[task.id].failures
    assert (failure.error, failure.message, failure.trace) == ("E?", "?", "?")
    world.tasks.tasks[task.id] = replace(world.tasks.tasks[task.id], ruling=f"replayed by ann: {half}")
    world.jobs.count(JobId("j"), Totals(dead=1), token="t", again=NOW)
    end(world, 1)
    assert sweep(world, FIRST_LOOK)["archived"] == 2
    assert archived(world) == {"j#0 dead": 1, "j#1 done": 1}


def test_nothing_that_goes_wrong_with_the_archive_ends_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(1)
    end(world, 0)
    monkeypatch.setattr(world.watches, "due", lambda *_: 1 / 0)
    assert sweep(world, FIRST_LOOK) == {"archive_failed": 1}
