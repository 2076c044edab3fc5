"""Where a job comes from."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.job import Job
from sosw.domain.origin import MOST_CHARS
from sosw.domain.request import JobRequest
from sosw.domain.settings import EssentialSettings
from tests.factories import NOW

ARN = "arn:aws:events:eu-west-1:123456789012:rule/exports"
SETTINGS = EssentialSettings.from_mapping(
    {"task_config": {"labourers": {"sales": {"max_simultaneous_invocations": 1}}}}
)


def job(job: Any = None, **beside: Any) -> Job:
    event = {"job": job or {"lambda_name": "sales"}, **beside}
    return JobRequest.from_event(event, SETTINGS).job("r", NOW)


def test_who_submits_and_the_event_are_kept_with_the_job() -> None:
    event = {"arn": ARN, "id": "e-1", "time": "2026-01-31T05:30:00Z"}
    kept = job(by="ada", source_event=event)

    assert (kept.submitted_by, kept.source_event) == ("ada", event)


@pytest.mark.parametrize("beside", [{}, {"by": ""}])
def test_without_a_by_the_rule_or_the_schedule_is_who_submits(beside: dict[str, Any]) -> None:
    assert job(source_event={"arn": ARN}, **beside).submitted_by == ARN


@pytest.mark.parametrize("beside", [{}, {"source_event": None}, {"source_event": {}}])
def test_where_nobody_says_anything_nothing_is_kept(beside: dict[str, Any]) -> None:
    assert (job(**beside).submitted_by, job(**beside).source_event) == ("", None)


def test_the_origin_is_no_part_of_what_is_asked_for() -> None:
    assert job(by="ada").body == job(by="bob", source_event={"id": "e"}).body


def test_in_a_job_itself_the_keys_are_payload() -> None:
    bare = JobRequest.from_event({"lambda_name": "sales", "by": 7, "source_event": []}, SETTINGS)

    assert bare.attributes == {"by": 7, "source_event": []}
    assert bare.job("r", NOW).submitted_by == ""


@pytest.mark.parametrize(
    ("beside", "sentence"),
    [
        ({"by": 7}, "by: 7 must be a text of at most 2,048 characters"),
        ({"by": None}, "by: None must be a text"),
        ({"by": "x" * (MOST_CHARS + 1)}, "must be a text of at most 2,048 characters"),
        ({"source_event": "e-1"}, "source_event: 'e-1' must be an object of arn, id, time"),
        ({"source_event": {"time": 7}}, "source_event.time: 7 must be a text"),
        ({"source_event": {"tme": "x"}}, "source_event.tme: 'x' is not kept of an event (did you mean 'time'?)"),
        ({"source-event": {}}, "source-event: {} stands beside the job, where it would be lost"),
    ],
)
def test_what_cannot_be_kept_is_refused(beside: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        job(**beside)
    assert sentence in str(refused.value)


def test_it_is_refused_together_with_all_that_is_wrong_in_the_job() -> None:
    with pytest.raises(InvalidInput) as refused:
        job({"lambda_name": "sale", "priority": 11}, by=7, source_event={"id": 8, "x": ""})
    assert [problem.field for problem in refused.value.problems] == [
        "lambda_name",
        "priority",
        "by",
        "source_event.id",
        "source_event.x",
    ]
