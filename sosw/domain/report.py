"""What a Worker says of its attempt to the WorkerAssistant, in sosw's form and in that of sosw 0.7."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean, invalid
from sosw.domain.jsontext import MAX_RESULT_BYTES, MAX_STATS_BYTES, reportable, words
from sosw.domain.task import MAX_DELAY, NOWHERE, Failure, Invocation, LabourerName, TaskId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

ERROR_CHARS, MESSAGE_CHARS, TRACE_CHARS, NOTE_CHARS = 100, 500, 300, 200
"""So much is kept of the class of an error, of what it says, of where it was raised, and of a note."""

COMPLETE, FAIL, SNOOZE, HEARTBEAT = "complete", "fail", "snooze", "heartbeat"
REPORTED = "sosw_reported"
"""Key of what a Worker's function returns when it has reported, of itself, anything but its success."""
ACTIONS = {
    COMPLETE: COMPLETE,
    FAIL: FAIL,
    SNOOZE: SNOOZE,
    HEARTBEAT: HEARTBEAT,
    "mark_task_as_completed": COMPLETE,
    "mark_task_as_failed": FAIL,
}
"""By the words for them, sosw 0.7's among them."""
_LIMITS = {"result": MAX_RESULT_BYTES, "stats": MAX_STATS_BYTES}
_INVOCATION = {"request_id": 64, "log_stream": 128, "log_group": 512}
_TEXTS = {"error": ERROR_CHARS, "message": MESSAGE_CHARS, "trace": TRACE_CHARS, "note": NOTE_CHARS}
"""With the characters that are kept."""
_LAMBDAS_NAME = re.compile(r"[\w./$\[\]#:@+-]+", re.ASCII)
_ROUNDING = 1e-6
"""So far over 1 a progress may be that was added up of parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report. What it leaves out is at its default; `to_event` leaves that out as well."""

    action: str
    task_id: TaskId
    attempt: int = 1
    """Without one (sosw 0.7's form) only a first attempt can be meant: later ones are fenced."""
    labourer: LabourerName | None = None
    """Whose settings hold; a report without one (sosw 0.7's form) gets the defaults."""
    result: Any = None
    """Of a heartbeat and of a failure: the partial result so far."""
    result_is_stored: bool = False
    """Of a success: its result came first, by the URL that was lent for it."""
    stats: Any = None
    error: str = "Failed"
    message: str = ""
    trace: str = ""
    is_retryable: bool = True
    delay: float | None = None
    """Seconds. A snoozed task is due after it; so is the retry of a failure, in place of its policy's backoff."""
    runs_on: float | None = None
    """Seconds that the attempt may still be at work after it failed: no retry begins before."""
    progress: float | None = None
    """0 … 1."""
    note: str | None = None
    request_id: str | None = None
    log_stream: str | None = None
    log_group: str | None = None
    signals: Any = None
    """How uses of resources went, as `sosw.domain.signals.read` reads it: whatever it is, the report is taken."""

    def to_event(self) -> dict[str, Any]:
        """As the WorkerAssistant is invoked with; what is at its default is left out."""
        event: dict[str, Any] = {"action": self.action, "task_id": self.task_id, "attempt": self.attempt}
        if self.action == FAIL:
            event |= {"error": self.error, "message": self.message, "is_retryable": self.is_retryable}
        given = {name: getattr(self, name) for name in _OPTIONAL}
        given |= {"trace": self.trace or None, "result_is_stored": self.result_is_stored or None}
        return event | {name: value for name, value in given.items() if value is not None}

    @classmethod
    def from_event(cls, event: Any, *, result_limit: int = MAX_RESULT_BYTES) -> Report:
        """Raises `InvalidInput` for what is no report. Its result is never what makes it none.

        The result of a success may have `result_limit` bytes; a note is in the place of one that has more.
        """
        if not isinstance(event, dict):
            raise invalid("event", event, "must be an object: action, task_id, attempt, …")
        problems = list(_report_problems(event))
        if problems:
            raise InvalidInput(problems)
        action = ACTIONS[event["action"]]
        limits = {**_LIMITS, "result": result_limit} if action == COMPLETE else _LIMITS
        return cls(**{**{key: _kept(key, value, limits) for key, value in event.items()}, "action": action})

    @property
    def invocation(self) -> Invocation:
        """Where the attempt runs."""
        return Invocation(request_id=self.request_id, log_stream=self.log_stream, log_group=self.log_group)

    @property
    def said(self) -> dict[str, Any]:
        """What a heartbeat tells besides that the attempt lives, by the names of a task's fields."""
        told = {"progress": self.progress, "note": self.note, "result": self.result}
        return {name: value for name, value in told.items() if value is not None} | self.invocation.fields

    def failure(self, *, now: datetime, started_at: datetime | None, known: Invocation = NOWHERE) -> Failure:
        """Why the attempt did not succeed; `known` is what an earlier report told of where it runs."""
        return Failure(
            attempt=self.attempt,
            at=now,
            error=self.error,
            message=self.message,
            trace=self.trace,
            started_at=started_at,
            **{**known.fields, **self.invocation.fields},
        )


