"""The WorkerAssistant: snoozes, retries at a moment of the Worker's own, progress and partial results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.retry import MAX_SNOOZES, SNOOZED_TOO_LONG
from sosw.domain.task import Failure, TaskState
from tests.factories import DAY, LEASE, NOW, World, a_task, claimed, seconds

LAMBDA: dict[str, Any] = {"request_id": "r-1", "log_stream": "2026/01/01/[$LATEST]0f"}


def running(world: World, **fields: Any) -> None:
    """One task whose next attempt runs."""
    world.tasks.create([claimed(a_task(**fields))])


def begin_anew(world: World) -> None:
    world.tasks.apply(lifecycle.claim(world.task(), row=0, now=world.clock.now(), lease=LEASE))


def test_a_snoozed_task_waits_for_its_moment_and_its_attempt_is_forgiven() -> None:
    world = World(max_attempts=1)
    running(world)
    assert world.report("snooze", delay=600, note="no export yet", stats={"n": 1}) == {
        "accepted": True,
        "state": "queued",
    }
    task = world.task()
    assert (task.greenfield, task.attempt, task.tries, task.failures) == (NOW + seconds(600), 1, 0, ())
    assert (task.snoozes, task.snoozed_attempt, task.note, task.stats) == (1, 1, "no export yet", {"n": 1})


def test_a_snoozed_task_is_tried_as_often_as_if_it_had_never_been() -> None:
    world = World(max_attempts=2, retry={"base": 0, "cap": 0})
    running(world)
    for attempt in range(1, 6):
        assert world.report("snooze", attempt=attempt, delay=0)["state"] == "queued"
        begin_anew(world)
    assert world.report("fail", attempt=6)["state"] == "queued"
    begin_anew(world)
    assert world.report("fail", attempt=7)["state"] == "dead"


@pytest.mark.parametrize("said", [{"delay": 600}, {"delay": 5}])
def test_a_snooze_that_comes_twice_or_for_an_earlier_attempt_changes_nothing(said: dict[str, Any]) -> None:
    world = World()
    running(world)
    assert world.report("snooze", delay=600)["accepted"] is True
    before = world.task()
    assert world.report("snooze", **said)["accepted"] is False
    assert world.task() == before
    begin_anew(world)
    before = world.task()
    assert world.report("snooze", **said)["why"] == "task job#0: cannot snooze: it is running, attempt 2"
    assert world.task() == before


@pytest.mark.parametrize("state", [TaskState.DONE, TaskState.DEAD, TaskState.CANCELLED])
def test_a_snooze_never_resurrects_a_closed_task(state: TaskState) -> None:
    world = World()
    world.tasks.create([a_task(state=state, attempt=1)])
    before = world.task()
    assert world.report("snooze", delay=1)["accepted"] is False
    assert world.task() == before


@pytest.mark.parametrize(
    ("settings", "fields", "delay", "why"),
    [
        ({}, {"snoozes": MAX_SNOOZES}, 1, "it was put off 1,000 times, and no task is more often"),
        ({"retry": {"max_age": 3600}}, {}, 3601, "it would be put off until more than 1:00:00 after it was created"),
        ({}, {"created_at": NOW - 365 * DAY}, 1, "it would be put off until more than 365 days, 0:00:00 after"),
    ],
)
def test_a_task_cannot_be_put_off_for_ever(settings: Any, fields: Any, delay: float, why: str) -> None:
    world = World(**settings)
    running(world, **fields)
    assert world.report("snooze", delay=delay, note="still not")["state"] == "dead"
    (failure,) = world.task().failures
    assert (failure.error, failure.started_at) == (SNOOZED_TOO_LONG, NOW)
    assert failure.message.startswith(why)
    assert world.task().note == "still not"


def test_a_snooze_at_the_bound_is_taken() -> None:
    world = World(retry={"max_age": 3600})
    running(world, snoozes=MAX_SNOOZES - 1)
    assert world.report("snooze", delay=3600)["state"] == "queued"
    assert world.task().snoozes == MAX_SNOOZES


def test_a_task_that_died_of_its_snoozes_may_be_put_off_again_once_it_is_replayed() -> None:
    world = World()
    running(world, snoozes=MAX_SNOOZES)
    assert world.report("snooze", delay=1)["state"] == "dead"
    world.tasks.apply(lifecycle.replay(world.task(), now=world.clock.now()))
    begin_anew(world)
    assert world.report("snooze", attempt=2, delay=1)["state"] == "queued"
    assert world.task().snoozes == 1


def test_a_recalled_task_that_is_snoozed_is_cancelled() -> None:
    world = World()
    running(world, is_recalled=True)
    assert world.report("snooze", delay=1)["state"] == "cancelled"
    assert world.task().failures == ()


def test_a_retry_is_due_exactly_when_the_worker_says() -> None:
    world = World(retry={"base": 10, "cap": 60})
    running(world)
    assert world.report("fail", error="Busy", delay=3000.5)["state"] == "queued"
    assert world.task().greenfield == NOW + seconds(3000.5)
    assert world.task().tries == 1


@pytest.mark.parametrize(
    ("settings", "fields"),
    [({"max_attempts": 1}, {}), ({"retry": {"max_age": 60}}, {}), ({"retry": {"errors": {"Busy": "never"}}}, {})],
)
def test_a_delay_of_ones_own_grants_no_retry_that_the_policy_does_not(settings: Any, fields: Any) -> None:
    world = World(**settings)
    running(world, **fields)
    assert world.report("fail", error="Busy", delay=61)["state"] == "dead"


@pytest.mark.parametrize(("runs_on", "due"), [(2, 30), (60, 60)])
def test_no_retry_is_due_while_the_failed_attempt_may_be_at_work(runs_on: float, due: float) -> None:
    world = World(retry={"growth": "fixed", "base": 30})
    running(world)
    world.report("fail", runs_on=runs_on)
    assert world.task().greenfield == NOW + seconds(due)


def test_a_failure_keeps_where_it_was_raised_and_where_lambda_logged_it() -> None:
    world = World()
    running(world)
    world.clock.advance(seconds=9)
    world.report("fail", error="KeyError", message="shop", trace="app.py:12 load", log_group="/mine", **LAMBDA)
    assert world.task().failures == (
        Failure(
            attempt=1,
            at=NOW + seconds(9),
            error="KeyError",
            message="shop",
            trace="app.py:12 load",
            started_at=NOW,
            log_group="/mine",
            **LAMBDA,
        ),
    )


def test_only_the_last_failure_keeps_its_trace() -> None:
    world = World(retry={"base": 0, "cap": 0})
    running(world)
    for attempt in (1, 2):
        world.report("fail", attempt=attempt, trace=f"app.py:{attempt} load", **LAMBDA)
        begin_anew(world)
    assert [failure.trace for failure in world.task().failures] == ["", "app.py:2 load"]
    assert [failure.request_id for failure in world.task().failures] == ["r-1", "r-1"]


def test_what_a_heartbeat_tells_stays_until_it_tells_something_else() -> None:
    world = World()
    running(world)
    world.report("heartbeat", progress=0.4, note="12 of 30", result={"rows": 1}, **LAMBDA)
    world.report("heartbeat", progress=0.5)
    task = world.task()
    assert (task.progress, task.note, task.result) == (0.5, "12 of 30", {"rows": 1})
    assert (task.request_id, task.log_stream) == ("r-1", LAMBDA["log_stream"])


def test_a_partial_result_outlives_its_attempt_and_what_it_told_of_itself_does_not() -> None:
    world = World(retry={"base": 0, "cap": 0})
    running(world)
    world.report("heartbeat", progress=0.4, note="12 of 30", result={"rows": 12}, **LAMBDA)
    world.report("fail")
    assert (world.task().progress, world.task().note) == (0.4, "12 of 30")
    assert (world.task().request_id, world.task().failures[0].request_id) == (None, "r-1")
    world.orchestrator()({})
    task = world.task()
    assert (task.result, task.progress, task.note, task.request_id) == ({"rows": 12}, None, None, None)
    ((_, event),) = world.invoker.started
    assert event["sosw"]["partial"] == {"rows": 12}
    assert (event["sosw"]["tries"], event["sosw"]["max_attempts"]) == (2, 3)


def test_a_late_heartbeat_brings_no_partial_result_of_an_earlier_attempt() -> None:
    world = World(retry={"base": 0, "cap": 0})
    running(world)
    world.report("fail")
    begin_anew(world)
    before = world.task()
    assert world.report("heartbeat", result={"rows": 1}, progress=1)["accepted"] is False
    assert world.task() == before


def test_a_result_takes_the_place_of_what_was_partial_and_knows_its_invocation() -> None:
    world = World()
    running(world)
    world.report("heartbeat", progress=0.9, note="almost", result={"rows": 12})
    world.report("complete", result={"rows": 30}, **LAMBDA)
    task = world.task()
    assert (task.state, task.result, task.progress, task.note) == (TaskState.DONE, {"rows": 30}, None, None)
    assert (task.request_id, task.log_stream, task.log_group) == ("r-1", LAMBDA["log_stream"], None)


def test_an_attempt_that_fell_silent_keeps_the_place_that_its_heartbeats_told() -> None:
    world = World()
    world.queue(1)
    world.orchestrator()({})
    world.report("heartbeat", **LAMBDA)
    world.clock.advance(LEASE + timedelta(minutes=1))
    world.scavenger().sweep()
    (failure,) = world.task().failures
    assert (failure.error, failure.request_id, failure.started_at) == ("LeaseExpired", "r-1", NOW)


def test_the_result_that_comes_with_a_failure_in_the_old_form_is_kept_as_partial() -> None:
    world = World()
    running(world)
    old = {"action": "mark_task_as_failed", "task_id": "job#0", "stats": {"n": 1}, "result": {"rows": 3}}
    assert world.assistant()(old)["state"] == "queued"
    assert (world.task().result, world.task().stats) == ({"rows": 3}, {"n": 1})
    assert world.task().failures[0].error == "Failed"


@pytest.mark.parametrize("action", ["mark_task_as_completed", "mark_task_as_failed"])
def test_the_old_form_is_idempotent_and_closes_no_attempt_but_the_first(action: str) -> None:
    world = World(retry={"base": 0, "cap": 0})
    running(world)
    old = {"action": action, "task_id": "job#0"}
    assert world.assistant()(old)["accepted"] is True
    before = world.task()
    again = world.assistant()(old)
    assert (again["accepted"], world.task()) == (False, before)
    if action == "mark_task_as_failed":
        begin_anew(world)
        assert world.assistant()(old)["why"] == "task job#0: cannot fail: it is running, attempt 2"


def test_a_snooze_wakes_the_orchestrator_for_its_slot_and_for_its_moment() -> None:
    world = World(limit=1)
    world.queue(2)
    world.orchestrator()({})
    world.report("snooze", delay=30)
    changes = world.tasks.changes[-1:]
    world.scavenger().pass_on(changes, token="1")
    assert world.wakes == [{"sales": {"job#0": 3}}]
    ((at, _),) = world.reminder.wakes
    assert NOW + seconds(30) <= at <= NOW + seconds(31)
    assert changes[0].totals.failed == 0
