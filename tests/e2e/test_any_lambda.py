"""Functions without sosw's package, in Node.js and in Python, deployed from the template that is there to be copied."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sosw.domain.task import Task, TaskState
from sosw.local.tools import PYTHON_MINOR
from tests.e2e.conftest import ROOT

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

FUNCTIONS = {"foreign-node": ("node", "nodejs22.x"), "foreign-python": ("python", f"python{PYTHON_MINOR}")}
KNOWN_WITHIN = 5.0
"""Seconds from the start of an attempt that ends at once to the moment its end is known."""
TIME_OUT = 2


@pytest.fixture(scope="module", autouse=True)
def functions(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, (folder, runtime) in FUNCTIONS.items():
        project = tmp_path_factory.mktemp(name)
        template = Path(shutil.copy(ROOT / "cloudformation" / "worker.yaml", project / "template.yaml"))
        shutil.copytree(ROOT / "tests" / "e2e" / "foreign" / folder, project / "worker")
        parameters = {"Name": name, "Runtime": runtime, "Timeout": str(TIME_OUT)}
        deployment.stack.deploy(template, name, parameters)
        run(deployment, name, patience=120)  # what is measured is not the first start of each process


def run(deployment: Deployment, name: str, *plan: str, patience: float = 60, **payload: Any) -> Task:
    """One task of that function, once it is closed; no minute rule has helped."""
    job = {"lambda_name": name, "plan": list(plan or ["return"]), **payload}
    (task,) = deployment.closed(deployment.submit(job), patience=patience)
    return task


def seconds_to_the_end(task: Task) -> float:
    """From the claim of the last attempt to the moment its failure was noted."""
    assert task.started_at is not None
    return (task.failures[-1].at - task.started_at).total_seconds()


each_function = pytest.mark.parametrize("name", FUNCTIONS)


@each_function
def test_what_it_returns_is_the_result(deployment: Deployment, name: str) -> None:
    data = {"shop": "ü", "rows": [1, None, 2.5]}
    task = run(deployment, name, data=data)
    assert (task.state, task.result) == (TaskState.DONE, {"step": "return", "data": data, "attempt": 1})


@each_function
def test_a_thrown_error_is_kept_with_its_class_and_tried_again(deployment: Deployment, name: str) -> None:
    task = run(deployment, name, "throw", "return")
    assert (task.state, task.attempt) == (TaskState.DONE, 2)
    (failure,) = task.failures
    assert (failure.attempt, failure.error, failure.message) == (1, "TypeError", "attempt 1 was told to throw")


@each_function
def test_an_error_that_calls_itself_not_retryable_is_not_tried_again(deployment: Deployment, name: str) -> None:
    task = run(deployment, name, "give up")
    assert (task.state, task.attempt, task.failures[-1].error) == (TaskState.DEAD, 1, "NonRetryable")


@each_function
@pytest.mark.parametrize(("step", "error"), [("exit", "Crashed"), ("kill", "OutOfMemory")])
def test_a_crash_is_known_within_seconds(deployment: Deployment, name: str, step: str, error: str) -> None:
    task = run(deployment, name, step)
    assert (task.state, task.attempt, task.failures[-1].error) == (TaskState.DEAD, 1, error)
    assert seconds_to_the_end(task) <= KNOWN_WITHIN


@each_function
def test_a_time_out_is_known_within_seconds(deployment: Deployment, name: str) -> None:
    task = run(deployment, name, "hang")
    assert (task.state, task.attempt, task.failures[-1].error) == (TaskState.DEAD, 1, "TimedOut")
    assert TIME_OUT <= seconds_to_the_end(task) <= TIME_OUT + KNOWN_WITHIN


@each_function
def test_an_invocation_by_others_closes_nothing_and_is_no_error(deployment: Deployment, name: str) -> None:
    def ignored() -> int:
        lines = deployment.stack.logs(deployment.names.worker_assistant)
        return sum('"records_ignored":1' in line.replace(" ", "") for line in lines)

    task, before = run(deployment, name), ignored()
    client = deployment.stack.client("lambda")
    client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"data": 1}))
    deployment.wait_for(lambda: ignored() > before, patience=20)
    assert deployment.tasks.get(task.id) == task