_OPTIONAL = (
    *("labourer", "result", "result_is_stored", "stats", "trace", "delay", "runs_on", "progress", "note"),
    *("request_id", "log_stream", "log_group", "signals"),
)
_KEYS = ("action", "task_id", "attempt", "error", "message", "is_retryable", *_OPTIONAL)


def progress_problem(value: Any) -> Problem | None:
    """What is wrong with a progress."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and 0 <= value <= 1 + _ROUNDING:
        return None
    is_percent = is_number and 1 < value <= 100  # noqa: PLR2004  (what else would be meant)
    return Problem("progress", value, "must be a number from 0 to 1", f"{value / 100:g}?" if is_percent else "")


def as_progress(value: float) -> float:
    """As it is kept."""
    return round(min(1.0, float(value)), 4)


def _kept(key: str, value: Any, limits: Mapping[str, int]) -> Any:
    """As much of what came as is kept."""
    if key in limits:
        return reportable(value, limits[key])
    if key == "progress" and value is not None:
        return as_progress(value)
    if key in _INVOCATION:
        return value if value and len(value) <= _INVOCATION[key] and _LAMBDAS_NAME.fullmatch(value) else None
    if key in _TEXTS and value is not None:
        return words(value)[: _TEXTS[key]]
    return value


def _report_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    action, task, attempt = event.get("action"), event.get("task_id"), event.get("attempt", 1)
    if not isinstance(action, str) or action not in ACTIONS:
        yield Problem("action", action, "is not an action", did_you_mean(str(action), ACTIONS))
    if not isinstance(task, str) or not task:
        yield Problem("task_id", task, "must be the id of a task")
    if type(attempt) is not int or attempt < 1:
        yield Problem("attempt", attempt, "must be a whole number from 1")
    yield from _text_problems(event)
    for key in ("is_retryable", "result_is_stored"):
        if not isinstance(event.get(key, True), bool):
            yield Problem(key, event[key], "must be true or false")
    yield from _number_problems(event)
    for key in event:
        if key not in _KEYS:
            yield Problem(str(key), event[key], "is not part of a report", did_you_mean(str(key), _KEYS))


def _text_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("error", "message", "trace", "labourer"):
        if not isinstance(event.get(key, ""), str):
            yield Problem(key, event[key], "must be a text")
    for key in ("note", *_INVOCATION):
        if not isinstance(event.get(key), str | None):
            yield Problem(key, event[key], "must be a text")


def _number_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    if event.get("progress") is not None and (problem := progress_problem(event["progress"])):
        yield problem
    most = int(MAX_DELAY / timedelta(seconds=1))
    for key in ("delay", "runs_on"):
        value = event.get(key)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (is_number and 0 <= value <= most):
            yield Problem(key, value, f"must be seconds from 0 to {most:,}")
    if event.get("action") == SNOOZE and event.get("delay") is None:
        yield Problem("delay", None, "must be there: the seconds after which a snoozed task is due")
