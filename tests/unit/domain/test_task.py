"""What is known of a task."""

from __future__ import annotations

import pytest

from sosw.domain.task import JobId, TaskState, parts_of, task_id
from tests.factories import a_task


@pytest.mark.parametrize("state", TaskState)
def test_done_dead_and_cancelled_are_closed(state: TaskState) -> None:
    assert state.is_closed is (state.value in {"done", "dead", "cancelled"})


def test_a_task_is_named_by_its_job_and_its_number() -> None:
    assert task_id(JobId("report-2026"), 12) == "report-2026#12"
    assert parts_of(task_id(JobId("a#b"), 12)) == ("a#b", "12")
    assert parts_of("12") == ("", "12")


def test_forgiven_attempts_do_not_count_as_tries() -> None:
    assert a_task(attempt=5, forgiven=2).tries == 3
