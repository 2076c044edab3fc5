"""How a Worker says that its attempt ends, through real processes, a real time-out and the deployed Essentials."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sosw.domain.task import TaskState

if TYPE_CHECKING:
    from sosw.domain.task import Task
    from tests.e2e.conftest import Deployment

TIME_OUT = timedelta(seconds=10)


def obeyed(deployment: Deployment, *plan: str) -> Task:
    """The one task of a job, closed."""
    (task,) = deployment.closed(deployment.submit({"lambda_name": "obedient", "plan": list(plan)}))
    return task


def test_a_snoozed_task_is_tried_again_without_a_failure(deployment: Deployment) -> None:
    task = obeyed(deployment, "snooze", "snooze", "return")
    assert (task.state, task.attempt, task.tries, task.snoozes, task.failures) == (TaskState.DONE, 3, 1, 2, ())


def test_what_no_retry_can_mend_is_dead_at_once(deployment: Deployment) -> None:
    task = obeyed(deployment, "never", "return")
    assert (task.state, task.attempt) == (TaskState.DEAD, 1)
    (failure,) = task.failures
    assert (failure.error, failure.message) == ("NonRetryable", "the shop is closed for ever")
    assert "app.py:" in failure.trace
    assert failure.request_id


def test_a_retry_begins_when_the_worker_said_and_not_before(deployment: Deployment) -> None:
    task = obeyed(deployment, "later", "return")
    (failure,) = task.failures
    assert task.started_at is not None
    assert failure.at + timedelta(seconds=2) <= task.started_at <= failure.at + timedelta(seconds=10)


def test_the_next_attempt_reads_what_the_failed_one_has_left(deployment: Deployment) -> None:
    task = obeyed(deployment, "part", "return")
    assert task.result == {"payload": {}, "attempt": 2, "partial": {"rows": 12}}
    assert (task.progress, task.note, [failure.error for failure in task.failures]) == (None, None, ["ValueError"])


@pytest.mark.long
def test_code_that_is_blocked_is_reported_before_its_time_out_and_retried_after_it(deployment: Deployment) -> None:
    task = obeyed(deployment, "block", "return")
    (failure,) = task.failures
    assert failure.error == "DeadlineExceeded"
    assert " __call__" in failure.trace
    assert failure.started_at is not None
    assert task.started_at is not None
    assert failure.at < failure.started_at + TIME_OUT <= task.started_at
    assert (task.state, task.attempt) == (TaskState.DONE, 2)
