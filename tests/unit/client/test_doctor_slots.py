"""The doctor finds slots without attempts, attempts without slots, and leases that nobody swept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.client.doctor.slots import SWEEPS
from sosw.domain import lifecycle
from sosw.domain.slots import CLAIM_GRACE, SlotRow
from sosw.domain.task import LabourerName, TaskId, TaskState
from tests.factories import LABOURER, LEASE, NOW, a_task
from tests.unit.client.doctoring import Examined
from tests.unit.client.test_doctor_work import a_job, ended, opened

LONG = CLAIM_GRACE + SWEEPS


@pytest.fixture
def world() -> Examined:
    return Examined()


def test_a_slot_that_an_ended_attempt_still_holds_is_found_once_a_sweep_had_its_time(world: Examined) -> None:
    a_job(world)
    world.clock.advance(LONG)
    ended(world, 0)
    world.clock.advance(SWEEPS - timedelta(seconds=1))
    assert world.told() == []
    world.clock.advance(timedelta(seconds=1))
    (told,) = world.told()
    assert told == "slot row 0 of labourer sales, task job#0, is still taken by an attempt that ended at 12:03:30 UTC"


def test_a_slot_of_an_attempt_that_failed_is_found_by_its_failure(world: Examined) -> None:
    a_job(world)
    world.clock.advance(LONG)
    world.report("fail", 0, error="ValueError")
    assert world.told() == []
    world.clock.advance(SWEEPS)
    assert "an attempt that ended at 12:03:30 UTC" in world.told()[0]


def test_a_slot_that_names_no_task_and_one_that_waits_for_a_claim_are_found(world: Examined) -> None:
    opened(world, 1)
    world.queue(1)
    gone = a_task(0, id=TaskId("job#gone"))
    row = SlotRow(labourer=LABOURER, number=0, capacity=2).named([a_task(), gone], NOW)
    world.slots.write(row)
    world.clock.advance(LONG - timedelta(seconds=1))
    assert world.told() == []
    world.clock.advance(timedelta(seconds=1))
    assert world.told() == [
        "slot row 0 of labourer sales, task job#0, is taken since 12:00:00 UTC for a start that never came",
        "slot row 0 of labourer sales, task job#gone, names a task that is not there",
    ]


def test_a_lease_that_nobody_swept_is_found(world: Examined) -> None:
    a_job(world, 1)
    world.clock.advance(LEASE + SWEEPS - timedelta(seconds=1))
    assert world.told() == []
    world.clock.advance(timedelta(seconds=1))
    (told,) = world.told()
    assert told == "slot row 0 of labourer sales, task job#0, is held by a lease that ended at 12:20:00 UTC"


def test_an_attempt_that_runs_without_a_slot_is_found(world: Examined) -> None:
    opened(world, 2)
    world.queue(2)
    world.tasks.apply(lifecycle.claim(world.task(1), row=0, now=NOW, lease=LEASE))
    (finding,) = world.examine().findings
    assert str(finding) == "task job#1 runs, and no slot names it"
    when, command = finding.mend.split(" UTC: ")
    assert (when, command.partition(" --")[0]) == (
        "when its lease is over, at 2026-01-01 12:20:00",
        "aws lambda invoke",
    )
    world.assistant()(json.loads(command.split("'")[1]))
    assert (world.task(1).state, world.task(1).failures[0].error) == (TaskState.QUEUED, "NoSlot")
    assert world.told() == []


@pytest.mark.parametrize("is_there", [True, False])
def test_an_attempt_that_has_ended_meanwhile_is_not_one_without_a_slot(
    world: Examined, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    opened(world, 1)
    world.queue(1)
    running = world.tasks.apply(lifecycle.claim(world.task(), row=0, now=NOW, lease=LEASE))
    later = replace(running, version=running.version + 1) if is_there else None
    monkeypatch.setattr(world.tasks, "get", lambda _task: later)
    assert world.told() == []


def test_the_slots_of_a_job_that_runs_are_read_once_more_however_many_tasks_run(
    world: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.config["task_config"]["labourers"][LABOURER]["max_simultaneous_invocations"] = 100
    a_job(world, 100)
    rows, reads = world.slots.rows, list[str]()

    def counted(labourer: LabourerName) -> list[SlotRow]:
        reads.append(labourer)
        return rows(labourer)

    monkeypatch.setattr(world.slots, "rows", counted)
    found = world.examine()
    assert (found.findings, len(reads), found.looked_at["slots"]) == ((), 2, 100)
