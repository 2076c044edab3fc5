"""Waiting, by totals that are late or wrong as well; results, failures, an end."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from sosw.client import JobStillOpen, SubmittedJob, TasksGone, UnknownJob
from sosw.client.census import BATCH
from sosw.domain.job import JobState, Totals
from sosw.domain.task import JobId, task_id
from tests.unit.client.conftest import SHOPS, ClientWorld


def a_job(world: ClientWorld, tasks: int = 3) -> SubmittedJob:
    return world.client.submit("sales", idempotency_key="k", **SHOPS, shops=[f"s{n}" for n in range(tasks)])


def test_a_status_is_of_the_moment_and_cannot_be_changed(world: ClientWorld) -> None:
    job = a_job(world)
    world.count()
    before = job.status()
    world.end("k", 0)
    world.end("k", 1, is_dead=True)
    world.count()
    after = job.refresh().known_status

    assert (before.state, before.total, before.created, before.open) == (JobState.READY, 3, 3, 3)
    assert (after.done, after.dead, after.failed, after.open, after.is_finished) == (1, 1, 1, 1, False)
    assert str(after) == "2 of 3 tasks closed (1 done, 1 dead, 1 open)"
    with pytest.raises(FrozenInstanceError):
        before.done = 9  # type: ignore[misc]


def test_counting_tells_what_waits_and_what_runs(world: ClientWorld) -> None:
    job = a_job(world)
    world.end("k", 0)
    world.orchestrator()({})
    status = job.status(count=True)

    assert (status.done, status.running, status.queued, status.is_counted) == (1, 2, 0, True)
    assert str(status) == "1 of 3 tasks closed (1 done, 0 dead, 2 running, 0 queued)"


def test_a_wait_ends_when_the_totals_say_that_all_is_closed(world: ClientWorld) -> None:
    job = a_job(world)
    world.meanwhile = [lambda: world.end("k", 0, 1, 2), world.count]
    began = world.clock.now()
    status = job.wait()

    assert (status.done, status.is_finished, status.is_counted) == (3, True, False)
    assert world.clock.now() - began == timedelta(seconds=1)


@pytest.mark.parametrize(
    "drift",
    [Totals(), Totals(created=3, done=1), Totals(created=9, done=7), Totals(created=3, done=4, dead=1)],
    ids=["nothing came", "a batch was missed", "counted twice", "too many closed"],
)
def test_totals_that_drifted_never_hang_a_wait(world: ClientWorld, drift: Totals) -> None:
    job = a_job(world)
    world.end("k", 0, 1)
    world.end("k", 2, is_dead=True)
    world.drift("k", drift)
    began = world.clock.now()
    status = job.wait(timeout=60)

    assert (status.done, status.dead, status.created, status.is_counted) == (2, 1, 3, True)
    assert world.clock.now() - began <= timedelta(seconds=7)


def test_a_task_that_ends_after_the_totals_stopped_is_still_found(world: ClientWorld) -> None:
    job = a_job(world)
    world.meanwhile = [*[lambda: None] * 30, lambda: world.end("k", 0, 1, 2)]

    assert job.wait(timeout=600).done == 3


def test_standing_still_reads_no_closed_task_twice_and_few_open_ones(world: ClientWorld) -> None:
    job = a_job(world, tasks=3 * BATCH)
    world.end("k", *range(2 * BATCH))
    asked: list[int] = []
    get_many = world.tasks.get_many

    def counted(ids: object, **how: bool) -> object:
        wanted = list(ids)  # type: ignore[call-overload]
        asked.append(len(wanted))
        return get_many(wanted, **how)

    world.tasks.get_many = counted  # type: ignore[assignment,method-assign]
    with pytest.raises(JobStillOpen):
        job.wait(timeout=40)

    assert asked[:3] == [BATCH] * 3
    assert len(asked) <= 3 + 2 + 1  # twice more the first batch that is open, once to name open tasks


def test_a_time_out_says_what_is_still_open(world: ClientWorld) -> None:
    job = a_job(world)
    world.end("k", 0)
    world.count()
    with pytest.raises(TimeoutError) as told:
        job.wait(timeout=timedelta(seconds=3))

    error = told.value
    assert isinstance(error, JobStillOpen)
    assert (error.status.open, [task.id for task in error.open_tasks]) == (2, ["k#1", "k#2"])
    assert str(error).startswith(
        "job k is not finished after 3 s: 1 of 3 tasks closed (1 done, 0 dead, 2 open): k#1 queued"
    )


def test_a_time_out_of_nothing_looks_once(world: ClientWorld) -> None:
    job = a_job(world)
    began = world.clock.now()
    with pytest.raises(JobStillOpen):
        job.wait(timeout=0)
    assert world.clock.now() == began


def test_results_come_in_the_order_of_their_numbers_some_hundred_at_a_time(world: ClientWorld) -> None:
    job = a_job(world, tasks=BATCH + 10)
    world.end("k", *range(BATCH + 9, 0, -1))
    found = list(job.results())

    assert [each.number for each in found] == list(range(1, BATCH + 10))
    assert (found[0].task_id, found[0].payload, found[0].result) == ("k#1", {**SHOPS, "shops": ["s1"]}, {"n": 1})


def test_failures_tell_why(world: ClientWorld) -> None:
    job = a_job(world)
    world.end("k", 1, is_dead=True)
    (dead,) = job.failures()

    assert (dead.number, dead.attempts, dead.payload["shops"]) == (1, 1, ["s1"])
    assert [(failure.error, failure.message) for failure in dead.failures] == [("ValueError", "no")]


def test_tasks_that_left_the_table_are_told_and_end_a_wait(world: ClientWorld) -> None:
    job = a_job(world)
    world.end("k", 0, 1, 2)
    del world.tasks.tasks[task_id(JobId("k"), 1)]
    status = job.wait(timeout=60)
    results = job.results()

    assert (status.done, status.gone, status.is_finished) == (2, 1, True)
    assert [next(results).number, next(results).number] == [0, 2]
    with pytest.raises(TasksGone, match="1 of its 3 tasks are no longer in the table"):
        next(results)


def test_a_cancelled_job_is_waited_for_until_what_runs_has_ended(world: ClientWorld) -> None:
    job = a_job(world)
    world.orchestrator()({})
    world.count()
    status = job.cancel(why="the wrong year", by="ada")
    world.count()
    running = [task for task in world.tasks.tasks.values() if not task.state.is_closed]

    assert (status.state, status.cancelled_by, status.cancelled_why) == (JobState.CANCELLED, "ada", "the wrong year")
    assert (len(running), job.status().cancelled, job.status().is_finished) == (2, 1, False)
    for task in running:
        world.assistant()({"action": "complete", "task_id": task.id, "attempt": 1, "labourer": "sales"})
    world.count()
    assert (job.wait(timeout=1).done, job.wait(timeout=1).cancelled) == (2, 1)


def test_a_job_whose_row_is_gone_is_unknown(world: ClientWorld) -> None:
    job = a_job(world)
    world.jobs.jobs.clear()
    with pytest.raises(UnknownJob):
        job.refresh()
