"""What becomes due later is dispatched when it does, and not only by the minute rule."""

from __future__ import annotations

from datetime import timedelta

from sosw.domain.errors import InvokeUncertain
from sosw.domain.messages import Change, Wake
from sosw.domain.task import LabourerName, TaskState, task_id
from sosw.reminding import HORIZON, MAX_REMINDERS
from tests.factories import JOB, LABOURER, NOW, World, seconds

WAKE = Wake(ended={LABOURER: {}})


def change(due: timedelta, *, sequence: int = 0, state: TaskState = TaskState.QUEUED, version: int = 3) -> Change:
    return Change(
        task_id=task_id(JOB, sequence),
        job_id=JOB,
        labourer=LABOURER,
        state=state,
        version=version,
        greenfield=NOW + due,
    )


def test_a_retry_wakes_the_orchestrator_in_the_second_after_it_is_due() -> None:
    world = World()
    world.scavenger().pass_on([change(seconds(2.4))], token="batch")

    assert world.reminder.wakes == [(NOW + seconds(3), WAKE)]


def test_a_new_task_for_later_is_reminded_of_and_wakes_nobody_now() -> None:
    world = World()
    world.scavenger().pass_on([change(seconds(60), version=1)], token="batch")

    assert world.reminder.wakes == [(NOW + seconds(61), WAKE)]
    assert world.wakes == []


def test_many_that_are_due_in_the_same_second_make_one_reminder() -> None:
    world = World()
    world.scavenger().pass_on([change(seconds(2 + n / 100), sequence=n) for n in range(90)], token="batch")

    assert world.reminder.wakes == [(NOW + seconds(3), WAKE)]


def test_of_many_moments_the_first_hundred_are_reminded_of() -> None:
    world = World()
    world.scavenger().pass_on([change(seconds(n), sequence=n) for n in range(199, 0, -1)], token="batch")

    assert [at for at, _ in world.reminder.wakes] == [NOW + seconds(n + 1) for n in range(1, MAX_REMINDERS + 1)]


def test_a_moment_is_reminded_of_once_however_many_batches_tell_of_it() -> None:
    world = World()
    scavenger = world.scavenger()
    for number in range(3):
        scavenger.pass_on([change(seconds(60), sequence=number, version=1)], token=str(number))

    assert world.reminder.wakes == [(NOW + seconds(61), WAKE)]


def test_what_is_due_now_closed_or_too_far_ahead_needs_no_reminder() -> None:
    world = World()
    closed = [change(seconds(5), state=state) for state in TaskState if state is not TaskState.QUEUED]
    world.scavenger().pass_on([change(seconds(0)), change(HORIZON + seconds(1)), *closed], token="batch")

    assert world.reminder.wakes == []


def test_a_reminder_that_fails_stops_nothing() -> None:
    class Failing:
        def remind(self, wakes: object) -> None:
            raise InvokeUncertain("queue", str(wakes))

    world = World()
    scavenger = world.scavenger(reminder=Failing())

    assert scavenger.pass_on([change(seconds(5)), change(seconds(0), sequence=1)], token="batch")["woken"] == [
        LabourerName("sales")
    ]
