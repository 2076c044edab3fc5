"""Where large values lie, and what of them may be lent."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.job import Job
from sosw.domain.stored_values import (
    Loan,
    body_at,
    body_key,
    lengthened,
    payload_key,
    place,
    result_key,
    shortened,
    url,
)
from sosw.domain.task import TaskId
from tests.factories import JOB, LABOURER, NOW

BODY = '{"lambda_name":"sales","schema":[],"attributes":{"x":"0123"}}'


def a_job(body: str = BODY) -> Job:
    return Job(id=JOB, labourer=LABOURER, submitted_at=NOW, body=body)


def test_each_value_has_a_place_of_its_own() -> None:
    keys = [payload_key(TaskId("j#0")), result_key(TaskId("j#0"), 1), result_key(TaskId("j#0"), 2)]
    assert keys == ["payloads/j/0.json", "results/j/0/1.json", "results/j/0/2.json"]


def test_no_id_leads_out_of_its_folder() -> None:
    assert result_key(TaskId("../payloads/x#../0"), 1) == "results/..%2Fpayloads%2Fx/..%2F0/1.json"


def test_a_place_is_read_as_it_was_written() -> None:
    assert place(url("bucket", "results/j/0/1.json")) == ("bucket", "results/j/0/1.json")


@pytest.mark.parametrize("text", ["", "bucket/key", "https://x/y", "s3://bucket", "s3:///key"])
def test_another_text_is_no_place(text: str) -> None:
    with pytest.raises(SoswError, match="is no place in a bucket"):
        place(text)


@pytest.mark.parametrize(("action", "key"), [("store", "results/j/0/2.json"), ("fetch", "payloads/j/0.json")])
def test_a_wish_is_for_one_object(action: str, key: str) -> None:
    loan = Loan.from_event({"action": action, "task_id": "j#0", "attempt": 2, "labourer": "sales"})
    assert loan is not None
    assert loan.key == key
    assert Loan.from_event(loan.to_event()) == loan


@pytest.mark.parametrize("event", [None, "store", {}, {"action": "complete", "task_id": "j#0", "attempt": 1}])
def test_anything_else_is_no_wish(event: Any) -> None:
    assert Loan.from_event(event) is None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"task_id": 7}, "task_id: 7 must be the id of a task"),
        ({"task_id": "j"}, "task_id: 'j' must be the id of a task"),
        ({"attempt": 0}, "attempt: 0 must be a whole number from 1"),
        ({"attempt": True}, "attempt: True must be a whole number from 1"),
        ({"result": 1}, "result: 1 is not part of it"),
    ],
)
def test_a_wish_that_is_not_whole_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Loan.from_event({"action": "store", "task_id": "j#0", "attempt": 1, **more})
    assert str(refused.value) == sentence


def test_a_job_is_shortened_to_the_place_of_its_body_and_back() -> None:
    short = shortened(a_job(), "bucket")
    assert body_at(short) == url("bucket", body_key(a_job()))
    assert len(short.body) < 200
    assert lengthened(short, BODY.encode()) == a_job()


def test_a_job_that_has_its_body_lies_nowhere_whatever_its_attributes_are_called() -> None:
    assert body_at(a_job()) is None
    assert body_at(a_job('{"lambda_name":"s","schema":[],"attributes":{"body_at":"x"}}')) is None


def test_another_job_under_the_same_id_has_another_place() -> None:
    assert body_key(a_job()) != body_key(a_job(BODY.replace("0123", "0124")))
