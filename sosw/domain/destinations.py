"""What Lambda itself tells of an asynchronous invocation, read as the report that it stands for.

A function of any language, without a line of ours, is a Worker when its on-success and on-failure destinations are the
WorkerAssistant. Lambda then sends it a record of each invocation:

    {"version": "1.0", "timestamp": "2026-01-01T12:00:00.123Z",
     "requestContext": {"requestId": …, "functionArn": …, "condition": "Success", "approximateInvokeCount": 1},
     "requestPayload": the event of the invocation, which names its task and attempt,
     "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" or left out},
     "responsePayload": what the function returned, or {"errorType", "errorMessage", "stackTrace"}}

Every condition but `Success` is a failure: `RetriesExhausted`, and `EventAgeExceeded` of an event that waited in
Lambda's queue for too long. Errors keep the class that the function gave them. What no function can report of itself
has a class of its own here, so that a retry policy can name it: Lambda's names for it differ by runtime and by year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.jsontext import words
from sosw.domain.messages import COMPLETE, FAIL, REPORTED, Assignment, Report, assignment

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMED_OUT, CRASHED, OUT_OF_MEMORY = "TimedOut", "Crashed", "OutOfMemory"
"""Stopped by Lambda at the function's time-out; its process ended; its process was killed, as Linux does for memory."""
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
"""Waited in Lambda's queue for longer than the function's event age, and was never begun."""
NON_RETRYABLE = "NonRetryable"
"""An error of this class, in any language, is one that no retry can mend."""

_SUCCESS = "Success"
_AT_TIME_OUT = "Task timed out after"
_KILLED = "signal: killed"
_ENDED = ("Runtime exited", "Process exited before completing request")
_NO_RESPONSE = {"sosw_dropped": "the record of the invocation came without the response: too large for a destination"}


@dataclass(frozen=True, slots=True)
class NoNews:
    """A record that reports nothing: `why` is for people."""

    why: str

    def to_answer(self) -> dict[str, Any]:
        """As the WorkerAssistant answers."""
        return {"accepted": False, "state": None, "why": self.why}


def read(event: Any) -> Report | NoNews:
    """What the WorkerAssistant is told by `event`: by a report, or by the record of a destination.

    Raises `InvalidInput` for what is neither, and for a record of an event that is ours, but not whole.
    """
    if not _is_record(event):
        return Report.from_event(event)
    who = assignment(event.get("requestPayload"))
    if who is None:
        return NoNews("ignored: the record of an invocation that names no task")
    if event["requestContext"]["condition"] == _SUCCESS:
        return _success(event, who)
    return _report(who, action=FAIL, **_failure(event))


def _is_record(event: Any) -> bool:
    context = event.get("requestContext") if isinstance(event, dict) else None
    return isinstance(context, dict) and isinstance(context.get("condition"), str) and "action" not in event


def _report(who: Assignment, **said: Any) -> Report:
    return Report.from_event({"task_id": who.id, "attempt": who.attempt, "labourer": who.labourer, **said})


def _success(record: Mapping[str, Any], who: Assignment) -> Report | NoNews:
    """It returned. A Worker of ours that has reported something else by itself says so in what it returns."""
    returned = record.get("responsePayload", _NO_RESPONSE)
    if isinstance(returned, dict) and returned.keys() == {REPORTED}:
        return NoNews(f"ignored: the Worker has reported by itself: {words(returned[REPORTED])}")
    return _report(who, action=COMPLETE, result=returned)


def _failure(record: Mapping[str, Any]) -> dict[str, Any]:
    told = record.get("responsePayload")
    told = told if isinstance(told, dict) else {}
    condition = record["requestContext"]["condition"]
    context = record.get("responseContext")
    general = context.get("functionError") if isinstance(context, dict) else None
    kind, message = _text(told.get("errorType")), _text(told.get("errorMessage"))
    if condition == EVENT_AGE_EXCEEDED and not (kind or message):
        return {"error": EVENT_AGE_EXCEEDED, "message": "Lambda did not begin the invocation within its event age"}
    error = _class(kind, message) or _text(general) or condition
    return {"error": error, "message": message, "is_retryable": kind != NON_RETRYABLE}


def _class(kind: str, message: str) -> str:
    """The class of an error of which Lambda tells `kind`, or nothing, and `message`."""
    if kind == "Sandbox.Timedout" or (not kind and _AT_TIME_OUT in message):
        return TIMED_OUT
    is_ended = kind == "Runtime.ExitError" or (not kind and any(sign in message for sign in _ENDED))
    if kind == "Runtime.OutOfMemory" or (is_ended and _KILLED in message):
        return OUT_OF_MEMORY
    return CRASHED if is_ended else kind


def _text(value: Any) -> str:
    return "" if value is None else words(value)
