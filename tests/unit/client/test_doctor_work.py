"""The doctor counts: tasks that are lost, slots without attempts, leases nobody swept, jobs nobody works on, totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.client import UnknownJob
from sosw.client.doctor.jobs import LEFT, SAMPLE
from sosw.client.doctor.slots import SWEEPS
from sosw.domain import job as moves
from sosw.domain.errors import SoswError
from sosw.domain.job import Job, Totals
from sosw.domain.recount import QUIET
from sosw.domain.slots import CLAIM_GRACE
from sosw.domain.task import JobId, LabourerName, TaskState, task_id
from tests.factories import DAY, JOB, LABOURER, NOW, a_task
from tests.unit.client.doctoring import Examined
from tests.unit.test_tallies import tally

MINUTE = timedelta(minutes=1)
LONG = CLAIM_GRACE + SWEEPS


@pytest.fixture
def world() -> Examined:
    return Examined()


def opened(world: Examined, total: int, job_id: JobId = JOB, **fields: Any) -> Job:
    given = {"labourer": LABOURER, "submitted_at": NOW, "held_until": NOW, "body": "{}", **fields}
    job = world.jobs.open(Job(id=job_id, **given))
    return world.jobs.apply(moves.ready(world.jobs.apply(moves.hold(job, now=NOW, until=NOW + MINUTE)), total=total))


def a_job(world: Examined, total: int = 3) -> None:
    """Two of its tasks run, by the Orchestrator; the others wait."""
    opened(world, total)
    world.queue(total)
    world.orchestrator()({})


def ended(world: Examined, *numbers: int) -> None:
    for number in numbers:
        world.report("complete", number)


def all_ended(world: Examined, total: int = 3) -> None:
    """All are done, and their slots are free; the stream has told of it."""
    a_job(world, total)
    for number in range(total):
        ended(world, number)
        world.clock.advance(MINUTE)
        world.scavenger().sweep()
        world.orchestrator()({})
    world.clock.advance(MINUTE)
    world.scavenger().sweep()
    world.count()


def test_jobs_at_work_and_jobs_that_ended_are_clean(world: Examined) -> None:
    a_job(world)
    found = world.examine()
    assert (found.findings, found.looked_at["tasks"], found.looked_at["slots"]) == ((), 3, 2)
    world = Examined()
    all_ended(world)
    world.clock.advance(2 * QUIET)
    found = world.examine()
    assert (found.findings, found.is_clean, found.looked_at["tasks"]) == ((), True, 3)


def test_a_task_that_is_lost_breaks_the_law(world: Examined) -> None:
    a_job(world, 5)
    for number in (2, 4):
        del world.tasks.tasks[task_id(JOB, number)]
    assert world.told() == ["job job lacks 2 of the 5 tasks that were looked at: job#2, job#4"]


def test_tasks_that_have_left_after_their_retention_are_not_lost(world: Examined) -> None:
    opened(world, 2, submitted_at=NOW - timedelta(days=31))
    assert world.told() == []


def test_only_some_tasks_of_a_long_job_are_read_unless_all_are_asked_for(world: Examined) -> None:
    opened(world, SAMPLE + 2)
    closed = {"state": TaskState.DONE, "closed_at": NOW, "queue": None, "rank": None}
    world.tasks.create([a_task(number, **closed) for number in range(SAMPLE + 2) if number != 1])
    sample = world.examine()
    assert (sample.findings, sample.looked_at["tasks"]) == ((), (SAMPLE + 2) // 2)
    for how in ({"job_id": JOB}, {"everything": True}):
        found = world.examine(**how)
        assert str(found.findings[0]).startswith(
            f"job job lacks 1 of the {SAMPLE + 2:,} tasks that were looked at: job#1"
        )
        assert found.looked_at["tasks"] == SAMPLE + 2


def test_a_task_that_a_lagging_read_does_not_show_is_looked_for_again(
    world: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_job(world)
    get_many = world.tasks.get_many

    def lagging(task_ids: Any, *, is_consistent: bool = True) -> Any:
        found = get_many(task_ids)
        return found if is_consistent else {}

    monkeypatch.setattr(world.tasks, "get_many", lagging)
    assert world.told() == []


def test_a_job_that_nobody_works_on_is_found_once_a_sweep_had_its_time(world: Examined) -> None:
    for number in range(30):
        opened(world, 0, JobId(f"later-{number}"), submitted_at=NOW + MINUTE)
    held = NOW + MINUTE
    world.jobs.open(Job(id=JOB, labourer=LABOURER, submitted_at=NOW, held_until=held, body="{}"))
    world.clock.advance(MINUTE + LEFT - timedelta(seconds=1))
    assert world.told() == []
    world.clock.advance(timedelta(seconds=1))
    assert world.told() == ["job job is creating, and nobody is at it since 2026-01-01 12:01:00 UTC"]


def drifted(world: Examined) -> None:
    """Of the end of two tasks the stream has told nothing."""
    all_ended(world)
    world.jobs.jobs[JOB] = replace(world.jobs.jobs[JOB], totals=Totals(created=3, done=1, failed=1))


def test_totals_that_drifted_are_found_once_the_stream_has_no_more_to_tell(world: Examined) -> None:
    drifted(world)
    assert world.told() == []
    world.clock.advance(QUIET)
    (finding,) = world.examine().findings
    assert str(finding) == "job job has other totals than its tasks, by done +2, failed -1"
    assert (finding.check, finding.mend) == ("totals", "sosw doctor --job job --mend")


def test_totals_are_mended_when_told_to_and_then_are_clean(world: Examined) -> None:
    drifted(world)
    world.clock.advance(QUIET)
    before = tally(world).done
    found = world.examine(job_id=JOB, mend=True)
    assert (found.findings, found.mended) == ((), ("job job has the totals of its tasks again",))
    assert (world.jobs.jobs[JOB].totals, tally(world).done - before) == (Totals(created=3, done=3), 2)
    assert world.examine(job_id=JOB, mend=True).mended == ()


def test_totals_that_could_not_be_mended_are_told(world: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    drifted(world)
    world.clock.advance(QUIET)
    monkeypatch.setattr("sosw.recounting.Recounting.recount", lambda *_: None)
    assert len(world.examine(mend=True).findings) == 1

    def refuse(*_: Any) -> None:
        raise SoswError("forbidden")

    monkeypatch.setattr("sosw.recounting.Recounting.recount", refuse)
    found = world.examine(mend=True)
    assert [(unseen.check, unseen.why) for unseen in found.unseen] == [("jobs", "forbidden")]


def test_a_job_without_totals_has_none_that_drift(world: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    drifted(world)
    world.clock.advance(QUIET)
    monkeypatch.setattr(world.jobs, "recount", lambda _job: None)
    assert world.told() == []


def test_an_unknown_job_is_refused_with_a_guess(world: Examined) -> None:
    opened(world, 0, JobId("delays-02"))
    with pytest.raises(UnknownJob, match="delays-02"):
        world.examine(job_id="delays-03")


def test_tasks_of_a_job_that_is_not_there_are_found_in_lines_and_in_slots(world: Examined) -> None:
    world.queue(3)
    world.orchestrator()({})
    told = world.told()
    assert told == [f"task job#{number} is of a job that is not there" for number in range(3)]


def test_waiting_tasks_of_a_labourer_that_is_not_declared_or_mistaken_are_found(world: Examined) -> None:
    for name in ("left", "bad"):
        job_id, labourer = JobId(name), LabourerName(name)
        opened(world, 1, job_id, labourer=labourer)
        world.tasks.create([a_task(0, id=task_id(job_id, 0), job_id=job_id, labourer=labourer)])
    opened(world, 0, JobId("empty"), labourer=LabourerName("away"))
    world.config["task_config"]["labourers"]["bad"] = {"max_simultaneous_invocations": -1}
    told = [each for each in world.told() if each.startswith("labourer")]
    assert told == [
        "labourer left has tasks that wait, and is not declared",
        "labourer bad has tasks that wait, and its settings are wrong",
    ]


def test_a_labourer_whose_slots_cannot_be_read_hides_no_other_finding(
    world: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_job(world, 2)
    del world.tasks.tasks[task_id(JOB, 0)]

    def refuse(_labourer: Any) -> None:
        raise SoswError("too busy")

    monkeypatch.setattr(world.slots, "rows", refuse)
    found = world.examine()
    assert [str(finding) for finding in found.findings] == ["job job lacks 1 of the 2 tasks that were looked at: job#0"]
    assert [unseen.what for unseen in found.unseen] == ["the slots of labourer sales"]


def test_jobs_that_cannot_be_listed_are_told_and_labourers_are_examined(
    world: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise SoswError("too busy")

    a_job(world)
    monkeypatch.setattr(world.jobs, "recent", refuse)
    found = world.examine()
    assert ([unseen.what for unseen in found.unseen], found.looked_at["slots"]) == (["the jobs"], 2)


def test_nothing_is_written_by_an_examination(world: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    drifted(world)
    world.clock.advance(DAY)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("it only looks")

    for store, method in ((world.tasks, "apply"), (world.tasks, "create"), (world.slots, "write"),
                          (world.records, "write"), (world.jobs, "apply"), (world.jobs, "keep")):  # fmt: skip
        monkeypatch.setattr(store, method, refuse)
    assert len(world.examine(everything=True).findings) == 1
    assert world.calls == []
