"""Records of Lambda's destinations: each shape that Lambda sends, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sosw.domain import destinations
from sosw.domain.assignment import worker_event
from sosw.domain.destinations import NoNews
from sosw.domain.errors import InvalidInput
from sosw.domain.jsontext import MAX_RESULT_BYTES
from sosw.domain.report import COMPLETE, FAIL, REPORTED, SNOOZE, TRACE_CHARS, Report
from tests.factories import a_task, claimed

REQUEST = "8ea123e4-1db7-4aca-ad10-d9ca1234c1fd"
EVENT = json.loads(json.dumps(worker_event(claimed(a_task(payload={"shop": 7})))))
"""What a function is invoked with, as Lambda repeats it in its record."""


def record(condition: str, response: Any = None, **fields: Any) -> dict[str, Any]:
    """A whole record, as Lambda writes it; `fields` replace what it has."""
    context = {"statusCode": 200, "executedVersion": "$LATEST"}
    whole = {
        "version": "1.0",
        "timestamp": "2026-01-01T12:00:00.123Z",
        "requestContext": {
            "requestId": REQUEST,
            "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:sales:$LATEST",
            "condition": condition,
            "approximateInvokeCount": 1,
        },
        "requestPayload": EVENT,
        "responseContext": context if condition == "Success" else {**context, "functionError": "Unhandled"},
        "responsePayload": response,
    }
    return {**whole, **fields}


def failed(response: Any, condition: str = "RetriesExhausted") -> Report:
    report = destinations.read(record(condition, response))
    assert isinstance(report, Report)
    assert (report.action, report.task_id, report.attempt, report.labourer) == (FAIL, "job#0", 1, "sales")
    return report


@pytest.mark.parametrize("response", [{"rows": [1, None, "ü"]}, [], "text", 0, False, None, {REPORTED: 1, "and": 2}])
def test_a_success_completes_the_attempt_with_what_was_returned(response: Any) -> None:
    report = destinations.read(record("Success", response))
    assert isinstance(report, Report)
    assert (report.action, report.task_id, report.attempt, report.labourer) == (COMPLETE, "job#0", 1, "sales")
    assert (report.result, report.request_id) == (response, REQUEST)


def test_a_response_that_is_too_large_for_the_task_is_replaced_by_a_note() -> None:
    report = destinations.read(record("Success", "x" * MAX_RESULT_BYTES))
    assert isinstance(report, Report)
    assert report.result == {"sosw_dropped": "65,538 bytes, over 65,536"}


def test_a_success_without_the_response_completes_the_attempt_and_says_so() -> None:
    told = record("Success")
    del told["responsePayload"]
    report = destinations.read(told)
    assert isinstance(report, Report)
    assert report.action == COMPLETE
    assert "without the response" in report.result["sosw_dropped"]


def test_a_function_that_returned_after_its_worker_had_reported_a_failure_tells_no_success() -> None:
    assert destinations.read(record("Success", {REPORTED: "fail"})) == NoNews(
        "ignored: the Worker has reported by itself: fail"
    )


PYTHON: dict[str, Any] = {
    "errorMessage": "no shop 7",
    "errorType": "KeyError",
    "requestId": "8ea123e4",
    "stackTrace": ['  File "/var/task/app.py", line 3, in handler\n    raise KeyError("no shop 7")\n'],
}
NODE = {"errorType": "TypeError", "errorMessage": "x is undefined", "trace": ["TypeError: x is undefined", "    at …"]}
JAVA = {"errorMessage": "no", "errorType": "java.lang.IllegalStateException", "stackTrace": ["app.Handler.run(…)"]}


@pytest.mark.parametrize("response", [PYTHON, NODE, JAVA], ids=["python", "node", "java"])
def test_an_error_keeps_the_class_and_the_message_that_the_function_gave_it(response: dict[str, Any]) -> None:
    report = failed(response)
    assert (report.error, report.message) == (response["errorType"], response["errorMessage"])
    assert report.is_retryable


DEEP = [f"    at step{number} (/var/task/index.js:{number}:1)" for number in range(100)]


@pytest.mark.parametrize(
    ("response", "trace"),
    [
        (PYTHON, "app.py:3 handler"),
        ({**PYTHON, "stackTrace": [*PYTHON["stackTrace"], '  File "/opt/python/a.py", line 9, in get\n']},
         "app.py:3 handler > /opt/python/a.py:9 get"),
        ({**NODE, "trace": ["TypeError: x", "    at get (/var/task/a.js:9:3)", "    at handler (/var/task/b.js:2:1)"]},
         "handler (b.js:2:1) > get (a.js:9:3)"),
        ({**JAVA, "stackTrace": ["app.Rows.get(Rows.java:9)", "app.Handler.run(Handler.java:3)"]},
         "app.Handler.run(Handler.java:3) > app.Rows.get(Rows.java:9)"),
        ({"errorType": "errorString", "stackTrace": [{"path": "main.go", "line": 3}, None]}, ""),
        ({"errorType": "Error", "stackTrace": "odd", "trace": 7}, ""),
        ({"errorType": "Error", "trace": ["    at " + "x" * 1000]}, "x" * TRACE_CHARS),
    ],
)  # fmt: skip
def test_where_an_error_was_raised_is_told_outermost_first(response: dict[str, Any], trace: str) -> None:
    assert failed(response).trace == trace


def test_of_a_deep_trace_the_innermost_frames_are_kept() -> None:
    trace = failed({"errorType": "Error", "trace": ["Error: deep", *DEEP]}).trace
    assert len(trace) <= TRACE_CHARS
    assert trace.endswith("step1 (index.js:1:1) > step0 (index.js:0:1)")
    assert trace.startswith("step")


def test_an_error_that_calls_itself_not_retryable_is_not_retried() -> None:
    assert not failed({"errorType": "NonRetryable", "errorMessage": "no such shop"}).is_retryable


_EXITED = "RequestId: 8ea123e4 Error: Runtime exited with error: "


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ("TimedOut", None, "2026-01-01T12:00:03.005Z 8ea123e4 Task timed out after 3.00 seconds"),
        ("TimedOut", "Sandbox.Timedout", "RequestId: 8ea123e4 Error: Task timed out after 3.00 seconds"),
        ("Crashed", None, "RequestId: 8ea123e4 Process exited before completing request"),
        ("Crashed", None, f"{_EXITED}exit status 1"),
        ("Crashed", "Runtime.ExitError", f"{_EXITED}exit status 1"),
        ("Crashed", "Runtime.ExitError", "RequestId: 8ea123e4 Error: Runtime exited without providing a reason"),
        ("Crashed", "Runtime.ExitError", f"{_EXITED}signal: aborted (core dumped)"),
        ("Crashed", "Runtime.ExitError", ""),
        ("OutOfMemory", "Runtime.ExitError", f"{_EXITED}signal: killed"),
        ("OutOfMemory", None, f"{_EXITED}signal: killed"),
        ("OutOfMemory", "Runtime.OutOfMemory", f"{_EXITED}signal: killed"),
    ],
)
def test_what_no_function_can_report_has_a_class_of_its_own(error: str, kind: str | None, message: str) -> None:
    report = failed({"errorMessage": message} if kind is None else {"errorType": kind, "errorMessage": message})
    assert (report.error, report.message) == (error, message)


def test_an_error_of_the_function_that_speaks_of_a_time_out_keeps_its_class() -> None:
    spoken = {"errorType": "ReadError", "errorMessage": "Task timed out after 5 s, Runtime exited, signal: killed"}
    assert failed(spoken).error == "ReadError"


@pytest.mark.parametrize(
    "type_", ["Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Function.ResponseSizeTooLarge"]
)
def test_other_errors_of_the_runtime_keep_lambdas_name(type_: str) -> None:
    assert failed({"errorType": type_, "errorMessage": "…"}).error == type_


def test_an_event_that_was_never_begun_is_put_off_and_its_attempt_forgiven() -> None:
    told = record("EventAgeExceeded")
    del told["responseContext"], told["responsePayload"]
    for each in (told, record("EventAgeExceeded", None, responseContext=None)):
        report = destinations.read(each)
        assert isinstance(report, Report)
        assert (report.action, report.delay) == (SNOOZE, 60)
        assert report.note == "Lambda could not begin it within its event age"


def test_an_event_that_grew_too_old_and_may_have_been_begun_is_a_failure() -> None:
    report = failed(None, "EventAgeExceeded")
    assert (report.error, report.message) == ("EventAgeExceeded", "")


def test_an_event_that_grew_too_old_after_a_failure_tells_of_that_failure() -> None:
    assert failed(PYTHON, "EventAgeExceeded").error == "KeyError"


@pytest.mark.parametrize("response", [None, "text", ["list"], {}, {"errorType": None, "errorMessage": None}])
def test_a_failure_that_tells_nothing_of_its_error_is_a_failure(response: Any) -> None:
    report = failed(response)
    assert (report.error, report.message, report.is_retryable) == ("Unhandled", "", True)


@pytest.mark.parametrize("context", [None, "odd", {}, {"functionError": None}])
def test_a_condition_of_tomorrow_is_a_failure_of_that_name(context: Any) -> None:
    report = destinations.read(record("Vanished", None, responseContext=context))
    assert isinstance(report, Report)
    assert (report.action, report.error) == (FAIL, "Vanished")


def test_odd_types_in_an_error_become_texts() -> None:
    report = failed({"errorType": 7, "errorMessage": {"code": 7}})
    assert (report.error, report.message) == ("7", "{'code': 7}")


@pytest.mark.parametrize(
    "payload", [None, "text", [1], {}, {"task_id": "job#0"}, {"sosw": {}}, {"sosw": 1, "task_id": "a"}]
)
@pytest.mark.parametrize("condition", ["Success", "RetriesExhausted", "EventAgeExceeded"])
def test_the_record_of_an_invocation_that_was_not_sosws_is_ignored(payload: Any, condition: str) -> None:
    assert destinations.read(record(condition, None, requestPayload=payload)) == NoNews(
        "ignored: the record of an invocation that names no task"
    )


def test_a_record_that_came_without_the_event_is_ignored() -> None:
    told = record("Success")
    del told["requestPayload"]
    assert isinstance(destinations.read(told), NoNews)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"task_id": 7}, "task_id"), ({"sosw": {**EVENT["sosw"], "attempt": "1"}}, "sosw.attempt"),
     ({"sosw": {"job_id": "job"}}, "sosw.labourer"), ({"sosw": {**EVENT["sosw"], "attempt": 0}}, "attempt")],
)  # fmt: skip
def test_the_record_of_an_event_that_is_ours_but_not_whole_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        destinations.read(record("Success", None, requestPayload={**EVENT, **change}))


def test_a_report_is_read_as_before_also_when_it_looks_like_a_record() -> None:
    report = {"action": "complete", "task_id": "job#0", "result": 1}
    assert destinations.read(report) == Report.from_event(report)
    with pytest.raises(InvalidInput, match="requestContext"):
        destinations.read({**report, "requestContext": {"condition": "Success"}})


@pytest.mark.parametrize("event", [None, "text", [], {}, {"requestContext": None}, {"requestContext": {"condition": 1}},
                                   {"requestContext": {"http": {"method": "GET"}}}])  # fmt: skip
def test_what_is_neither_a_report_nor_a_record_is_refused(event: Any) -> None:
    with pytest.raises(InvalidInput):
        destinations.read(event)
