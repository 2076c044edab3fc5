"""What the Lambdas say to each other."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.assignment import Assignment, assignment, worker_event
from sosw.domain.errors import InvalidInput
from sosw.domain.jsontext import dump, load
from sosw.domain.messages import Wake
from sosw.domain.moments import to_ms
from sosw.domain.report import Report
from sosw.domain.task import LabourerName, TaskId
from tests.factories import JOB, LABOURER, LEASE, NOW, a_task, claimed

OURS = {"job_id": "j", "labourer": "sales", "attempt": 1, "lease_until": 5}


def test_a_worker_gets_its_payload_flat_and_who_is_asked() -> None:
    event = worker_event(claimed(a_task(payload={"shops": ["a"], "date_list": []}, attempt=2, forgiven=1)))
    assert event == {
        "shops": ["a"],
        "date_list": [],
        "task_id": "job#0",
        "labourer_id": "sales",
        "attempts": 2,
        "created_at": to_ms(NOW) // 1000,
        "greenfield": to_ms(NOW) // 1000,
        "sosw": {
            "job_id": "job",
            "labourer": "sales",
            "attempt": 3,
            "tries": 2,
            "max_attempts": None,
            "lease_until": to_ms(NOW + LEASE),
            "partial": None,
        },
    }


def test_a_payloads_own_key_is_never_overwritten_by_a_field_of_the_old_form() -> None:
    assert worker_event(claimed(a_task(payload={"created_at": "mine"})))["created_at"] == "mine"


def test_an_attempt_is_read_back_from_its_event() -> None:
    event = load(dump(worker_event(claimed(a_task()))))
    assert assignment(event) == Assignment(
        id=TaskId("job#0"), job_id=JOB, labourer=LABOURER, attempt=1, tries=1, lease_until=NOW + LEASE
    )


def test_an_assignment_that_nobody_runs_has_no_time() -> None:
    read = assignment(worker_event(claimed(a_task())))
    assert read is not None
    assert read.remaining == timedelta()


@pytest.mark.parametrize("event", [None, [], {}, {"task_id": "t"}, {"task_id": "t", "sosw": "x"}, {"sosw": OURS}])
def test_an_event_from_elsewhere_assigns_nothing(event: Any) -> None:
    assert assignment(event) is None


@pytest.mark.parametrize("key", OURS)
def test_an_assignment_that_is_not_whole_is_refused(key: str) -> None:
    for ours in ({**OURS, key: None}, {k: v for k, v in OURS.items() if k != key}):
        with pytest.raises(InvalidInput, match=rf"sosw\.{key}: None must be (str|int), or leave out sosw"):
            assignment({"task_id": "t", "sosw": ours})


def test_a_wake_is_read_back_from_its_event() -> None:
    wake = Wake(ended={LABOURER: {TaskId("t"): 4}, LabourerName("idle"): {}})
    assert Wake.from_event(load(dump(wake.to_event()))) == wake


@pytest.mark.parametrize("event", [None, [], {}, {"source": "aws.events"}])
def test_any_other_event_is_no_wake(event: Any) -> None:
    assert Wake.from_event(event) is None


@pytest.mark.parametrize("wake", [None, [], {"sales": 1}, {"sales": {"t": "4"}}, {"sales": {"t": True}}])
def test_a_wake_of_the_wrong_form_is_refused(wake: Any) -> None:
    with pytest.raises(InvalidInput, match=r"wake: .* must be \{labourer: \{task id: version\}\}"):
        Wake.from_event({"wake": wake})


@pytest.mark.parametrize(
    "report",
    [
        Report(action="complete", task_id=TaskId("t"), attempt=3, labourer=LABOURER, result=[1], stats={"n": 1}),
        Report(action="complete", task_id=TaskId("t")),
        Report(action="fail", task_id=TaskId("t"), error="ValueError", message="no", is_retryable=False),
        Report(action="heartbeat", task_id=TaskId("t"), attempt=2),
        Report(action="heartbeat", task_id=TaskId("t"), signals={"rds:orders": {"count": 1}}),
    ],
)
def test_a_report_is_read_back_from_its_event(report: Report) -> None:
    assert Report.from_event(load(dump(report.to_event()))) == report


@pytest.mark.parametrize(("action", "meant"), [("mark_task_as_completed", "complete"), ("mark_task_as_failed", "fail")])
def test_the_actions_of_sosw_0_7_mean_the_first_attempt(action: str, meant: str) -> None:
    report = Report.from_event({"action": action, "task_id": "t"})
    assert (report.action, report.attempt, report.labourer) == (meant, 1, None)


def test_no_result_makes_a_report_none() -> None:
    event = {"action": "complete", "task_id": "t", "result": [math.nan, "x" * 70_000], "stats": {"rate": math.inf}}
    report = Report.from_event(event)
    assert "sosw_dropped" in report.result
    assert report.stats == {"rate": None}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("x", "event: 'x' must be an object: action, task_id, attempt, …"),
        ({"task_id": "t"}, "action: None is not an action (known: complete, fail, heartbeat,"),
        ({"action": "compleet", "task_id": "t"}, "action: 'compleet' is not an action (did you mean 'complete'?)"),
        ({"action": ["fail"], "task_id": "t"}, "action: ['fail'] is not an action"),
        ({"action": "fail"}, "task_id: None must be the id of a task"),
        ({"action": "fail", "task_id": ""}, "task_id: '' must be the id of a task"),
        ({"action": "fail", "task_id": "t", "attempt": 0}, "attempt: 0 must be a whole number from 1"),
        ({"action": "fail", "task_id": "t", "attempt": True}, "attempt: True must be a whole number from 1"),
        ({"action": "fail", "task_id": "t", "error": 1}, "error: 1 must be a text"),
        ({"action": "fail", "task_id": "t", "message": None}, "message: None must be a text"),
        ({"action": "fail", "task_id": "t", "labourer": {}}, "labourer: {} must be a text"),
        ({"action": "fail", "task_id": "t", "is_retryable": 0}, "is_retryable: 0 must be true or false"),
        ({"action": "fail", "task_id": "t", "reslut": 1}, "reslut: 1 is not part of a report (did you mean 'result'?)"),
    ],
)
def test_what_is_no_report_is_refused(event: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Report.from_event(event)
    assert sentence in str(refused.value)


def test_all_that_is_wrong_with_a_report_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        Report.from_event({"attempt": "x"})
    assert [problem.field for problem in refused.value.problems] == ["action", "task_id", "attempt"]
