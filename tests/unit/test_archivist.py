"""The archive: one line for each closed task before it leaves, whatever dies where."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw import archivist as module
from sosw.domain import lifecycle
from sosw.domain.job import Totals
from sosw.domain.recount import FIRST_LOOK
from sosw.domain.task import JobId, TaskId, TaskState
from tests.factories import DAY, LABOURER, NOW, World, seconds
from tests.unit.archiving import MINUTE, a_world, archived, end, lines, submit, sweep, watched


def test_a_finished_job_has_a_line_for_each_task_and_is_looked_at_no_more() -> None:
    world = a_world()
    end(world, 0, 1)
    end(world, 2, state="dead")
    world.tasks.tasks[TaskId("j#2")] = replace(world.tasks.tasks[TaskId("j#2")], state=TaskState.CANCELLED)
    world.jobs.count(JobId("j"), Totals(dead=-1, cancelled=1), token="discarded", again=NOW)
    assert sweep(world, FIRST_LOOK) == {"archived": 3, "objects": 1}
    assert archived(world) == {"j#0 done": 1, "j#1 done": 1, "j#2 cancelled": 1}
    assert [task.result for task in lines(world)][:2] == [0, 1]
    assert (watched(world).due, watched(world).dates, watched(world).bucket) == (None, ("2026-01-01",), "bucket")
    assert sweep(world, 30 * DAY) == {}


def test_nothing_is_looked_at_before_its_moment() -> None:
    world = a_world()
    end(world, 0, 1, 2)
    assert sweep(world, FIRST_LOOK - MINUTE) == {}
    assert world.objects.puts == []


def test_many_small_jobs_share_an_object() -> None:
    world = a_world(1)
    for n in range(20):
        submit(world, 1, f"k{n}")
        end(world, 0, key=f"k{n}")
    end(world, 0)
    assert sweep(world, FIRST_LOOK) == {"archived": 21, "objects": 1}


def test_an_open_job_is_not_read_before_the_totals_say_that_it_is_finished_or_it_must_be() -> None:
    world = a_world(retention_days=30)
    end(world, 0)
    for _ in range(30):
        sweep(world, DAY / 2 - MINUTE)
        assert lines(world) == []
    sweep(world, 31 * MINUTE)
    assert archived(world) == {"j#0 done": 1}
    end(world, 1, 2)
    sweep(world, DAY / 2)
    assert archived(world) == {"j#0 done": 1, "j#1 done": 1, "j#2 done": 1}
    assert watched(world).due is None


def test_totals_that_missed_a_task_only_make_the_archive_later() -> None:
    world = a_world(retention_days=1)
    end(world, 0, 1, 2)
    world.jobs.count(JobId("j"), Totals(done=-1), token="lost", again=NOW)
    sweep(world, FIRST_LOOK)
    assert lines(world) == []
    for _ in range(30):
        sweep(world, 30 * MINUTE)
    assert archived(world) == {"j#0 done": 1, "j#1 done": 1, "j#2 done": 1}


def test_totals_that_say_too_much_end_nothing() -> None:
    world = a_world()
    end(world, 0, 1)
    world.jobs.count(JobId("j"), Totals(done=1), token="twice", again=NOW)
    sweep(world, FIRST_LOOK)
    assert watched(world).due is not None
    end(world, 2)
    sweep(world, 10 * MINUTE)
    assert archived(world)["j#2 done"] == 1


def test_a_dead_task_that_is_replayed_is_archived_again_at_its_later_version() -> None:
    world = a_world(1, retention_days=2)
    end(world, 0, state="dead")
    sweep(world, FIRST_LOOK)
    dead = world.tasks.tasks[TaskId("j#0")]
    world.clock.advance(seconds=DAY.total_seconds())
    world.tasks.apply(lifecycle.replay(dead, now=world.clock.now()))
    end(world, 0)
    for _ in range(4):
        sweep(world, DAY / 4)
    assert archived(world) == {"j#0 dead": 1, "j#0 done": 1}
    versions = {task.state: task.version for task in lines(world)}
    assert versions[TaskState.DONE] > versions[TaskState.DEAD]
    assert watched(world).due is None


def test_dead_tasks_are_watched_until_they_have_left_and_read_only_when_they_must_be() -> None:
    world = a_world(1, retention_days=30)
    end(world, 0, state="dead")
    sweep(world, FIRST_LOOK)
    for _ in range(20):
        assert "archived" not in sweep(world, DAY / 2)
    assert watched(world).due is not None
    del world.tasks.tasks[TaskId("j#0")]
    for _ in range(20):
        sweep(world, DAY / 2)
    assert watched(world).due is None


def test_tasks_of_a_job_that_is_still_being_written_are_archived_too_also_those_not_noted_yet() -> None:
    world = a_world(5, retention_days=1)
    job = world.jobs.jobs[JobId("j")]
    world.jobs.jobs[JobId("j")] = replace(job, total=None, cursor=2)
    end(world, 0, 4)
    sweep(world, 13 * timedelta(hours=1))
    assert archived(world) == {"j#0 done": 1, "j#4 done": 1}
    assert watched(world).due is not None


def test_a_job_whose_row_is_gone_is_looked_at_no_more() -> None:
    world = a_world(1)
    del world.jobs.jobs[JobId("j")]
    assert sweep(world, FIRST_LOOK) == {}
    assert watched(world).due is None


def test_a_long_job_is_archived_by_several_sweeps_each_from_where_the_last_one_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "READ_AT_ONCE", 2)
    world = a_world(7)
    end(world, *range(7))
    world.clock.advance(seconds=FIRST_LOOK.total_seconds())
    for expected in (2, 4, 6, 7, 7):
        times = iter([True, False, False, False])
        world.archivist().run(lambda: next(times, False))  # noqa: B023  (called at once)
        assert len(lines(world)) == expected
        world.clock.advance(seconds=1)
    sweep(world)
    assert set(archived(world).values()) == {1}
    assert watched(world).due is None


def test_a_batch_that_is_full_is_written_and_the_reading_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_AT_ONCE", 2)
    monkeypatch.setattr(module, "MOST_CHARS", 500)
    world = a_world(7)
    end(world, *range(7))
    assert sweep(world, FIRST_LOOK) == {"archived": 7, "objects": 4}
    assert set(archived(world).values()) == {1}


def test_who_was_overtaken_at_a_job_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_AT_ONCE", 2)
    monkeypatch.setattr(module, "MOST_LINES", 2)
    world = a_world(6)
    end(world, *range(6))
    world.clock.advance(seconds=FIRST_LOOK.total_seconds())

    def overtake() -> bool:
        known = watched(world)
        if known.begun:
            world.watches.save(known)
        return True

    assert world.archivist().run(overtake) == {"archived": 2, "objects": 1}


def test_two_scavengers_at_a_time_archive_a_job_once() -> None:
    world = a_world()
    end(world, 0, 1, 2)
    world.clock.advance(seconds=FIRST_LOOK.total_seconds())
    first, second = world.archivist(), world.archivist()
    assert first.run(lambda: bool(second.run(lambda: True)) or True) == {}
    assert len(world.objects.puts) == 1
    assert archived(world) == {"j#0 done": 1, "j#1 done": 1, "j#2 done": 1}


def test_a_job_cancelled_once_more_is_looked_at_once_more() -> None:
    world = a_world()
    end(world, 0, 1, 2)
    sweep(world, FIRST_LOOK)
    world.submit({"sosw": {"cancel": "j", "by": "ada", "why": "a test"}})
    assert watched(world).due is not None


def test_nothing_is_watched_when_the_archive_is_switched_off() -> None:
    world = World()
    world.config["archive"] = False
    world.submit({"lambda_name": LABOURER, "idempotency_key": "j"})
    assert world.watches.watches == {}


def test_the_scavenger_archives_each_minute_and_counts_it() -> None:
    world = a_world()
    end(world, 0, 1, 2)
    world.clock.advance(seconds=FIRST_LOOK.total_seconds())
    scavenger = world.scavenger(archivist=world.archivist())
    scavenger.sweep()
    assert scavenger.stats["archived"] == 3
    scavenger.sweep(remaining=lambda: seconds(5))
    assert scavenger.stats["archived"] == 3


def test_without_time_no_job_is_begun() -> None:
    world = a_world()
    end(world, 0, 1, 2)
    assert sweep(world, FIRST_LOOK, has_time=lambda: False) == {}
    assert watched(world).version == 1
