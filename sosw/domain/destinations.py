"""What Lambda itself tells of an asynchronous invocation, read as the report that it stands for.

A function of any language, without a line of ours, is a Worker when its on-success and on-failure destinations are the
WorkerAssistant. Lambda then sends it a record of each invocation:

    {"version": "1.0", "timestamp": "2026-01-01T12:00:00.123Z",
     "requestContext": {"requestId": …, "functionArn": …, "condition": "Success", "approximateInvokeCount": 1},
     "requestPayload": the event of the invocation, which names its task and attempt,
     "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" or left out},
     "responsePayload": what the function returned, or {"errorType", "errorMessage", "stackTrace"}}

Every condition but `Success` is a failure, with one exception: `EventAgeExceeded` of an event that waited in Lambda's
queue for too long and was never begun. The task is put off then, and the attempt forgiven. Errors keep the class that
the function gave them. What no function can report of itself has a class of its own here, so that a retry policy can
name it: Lambda's names for it differ by runtime and by year. What a Worker on the base class has reported of itself,
and then returned or raised for Lambda's eyes, is no news: its own report may come later, and says more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.assignment import assignment
from sosw.domain.jsontext import MAX_RESULT_BYTES, words
from sosw.domain.report import COMPLETE, FAIL, REPORTED, SNOOZE, TRACE_CHARS, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMED_OUT, CRASHED, OUT_OF_MEMORY = "TimedOut", "Crashed", "OutOfMemory"
"""Stopped by Lambda at the function's time-out; its process ended; its process was killed, as Linux does for memory."""
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
"""Waited in Lambda's queue for longer than the function's event age."""
PUT_OFF = 60.0
"""Seconds after which a task that Lambda could not begin is due again."""
NON_RETRYABLE = "NonRetryable"
"""An error of this class, in any language, is one that no retry can mend."""

SUCCESS = "Success"
"""Condition of a record; every other one is a failure."""
_AT_TIME_OUT = "Task timed out after"
_KILLED = "signal: killed"
_ENDED = ("Runtime exited", "Process exited before completing request")
_PYTHON, _NODE = re.compile(r'File "([^"]+)", line (\d+), in (\S+)'), re.compile(r"\s*at ")
_NO_RESPONSE = {"sosw_dropped": "the record of the invocation came without the response: too large for a destination"}


@dataclass(frozen=True, slots=True)
class NoNews:
    """A record that reports nothing: `why` is for people."""

    why: str

    def to_answer(self) -> dict[str, Any]:
        """As the WorkerAssistant answers."""
        return {"accepted": False, "state": None, "why": self.why}


def read(event: Any, *, result_limit: int = MAX_RESULT_BYTES) -> Report | NoNews:
    """What the WorkerAssistant is told by `event`: by a report, or by the record of a destination.

    Raises `InvalidInput` for what is neither, and for a record of an event that is ours, but not whole. `result_limit`
    is as in `Report.from_event`.
    """
    if not _is_record(event):
        return Report.from_event(event, result_limit=result_limit)
    who = assignment(event.get("requestPayload"))
    if who is None:
        return NoNews("ignored: the record of an invocation that names no task")
    context = event["requestContext"]
    if context["condition"] != SUCCESS and _is_reported(event.get("responsePayload")):
        return NoNews("ignored: the Worker has reported its failure by itself")
    told = {"request_id": _text(context.get("requestId")) or None, **_end(event, context["condition"])}
    returned = told.get("result")
    if isinstance(returned, dict) and returned.keys() == {REPORTED}:
        return NoNews(f"ignored: the Worker has reported by itself: {words(returned[REPORTED])}")
    named = {"task_id": who.id, "attempt": who.attempt, "labourer": who.labourer}
    return Report.from_event({**named, **told}, result_limit=result_limit)


def _is_record(event: Any) -> bool:
    context = event.get("requestContext") if isinstance(event, dict) else None
    return isinstance(context, dict) and isinstance(context.get("condition"), str) and "action" not in event


def _end(record: Mapping[str, Any], condition: str) -> dict[str, Any]:
    """What a report says of the end of the attempt."""
    if condition == SUCCESS:
        return {"action": COMPLETE, "result": record.get("responsePayload", _NO_RESPONSE)}
    told, context = _object(record.get("responsePayload")), _object(record.get("responseContext"))
    kind, message = _text(told.get("errorType")), _text(told.get("errorMessage"))
    general = _text(context.get("functionError"))
    if condition == EVENT_AGE_EXCEEDED and not (kind or message):
        if not general:
            return {"action": SNOOZE, "delay": PUT_OFF, "note": "Lambda could not begin it within its event age"}
        general = condition
    return {
        "action": FAIL,
        "error": _class(kind, message) or general or condition,
        "message": message,
        "trace": _trace(told),
        "is_retryable": kind != NON_RETRYABLE,
    }


def _class(kind: str, message: str) -> str:
    """The class of an error of which Lambda tells `kind`, or nothing, and `message`."""
    if kind == "Sandbox.Timedout" or (not kind and _AT_TIME_OUT in message):
        return TIMED_OUT
    is_ended = kind == "Runtime.ExitError" or (not kind and any(sign in message for sign in _ENDED))
    if kind == "Runtime.OutOfMemory" or (is_ended and _KILLED in message):
        return OUT_OF_MEMORY
    return CRASHED if is_ended else kind


def _is_reported(response: Any) -> bool:
    """Whether the base class has raised it after its report (`sosw.handler`)."""
    found = (_PYTHON.search(line) for line in _lines(_object(response).get("stackTrace")))
    return any(frame is not None and frame[3] == REPORTED for frame in found)


def _trace(told: Mapping[str, Any]) -> str:
    """Where it was raised, in the form of `sosw.domain.trace`: as many of the innermost frames as there is room for."""
    text = ""
    for frame in reversed(_frames(told)):
        longer = f"{frame} > {text}" if text else frame[:TRACE_CHARS]
        if len(longer) > TRACE_CHARS:
            break
        text = longer
    return text


def _frames(told: Mapping[str, Any]) -> list[str]:
    """The outermost first. Lambda's Python tells them so; its Node.js, Java and Ruby tell the innermost first."""
    lines = [line.replace("/var/task/", "") for line in _lines(told.get("stackTrace"))]
    if python := [f"{found[1]}:{found[2]} {found[3]}" for line in lines if (found := _PYTHON.search(line))]:
        return python
    node = [line.strip()[3:].replace("/var/task/", "") for line in _lines(told.get("trace")) if _NODE.match(line)]
    return [*(line.strip() for line in lines), *node][::-1]


def _lines(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return "" if value is None else words(value)
