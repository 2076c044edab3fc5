"""A job as it comes in."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain import request as request_module
from sosw.domain.errors import InvalidInput
from sosw.domain.job import JobState
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import TaskState
from tests.factories import LABOURER, NOW, QUEUE, seconds

SETTINGS = EssentialSettings.from_mapping(
    {
        "task_config": {"labourers": {LABOURER: {"max_simultaneous_invocations": 1}}},
        "job_schema_variants": {"by_shop": {"chunkable_attrs": [["shop", {}]]}},
    }
)
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:sales"


def request(event: Any) -> JobRequest:
    return JobRequest.from_event(event, SETTINGS)


@pytest.mark.parametrize(
    "event",
    [
        {"lambda_name": "sales", "x": 1},
        {"lambda_name": ARN, "x": 1},
        {"lambda_name": f"{ARN}:live", "x": 1},
        '{"lambda_name": "sales", "x": 1}',
        {"job": {"lambda_name": "sales", "x": 1}},
        {"job": '{"lambda_name": "sales", "x": 1}', "test": True, "logging_level": 10},
    ],
)
def test_a_job_may_come_as_itself_or_in_an_envelope_as_an_object_or_its_json(event: Any) -> None:
    assert (request(event).labourer.name, request(event).attributes, request(event).key) == ("sales", {"x": 1}, None)


@pytest.mark.parametrize(
    "event",
    [
        {"lambda_name": "sales", "idempotency_key": "k:1"},
        {"job": {"lambda_name": "sales", "idempotency_key": "k:1"}},
        {"job": {"lambda_name": "sales", "idempotency_key": "other"}, "idempotency_key": "k:1"},
    ],
)
def test_the_key_may_stand_in_the_job_or_beside_it_and_names_the_job(event: Any) -> None:
    assert request(event).job("request", NOW).id == "k:1"
    assert "idempotency_key" not in request(event).attributes


def test_a_job_without_a_key_is_named_by_its_request() -> None:
    job = request({"lambda_name": "sales"}).job("request", NOW)
    assert (job.id, job.labourer, job.submitted_at) == ("request", "sales", NOW)
    assert (job.state, job.total) == (JobState.CREATING, None)


def test_the_same_job_has_the_same_body_and_another_one_another() -> None:
    bodies = [
        request({"lambda_name": name, "x": x, "idempotency_key": key}).job("r", NOW).body
        for name, x, key in [("sales", 1, "a"), (ARN, 1, "b"), ("sales", 2, "a")]
    ]
    assert bodies[0] == bodies[1] != bodies[2]


def test_the_tasks_of_a_job_are_numbered_and_the_same_at_every_call() -> None:
    asked = request({"lambda_name": "sales", "job_schema_name": "by_shop", "isolate_shops": True, "shops": [1, 2]})
    job = asked.job("r", NOW)
    tasks = list(asked.tasks(job, NOW + seconds(5)))
    assert [(task.id, task.payload["shops"]) for task in tasks] == [("r#0", [1]), ("r#1", [2])]
    assert {(task.state, task.queue, task.created_at) for task in tasks} == {(TaskState.QUEUED, QUEUE, NOW)}
    assert {task.greenfield for task in tasks} == {NOW + seconds(5)}
    assert list(asked.tasks(job, NOW + seconds(5))) == tasks


def test_a_period_counts_from_the_day_of_the_first_submission() -> None:
    asked = request({"lambda_name": "sales", "period": "yesterday"})
    (task,) = asked.tasks(asked.job("r", NOW), NOW + seconds(86_400))
    assert task.payload["date_list"] == ["2025-12-31"]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (None, "event: None must be an object (or its JSON)"),
        ([1], "event: [1] must be an object (or its JSON)"),
        ("nonsense", "event: 'nonsense' is not JSON: Expecting value"),
        ({"job": 7}, "job: 7 must be an object (or its JSON)"),
        ({"job": "{'a': 1}"}, "is not JSON: Expecting property name"),
        ({}, "lambda_name: None is missing: it names the labourer (known: sales)"),
        ({"lambda_name": "salse"}, "lambda_name: 'salse' is not a registered labourer (did you mean 'sales'?)"),
        ({"lambda_name": ["sales"]}, "lambda_name: ['sales'] must be the name of a registered labourer"),
        ({"lambda_name": "sales", "job_schema_name": "by_shoe"}, "is not a job schema (did you mean 'by_shop'?)"),
        ({"lambda_name": "sales", "job_schema_name": ["x"]}, "job_schema_name: ['x'] is not a job schema"),
        ({"lambda_name": "sales", "idempotency_key": "a b"}, "idempotency_key: 'a b' must be 1 to 64 of A-Z"),
        ({"lambda_name": "sales", "idempotency_key": "a#1"}, "idempotency_key: 'a#1' must be 1 to 64 of A-Z"),
        ({"lambda_name": "sales", "idempotency_key": ""}, "idempotency_key: '' must be 1 to 64"),
        ({"lambda_name": "sales", "idempotency_key": "k" * 65}, "must be 1 to 64"),
        ({"lambda_name": "sales", "idempotency_key": 7}, "idempotency_key: 7 must be 1 to 64"),
        (
            {"job": {"lambda_name": "sales"}, "idempotency-key": "k"},
            "idempotency-key: 'k' stands beside the job, where it would be lost: put it into the job (did you mean 'id",
        ),
    ],
)
def test_a_job_that_cannot_work_is_refused_naming_field_value_and_rule(event: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        request(event)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"task_id": 1}, "payload.task_id: 1 is a name that sosw gives to Workers: choose another"),
        ({"sosw": {}}, "payload.sosw: {} is a name that sosw gives to Workers: choose another"),
        ({"period": "soon"}, "period: 'soon' is no period"),
    ],
)
def test_a_task_that_cannot_work_is_refused(attributes: dict[str, Any], sentence: str) -> None:
    asked = request({"lambda_name": "sales", **attributes})
    with pytest.raises(InvalidInput) as refused:
        list(asked.tasks(asked.job("r", NOW), NOW))
    assert sentence in str(refused.value)


@pytest.mark.parametrize("value", ["x" * 300_000, float("nan"), "\ud800"], ids=["too long", "NaN", "half a character"])
def test_a_body_that_cannot_be_kept_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^job: "):
        request({"lambda_name": "sales", "x": value}).job("r", NOW)


def test_a_task_is_refused_whose_payload_alone_is_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request({"lambda_name": "sales", "x": "y" * 100})
    job = asked.job("r", NOW)
    monkeypatch.setattr(request_module, "MAX_PAYLOAD_BYTES", 100)
    with pytest.raises(InvalidInput, match=r"payload: .* is 108 bytes of JSON, over the limit of 100"):
        list(asked.tasks(job, NOW))


def test_a_job_of_more_tasks_than_can_be_numbered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_module, "MAX_TASKS", 2)
    asked = request({"lambda_name": "sales", "period": "last_3_days", "isolate_days": True})
    with pytest.raises(InvalidInput, match="job: 'r' makes more than 2 tasks"):
        list(asked.tasks(asked.job("r", NOW), NOW))
