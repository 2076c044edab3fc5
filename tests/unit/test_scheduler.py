"""The Scheduler: a job becomes its tasks, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.job import JobState
from sosw.domain.task import JobId, Task, TaskState
from sosw.job_writer import BATCH
from sosw.scheduler import Scheduler
from sosw.testing import InMemoryTaskStore
from tests.factories import NOW, World, seconds

JOB = {
    "lambda_name": "sales",
    "job_schema_name": "by_shop",
    "isolate_shops": True,
    "shops": list(range(500)),
    "period": "yesterday",
}


@pytest.fixture
def world() -> World:
    world = World()
    world.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    return world


class Failing(InMemoryTaskStore):
    """Breaks at the call to `create` numbered `at`, before or after its effect."""

    def __init__(self, at: int, *, is_done: bool) -> None:
        super().__init__()
        self._at, self._is_done, self._calls = at, is_done, 0

    def create(self, tasks: Sequence[Task]) -> int:
        self._calls += 1
        if self._calls == self._at:
            if self._is_done:
                super().create(tasks)
            raise ConnectionError
        return super().create(tasks)


def test_a_job_becomes_its_tasks_due_now(world: World) -> None:
    world.clock.advance(seconds=5)
    answer = world.submit({"job": JOB}, "r")
    assert answer == {
        "job_id": "r",
        "labourer": "sales",
        "state": "ready",
        "tasks": 500,
        "created": 500,
        "duplicate": False,
    }
    tasks = list(world.tasks.tasks.values())
    assert [task.payload["shops"] for task in tasks] == [[n] for n in range(500)]
    assert [task.id for task in tasks] == [f"r#{n}" for n in range(500)]
    assert {(task.state, task.greenfield) for task in tasks} == {(TaskState.QUEUED, world.clock.now())}


def test_a_job_whose_tasks_are_all_written_is_ready(world: World) -> None:
    world.submit(JOB, "r")
    job = world.jobs.get(JobId("r"))
    assert job is not None
    assert (job.state, job.total, job.submitted_at) == (JobState.READY, 500, NOW)


def test_a_job_delivered_twice_makes_its_tasks_once(world: World) -> None:
    event = {"job": JOB, "idempotency_key": "k"}
    world.submit(event, "r1")
    again = world.submit(event, "r2")
    assert again == {
        "job_id": "k",
        "labourer": "sales",
        "state": "ready",
        "tasks": 500,
        "created": 0,
        "duplicate": True,
    }
    assert len(world.tasks.tasks) == 500


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_job_that_stopped_anywhere_is_completed_by_its_next_delivery(
    world: World, call: int, *, is_done: bool
) -> None:
    job = {**JOB, "shops": list(range(2500))}
    world.tasks = Failing(call, is_done=is_done)
    with pytest.raises(ConnectionError):
        world.submit(job, "r")
    assert 0 <= len(world.tasks.tasks) <= BATCH * call
    world.clock.advance(seconds=86_400)
    answer = world.submit(job, "r")
    assert (answer["tasks"], answer["duplicate"], len(world.tasks.tasks)) == (2500, False, 2500)
    assert {task.payload["date_list"][0] for task in world.tasks.tasks.values()} == {"2025-12-31"}


def test_a_job_that_stopped_before_it_was_ready_leaves_its_tasks_as_they_are(world: World) -> None:
    world.submit(JOB, "r")
    world.jobs = type(world.jobs)()
    world.submit(JOB, "r")
    assert {task.version for task in world.tasks.tasks.values()} == {1}


def test_a_key_that_was_given_to_another_job_is_refused(world: World) -> None:
    world.submit({**JOB, "idempotency_key": "k"}, "r")
    with pytest.raises(InvalidInput, match="idempotency_key: 'k' was given to another job before: choose a new one"):
        world.submit({**JOB, "shops": [1], "idempotency_key": "k"}, "r")
    assert len(world.tasks.tasks) == 500


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"lambda_name": "salse"}, "lambda_name: 'salse' is not a registered labourer (did you mean 'sales'?)"),
        ('{"lambda_name": sales}', "event: '{\"lambda_name\": sales}' is not JSON: Expecting value"),
        ({"job": "{'lambda_name': 'sales'}"}, "is not JSON: Expecting property name enclosed in double quotes"),
        (["sales"], "event: ['sales'] must be an object (or its JSON)"),
        (None, "event: None must be an object (or its JSON)"),
        ({"period": "today"}, "lambda_name: None is missing: it names the labourer (known: sales)"),
        ({"lambda_name": "sales", "x": "y" * 262_144}, "bytes of JSON, over the limit of 262,144"),
        ({"lambda_name": "sales", "period": "last_days"}, "period: 'last_days' is no period"),
        ({**JOB, "shops": [*range(400), [1]]}, "shops: [1] must hold texts or numbers to be isolated"),
        ({**JOB, "sosw": 1}, "sosw: 1 must be"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_before_anything_is_written(
    world: World, event: Any, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.submit(event, "r")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (world.tasks.tasks, world.jobs.get(JobId("r"))) == ({}, None)


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ({"task_confg": 1}, "task_confg: 1 is not a setting (did you mean 'task_config'?)"),
        (
            {"task_config": {"labourers": {"sales": {"max_simultaneous_invocations": 1, "cooldwon": 1}}}},
            "task_config.labourers.sales.cooldwon: 1 is not a setting (did you mean 'cooldown'?)",
        ),
    ],
)
def test_an_unknown_configuration_key_refuses_the_job_before_anything_is_written(
    world: World, mistake: dict[str, Any], sentence: str
) -> None:
    world.config.update(mistake)
    with pytest.raises(InvalidInput) as refused:
        world.submit(JOB, "r")
    assert str(refused.value) == sentence
    assert (world.tasks.tasks, world.jobs.get(JobId("r"))) == ({}, None)


def test_a_mistaken_labourer_does_not_refuse_the_jobs_of_the_others(world: World) -> None:
    world.config["task_config"]["labourers"]["bad"] = {}
    assert world.submit(JOB, "r")["created"] == 500


def test_a_subclass_has_periods_of_its_own_as_in_sosw_0_7(world: World) -> None:
    class Calendar(Scheduler):
        def fiscal_x_days(self, period: str) -> list[str]:
            return ["2025-04-06"] * int(period.split("_")[1])

    world.config["custom_period_patterns"] = ["fiscal_[0-9]+_days"]
    parts: dict[str, Any] = {
        "records": world.records,
        "sources": world.sources,
        "invoker": world.invoker,
        "name": "scheduler",
    }
    calendar = Calendar(world.config, tasks=world.tasks, jobs=world.jobs, clock=world.clock, **parts)
    event = {"lambda_name": "sales", "period": "fiscal_2_days", "isolate_days": True}
    answer = calendar.submit(event, request_id="r", remaining=lambda: seconds(900))

    assert answer["tasks"] == 2


def test_a_pattern_without_its_method_is_refused_by_name(world: World) -> None:
    world.config["custom_period_patterns"] = ["fiscal_[0-9]+_days"]
    with pytest.raises(InvalidInput, match=r"needs a method fiscal_x_days\(\) on Scheduler"):
        world.submit(JOB)


def test_a_dry_run_refuses_what_the_job_itself_would_be_refused_for(world: World) -> None:
    job = {**JOB, "shops": [f"{n:0100}" for n in range(3000)]}  # each task is small, the job is not
    for event in (job, {**job, "dry_run": True}):
        with pytest.raises(InvalidInput, match="bytes of JSON, over the limit of 262,144"):
            world.submit(event, "r")
