"""Jobs on the deployed templates: through the Scheduler's door, to the end of the last task."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sosw.domain.slots import CLAIM_GRACE
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState, task_id
from tests.e2e.conftest import LIMIT

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment


def test_a_job_is_chunked_run_and_closed_with_its_results(deployment: Deployment) -> None:
    data = {"ziffer": "00123", "π": [1e-300, True, None, {"z": 1, "a": 2}]}
    said = deployment.submit(
        {
            "lambda_name": "obedient",
            "job_schema_name": "by_shop",
            "isolate_shops": True,
            "shops": ["a", "b", "c"],
            "data": data,
        }
    )
    tasks = deployment.closed(said)

    assert (said["tasks"], said["created"], said["duplicate"]) == (3, 3, False)
    assert [task.payload["shops"] for task in tasks] == [["a"], ["b"], ["c"]]
    assert [task.result for task in tasks] == [{"payload": {"data": data}, "attempt": 1}] * 3
    assert [task.stats for task in tasks] == [{"obeyed": 1}] * 3


def test_a_job_delivered_twice_is_one_job(deployment: Deployment) -> None:
    event = {"job": json.dumps({"lambda_name": "obedient"}), "idempotency_key": "delivered-twice"}
    first, second = deployment.submit(event), deployment.submit(event)
    (task,) = deployment.closed(first)

    assert second == {**first, "created": 0, "duplicate": True}
    assert task.attempt == 1


def test_running_attempts_never_exceed_the_limit_and_use_it(deployment: Deployment) -> None:
    said = deployment.submit(
        {"lambda_name": "obedient", "period": "last_20_days", "isolate_days": True, "seconds": 0.3}
    )
    tasks = deployment.closed(said)

    assert most_at_once(tasks) == LIMIT


def test_a_task_that_raises_is_retried_and_one_that_always_raises_is_buried(deployment: Deployment) -> None:
    flaky = deployment.submit({"lambda_name": "obedient", "plan": ["raise", "raise", "return"]})
    broken = deployment.submit({"lambda_name": "obedient", "plan": ["raise"]})
    (mended,), (buried,) = deployment.closed(flaky), deployment.closed(broken)

    assert (mended.state, mended.attempt, len(mended.failures)) == (TaskState.DONE, 3, 2)
    assert (buried.state, buried.attempt) == (TaskState.DEAD, 3)
    assert [(f.attempt, f.error, f.message) for f in buried.failures] == [
        (n, "ValueError", f"attempt {n} was told to raise") for n in (1, 2, 3)
    ]


def test_an_attempt_that_dies_without_a_word_is_retried_when_its_lease_ends(deployment: Deployment) -> None:
    said = deployment.submit({"lambda_name": "obedient", "plan": ["die", "return"]})
    (task,) = deployment.closed(said, patience=90, nudge=deployment.names.scavenger)

    assert (task.state, task.attempt) == (TaskState.DONE, 2)
    assert [failure.error for failure in task.failures] == ["LeaseExpired"]


def test_a_missing_function_burns_no_attempt_and_delays_no_other_labourer(deployment: Deployment) -> None:
    stuck = deployment.submit({"lambda_name": "absent"})
    deployment.closed(deployment.submit({"lambda_name": "obedient"}))
    (task,) = deployment.tasks_of(stuck)

    assert task.state is TaskState.QUEUED
    assert task.tries == 0


def test_slots_are_free_again_when_all_is_done(deployment: Deployment) -> None:
    def names() -> list[TaskId]:
        return [task for row in deployment.slots.rows(LabourerName("obedient")) for task in row.names]

    def none_is_left_after_a_sweep() -> bool:
        deployment.invoke(deployment.names.scavenger, {})
        return not names()

    said = deployment.submit({"lambda_name": "obedient", "period": "last_9_days", "isolate_days": True, "seconds": 1})
    deployment.wait_for(lambda: len(names()) == LIMIT)
    tasks = deployment.closed(said)
    deployment.wait_for(none_is_left_after_a_sweep, patience=2 * CLAIM_GRACE.total_seconds() + 30)
    assert [task.state for task in tasks] == [TaskState.DONE] * 9
    assert names() == []


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            {"lambda_name": "obediant"},
            "lambda_name: 'obediant' is not a registered labourer (did you mean 'obedient'",
        ),
        (
            {"lambda_name": "mistaken"},
            "labourers.mistaken.max_simultaneous_invocations: -1 must be a whole",
        ),
        (
            {"job": "{'lambda_name': 'obedient'}"},
            "job: \"{'lambda_name': 'obedient'}\" is not JSON: Expect",
        ),
        (["obedient"], "event: ['obedient'] must be an object"),
        ({"shops": ["a"]}, "lambda_name: None is missing"),
        ({"lambda_name": "obedient", "data": "x" * 5_400_000}, "over the limit of 5,242,880"),
        ({"lambda_name": "obedient", "task_id": "1"}, "task_id: '1' is a name that sosw gives to Workers"),
        ({"lambda_name": "obedient", "period": "last_2_dayz"}, "period: 'last_2_dayz' is no period"),
        ({"lambda_name": "obedient", "job_schema_name": "by_shops"}, "job_schema_name: 'by_shops' is not a job schema"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence_before_anything_is_written(
    deployment: Deployment, event: Any, sentence: str
) -> None:
    if isinstance(event, dict):
        event = {**event, "idempotency_key": "refused"} if "job" not in event else event
    said = deployment.submit(event)

    assert sentence in said["errorMessage"]
    assert deployment.jobs.get(JobId("refused")) is None
    assert deployment.tasks.get_many(task_id(JobId("refused"), number) for number in range(3)) == {}


def most_at_once(tasks: list[Task]) -> int:
    """The most attempts that ran at one moment, by the times of their claims and of their ends."""
    edges = [(task.started_at, 1) for task in tasks] + [(task.closed_at, -1) for task in tasks]
    running = most = 0
    for _, step in sorted(edges, key=lambda edge: (edge[0] is None, edge)):
        running += step
        most = max(most, running)
    return most


def test_a_cancelled_job_ends_and_its_totals_say_how(deployment: Deployment) -> None:
    said = deployment.submit(
        {"lambda_name": "obedient", "period": "last_90_days", "isolate_days": True, "seconds": 0.5}
    )
    deployment.wait_for(lambda: any(task.state is TaskState.DONE for task in deployment.tasks_of(said)))
    cancelled = deployment.submit({"sosw": {"cancel": said["job_id"], "by": "ada", "why": "a test"}})
    tasks = deployment.closed(said)
    states = Counter(task.state.value for task in tasks)

    assert cancelled["state"] == "cancelled"
    assert set(states) == {"done", "cancelled"}
    deployment.wait_for(lambda: deployment.totals(said).closed == len(tasks))
    totals = deployment.totals(said)
    assert (totals.created, totals.done, totals.cancelled) == (len(tasks), states["done"], states["cancelled"])
