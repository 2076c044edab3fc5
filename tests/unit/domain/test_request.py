"""A job as it comes in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain import request as request_module
from sosw.domain.errors import InvalidInput
from sosw.domain.extensions import Extensions
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
        ({"task_id": 1}, "task_id: 1 is a name that sosw gives to Workers: choose another"),
        ({"sosw": {}, "x": 1}, "sosw: {} is a name that sosw gives to Workers: choose another"),
        ({"period": "soon"}, "period: 'soon' is no period"),
        ({"priority": 10}, "priority: 10 must be a whole number from 0 (first) to 9 (last); payload of that name goes"),
        ({"priority": True}, "priority: True must be a whole number from 0"),
        ({"priority": "high"}, "priority: 'high' must be a whole number from 0"),
        (
            {"not_before": "2026-01-31"},
            "not_before: '2026-01-31' must be a moment that exists, with its offset, such as",
        ),
        ({"not_before": "2026-01-31T06:00:00"}, "must be a moment that exists, with its offset"),
        ({"not_before": "2026-02-30T06:00:00Z"}, "must be a moment that exists, with its offset"),
        ({"not_before": "0001-01-01T00:00:00+01:00"}, "must be a moment that exists, with its offset"),
        ({"not_before": 7}, "not_before: 7 must be a moment"),
        ({"dry_run": "yes"}, "dry_run: 'yes' must be true or false; payload of that name goes into payload"),
        ({"time_zone": "Mars/Base"}, "time_zone: 'Mars/Base' must be the name of a time zone"),
        ({"source": "s3://bucket/x.txt"}, "source: 's3://bucket/x.txt' must end in .jsonl"),
        ({"isolate_shpos": True}, "isolate_shpos: True is no flag of this job's schema"),
        ({"x": float("nan")}, "x: nan is not JSON"),
        ({"x": "\ud800"}, "is not JSON"),
        ({"x": "x" * 300_000}, "is 300,008 bytes of JSON, over the limit of 262,144"),
    ],
)
def test_a_job_that_makes_no_right_tasks_is_refused_at_the_door(attributes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        request({"lambda_name": "sales", **attributes})
    assert sentence in str(refused.value)
    assert len(refused.value.problems) == 1


def test_all_that_is_wrong_is_told_in_one_answer() -> None:
    with pytest.raises(InvalidInput) as refused:
        request(
            {
                "lambda_name": "salse",
                "job_schema_name": "by_shop",
                "idempotency_key": "a b",
                "isolate_shpos": True,
                "period": "soon",
                "time_zone": "Mars",
                "priority": 11,
                "not_before": "noon",
                "dry_run": 1,
                "source": "s3://bucket",
            }
        )
    assert [problem.field for problem in refused.value.problems] == [
        "lambda_name",
        "time_zone",
        "source",
        "idempotency_key",
        "priority",
        "not_before",
        "dry_run",
        "isolate_shpos",
        "period",
    ]


def test_without_its_schema_the_rest_of_a_job_is_looked_at() -> None:
    with pytest.raises(InvalidInput) as refused:
        request({"lambda_name": "salse", "job_schema_name": "by_shoe", "isolate_shoes": True})
    assert [problem.field for problem in refused.value.problems] == ["lambda_name", "job_schema_name"]


def test_the_body_of_a_job_is_what_a_row_can_hold() -> None:
    job = {"lambda_name": "sales", "job_schema_name": "by_shop", "isolate_shops": True, "shops": ["x" * 90_000] * 3}
    asked = request(job)
    with pytest.raises(InvalidInput, match=r"^job: .* over the limit of 262,144"):
        asked.job("r", NOW)


def test_tasks_have_the_priority_of_their_job_and_are_not_due_before_it_says() -> None:
    asked = request({"lambda_name": "sales", "priority": 0, "not_before": "2026-01-01T18:00:00+01:00", "x": 1})
    later = NOW.replace(hour=17)
    assert (asked.priority, asked.not_before) == (0, later)
    (task,) = asked.tasks(asked.job("r", NOW), NOW)
    assert (task.priority, task.greenfield) == (0, later)
    (task,) = asked.tasks(asked.job("r", NOW), later + seconds(1))
    assert task.greenfield == later + seconds(1)


def test_what_a_job_says_stays_in_the_payload_but_for_its_names() -> None:
    asked = request(
        {"lambda_name": "sales", "idempotency_key": "k", "job_schema_name": "by_shop", "priority": 3, "x": 1}
    )
    (task,) = asked.tasks(asked.job("r", NOW), NOW)
    assert task.payload == {"job_schema_name": "by_shop", "priority": 3, "x": 1}


def test_a_dry_run_says_that_it_is_one() -> None:
    assert request({"lambda_name": "sales", "dry_run": True}).dry_run
    assert not request({"lambda_name": "sales"}).dry_run


def test_today_is_the_day_in_the_time_zone_of_the_job() -> None:
    asked = request({"lambda_name": "sales", "period": "today", "time_zone": "Pacific/Kiritimati"})
    (task,) = asked.tasks(asked.job("r", NOW), NOW)
    assert NOW.hour == 12
    assert task.payload["date_list"] == ["2026-01-02"]


def test_a_job_goes_on_with_the_schema_of_its_first_submission() -> None:
    event = {"lambda_name": ARN, "job_schema_name": "by_shop", "isolate_shops": True, "shops": [1, 2], "priority": 1}
    first = request(event)
    job = first.job("r", NOW)
    changed = replace(SETTINGS, job_schema_variants={"default": ()})
    again = JobRequest.of(job, changed)
    assert list(again.tasks(job, NOW)) == list(first.tasks(job, NOW))
    assert again.job("other", NOW) == job
    assert list(again.tasks(job, NOW, start=1)) == list(first.tasks(job, NOW))[1:]


def test_extensions_make_periods_and_chunkers() -> None:
    own = Extensions(periods={"christmas": lambda today, _match: [today.replace(month=12, day=25)]})
    asked = JobRequest.from_event({"lambda_name": "sales", "period": "christmas"}, SETTINGS, NOW, own)
    (task,) = asked.tasks(asked.job("r", NOW), NOW)
    assert task.payload["date_list"] == ["2026-12-25"]


SOURCE = {"lambda_name": "sales", "source": "s3://bucket/x.jsonl", "batch": 2}
PARTS = [{"lines": ["a", "b"]}, {"lines": ["c"]}]


def payloads_of(event: dict[str, Any], start: int = 0) -> list[Any]:
    asked = request(event)
    return [task.payload["lines"] for task in asked.tasks(asked.job("r", NOW), NOW, start=start, parts=PARTS)]


def test_a_source_gives_a_task_a_batch() -> None:
    assert payloads_of(SOURCE) == [["a", "b"], ["c"]]
    assert payloads_of(SOURCE, start=1) == [["c"]]


def test_days_and_attributes_are_chunked_within_each_batch() -> None:
    job = {**SOURCE, "job_schema_name": "by_shop", "isolate_shops": True, "shops": [1, 2, 3]}
    assert payloads_of(job) == [["a", "b"]] * 3 + [["c"]] * 3
    assert payloads_of(job, start=2) == [["a", "b"]] + [["c"]] * 3
    assert payloads_of(job, start=4) == [["c"]] * 2


def test_a_job_with_a_source_needs_somebody_who_reads_it() -> None:
    asked = request(SOURCE)
    with pytest.raises(InvalidInput, match=r"source: 's3://bucket/x\.jsonl' cannot be read here"):
        list(asked.tasks(asked.job("r", NOW), NOW))


@pytest.mark.parametrize("part", [{"lines": ["x" * 300_000]}, {"lines": [float("nan")]}])
def test_a_batch_that_makes_no_right_payload_is_refused(part: dict[str, Any]) -> None:
    asked = request(SOURCE)
    with pytest.raises(InvalidInput, match=r"^payload: "):
        list(asked.tasks(asked.job("r", NOW), NOW, parts=[part]))


def test_a_source_of_more_tasks_than_can_be_numbered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_module, "MAX_TASKS", 1)
    with pytest.raises(InvalidInput, match="job: 'r' makes more than 1 tasks"):
        payloads_of(SOURCE)
