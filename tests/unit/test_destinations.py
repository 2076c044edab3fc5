"""Any Lambda as a Worker: what its destinations tell comes to the task, once, and never against what was reported."""

from __future__ import annotations

from typing import Any

import pytest

from sosw import Snooze, Worker, get_lambda_handler
from sosw.domain import lifecycle
from sosw.domain.assignment import worker_event
from sosw.domain.task import TaskState
from sosw.testing import RecordingInvoker
from sosw.worker_assistant import WorkerAssistant
from tests.factories import LEASE, NOW, World, a_task, claimed, seconds


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 0


def assistant(world: World) -> WorkerAssistant:
    return WorkerAssistant(world.config, tasks=world.tasks, clock=world.clock, jitter=lambda: 0.5)


def begun(world: World) -> dict[str, Any]:
    """One task whose first attempt runs; the event that its function was invoked with."""
    world.tasks.create([claimed(a_task())])
    return worker_event(world.task())


def record(event: Any, condition: str = "Success", response: Any = None) -> dict[str, Any]:
    return {"requestContext": {"condition": condition}, "requestPayload": event, "responsePayload": response}


ENDED = {
    "TimedOut": {"errorMessage": "2026-01-01T12:00:03Z 8ea1 Task timed out after 3.00 seconds"},
    "Crashed": {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with error: exit status 1"},
    "OutOfMemory": {"errorType": "Runtime.OutOfMemory", "errorMessage": "Runtime exited with error: signal: killed"},
    "TypeError": {"errorType": "TypeError", "errorMessage": "x is undefined"},
}


def test_what_the_function_returned_is_the_result_of_the_task() -> None:
    world = World()
    event = begun(world)
    answer = assistant(world)(record(event, response={"rows": 3}))
    assert answer == {"accepted": True, "state": "done"}
    assert world.task().result == {"rows": 3}


@pytest.mark.parametrize("error", ENDED)
def test_a_function_that_ended_badly_is_tried_again_and_its_error_is_known(error: str) -> None:
    world = World(retry={"base": 10})
    event = begun(world)
    assert assistant(world)(record(event, "RetriesExhausted", ENDED[error]))["state"] == "queued"
    (failure,) = world.task().failures
    assert (failure.attempt, failure.error, failure.message) == (1, error, ENDED[error]["errorMessage"])
    assert world.task().greenfield == NOW + seconds(5)


@pytest.mark.parametrize("error", ENDED)
def test_a_policy_of_that_class_decides_whether_it_is_tried_again(error: str) -> None:
    world = World(retry={"errors": {error: "never"}})
    event = begun(world)
    assert assistant(world)(record(event, "RetriesExhausted", ENDED[error]))["state"] == "dead"


@pytest.mark.parametrize(("condition", "response"), [("Success", "late"), ("RetriesExhausted", ENDED["Crashed"])])
def test_a_record_after_the_workers_own_report_changes_nothing(condition: str, response: Any) -> None:
    for action in ("complete", "fail"):
        world = World(max_attempts=1)
        event = begun(world)
        world.report(action)
        before = world.task()
        assert assistant(world)(record(event, condition, response))["accepted"] is False
        assert world.task() == before


@pytest.mark.parametrize("condition", ["Success", "RetriesExhausted", "EventAgeExceeded"])
def test_a_record_of_an_earlier_attempt_changes_nothing(condition: str) -> None:
    world = World()
    event = begun(world)
    world.report("fail")
    world.tasks.apply(lifecycle.claim(world.task(), row=0, now=NOW, lease=LEASE))
    before = world.task()
    assert assistant(world)(record(event, condition))["accepted"] is False
    assert world.task() == before


def test_an_event_that_was_never_begun_costs_no_attempt() -> None:
    world = World(max_attempts=1)
    event = begun(world)
    assert assistant(world)(record(event, "EventAgeExceeded"))["state"] == "queued"
    assert (world.task().tries, world.task().greenfield) == (0, NOW + seconds(60))
    assert world.task().failures == ()


@pytest.mark.parametrize("condition", ["Success", "RetriesExhausted"])
def test_a_record_that_comes_twice_counts_once(condition: str) -> None:
    world = World()
    told = record(begun(world), condition)
    assert assistant(world)(told)["accepted"] is True
    before = world.task()
    assert assistant(world)(told)["accepted"] is False
    assert world.task() == before


def test_the_record_of_an_invocation_by_others_is_ignored_and_counted() -> None:
    world = World()
    role = assistant(world)
    assert role(record({"source": "aws.s3"})) == {
        "accepted": False,
        "state": None,
        "why": "ignored: the record of an invocation that names no task",
    }
    assert role.stats == {"records_ignored": 1}


class Marking(Worker):
    def __call__(self, event: dict[str, Any]) -> str:
        self.mark_task_as_failed(message=f"no shop {event['n']}")
        return "returned all the same"


class Either(Worker):
    def __call__(self, event: dict[str, Any]) -> str:
        if event["n"] == 0:
            self.mark_task_as_failed()
        return "returned"


def lasting(event: dict[str, Any]) -> dict[str, Any]:
    """The event with a lease that lasts by the system's clock, which the handler has."""
    return {**event, "sosw": {**event["sosw"], "lease_until": 10**13}}


@pytest.mark.parametrize("order", [1, -1], ids=["record first", "report first"])
def test_a_failure_that_was_marked_and_not_raised_holds_in_whatever_order_lambda_delivers(order: int) -> None:
    world, invoker = World(max_attempts=1), RecordingInvoker()
    event = lasting(begun(world))
    returned = get_lambda_handler(Marking, invoker=invoker)(event, Context())
    reports = [record(event, response=returned), *(report for _, report in invoker.started)]
    for report in reports[::order]:
        assistant(world)(report)
    assert (world.task().state, world.task().failures[-1].error) == (TaskState.DEAD, "MarkedAsFailed")


class Sleepy(Worker):
    def __call__(self, event: dict[str, Any]) -> str:
        raise Snooze(600, f"{event['n']} is not ready")


@pytest.mark.parametrize("order", [1, -1], ids=["record first", "report first"])
def test_a_snooze_holds_in_whatever_order_lambda_delivers(order: int) -> None:
    world, invoker = World(max_attempts=1), RecordingInvoker()
    event = lasting(begun(world))
    returned = get_lambda_handler(Sleepy, invoker=invoker)(event, Context())
    reports = [record(event, response=returned), *(report for _, report in invoker.started)]
    for report in reports[::order]:
        assistant(world)(report)
    assert (world.task().state, world.task().tries, world.task().greenfield) == (
        TaskState.QUEUED,
        0,
        NOW + seconds(600),
    )


def test_a_warm_function_forgets_what_it_reported_in_its_last_invocation() -> None:
    handler = get_lambda_handler(Either, invoker=RecordingInvoker())
    event = lasting(worker_event(claimed(a_task())))
    answers = [handler({**event, "n": n}, Context()) for n in (0, 1)]
    assert [*answers, handler({"n": 2}, Context())] == [{"sosw_reported": "fail"}, "returned", "returned"]


def test_a_warm_function_forgets_it_also_when_others_invoke_it() -> None:
    handler = get_lambda_handler(Either, invoker=RecordingInvoker())
    handler({**lasting(worker_event(claimed(a_task()))), "n": 0}, Context())
    assert handler({"n": 1}, Context()) == "returned"
