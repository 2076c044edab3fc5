"""What holds of the tasks after every invocation, and what they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sosw.domain.task import Task, TaskId
from tests.property.world import roles, witness

Attempt = tuple[str, int]


def shops_of(payload: Mapping[str, Any]) -> Any:
    """What a task is about: given by its job, or read from a source."""
    if "objects" in payload:
        return [int(told["key"].rpartition("/")[2]) for told in payload["objects"]]
    return payload.get("shops") or payload["lines"]


def look_at_changes(before: Mapping[TaskId, Task], after: Mapping[TaskId, Task], begun: Collection[Attempt]) -> None:
    """As the witness does, of what one invocation did, in one write or several; `begun`: what was ever invoked."""
    assert before.keys() <= after.keys(), "1: a task is lost"
    for task_id_, task in after.items():
        old = before.get(task_id_)
        number = int(task_id_.split("#")[1])
        assert shops_of(task.payload) == [number], "6: a task has another one's payload"
        assert 0 <= task.tries <= roles.MAX_ATTEMPTS, "2: more attempts than the policy allows, or less than none"
        if old is None or old == task:
            assert number < witness.JOBS[task.job_id], "6: a job has more tasks than it asks for"
            continue
        assert task.version > old.version, "2: a task changes at the same version"
        expired = [failure for failure in task.failures[len(old.failures) :] if failure.error == "LeaseExpired"]
        assert all(old.greenfield <= failure.at for failure in expired), "2: an attempt is expired within its lease"
        assert task.attempt >= old.attempt, "2: the number of the attempt falls"
        assert (task.expires_at is not None) == task.state.is_closed, "9: what is open would leave the table"
        stands = (task.queue is not None, task.state.value in {"queued", "dead"})
        assert stands[0] == stands[1], f"1: what is {task.state.value} stands in line {task.queue}"
        assert (task.payload, task.created_at) == (old.payload, old.created_at), "8: what was put in has changed"
        is_replay = old.state.value == "dead" and task.forgiven > old.forgiven
        is_discarded = old.state.value == "dead" and task.state.value == "cancelled" and task.ruling != old.ruling
        snoozes = (task.snoozes or 0) - (old.snoozes or 0)
        assert task.forgiven >= old.forgiven + snoozes, "2: a snoozed attempt is not forgiven"
        is_given_back = task.forgiven - old.forgiven > snoozes and not old.state.is_closed
        assert not is_given_back or (task_id_, task.attempt) not in begun, "2: what was invoked is given back"
        of_the_dead = is_replay or is_discarded
        assert not old.state.is_closed or of_the_dead, f"3: {task_id_} was {old.state.value}, is {task.state.value}"
