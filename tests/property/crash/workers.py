"""The user's Lambda in a town: a Worker of ours that does as its story says, or a function that knows nothing of us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

from sosw import handler, large
from sosw.domain.report import Report
from sosw.domain.task import NOWHERE
from sosw.domain.verdicts import NonRetryable, RetryAfter, Snooze
from sosw.large import ValueUnreachable
from sosw.testing import FakeClock
from sosw.worker import LeaseTooShort, Worker
from tests.property.crash.looks import shops_of
from tests.property.world import roles
from tests.property.world.effects import LostError
from tests.property.world.stepping import Crash

How = Callable[[int, int], str]
"""What the user's code does with a task's number and attempt: `return`, `raise`, `vanish`; `heartbeat`, `partial` and
return; `partial, raise`; `snooze`, `put off`, `retry after`, `give up`. Of `foreign`, and `foreign raise`, which is no
code of ours, Lambda's own records report.
"""
RAISED: dict[str, Callable[[], Exception]] = {
    "snooze": lambda: Snooze(15),
    "put off": lambda: Snooze(timedelta(hours=13)),
    "retry after": lambda: RetryAfter(25),
    "give up": lambda: NonRetryable("never"),
}


class Reports(Protocol):
    """How what a Worker says comes to the WorkerAssistant."""

    def report(self, event: dict[str, Any]) -> None:
        """Asynchronously."""

    def ask(self, event: Mapping[str, Any]) -> Any:
        """For an answer."""


def work(event: dict[str, Any], how: str, clock: FakeClock, reports: Reports) -> None:
    """One invocation."""

    def send(report: Report) -> None:
        reports.report(large.light(report.to_event(), reports.ask))

    try:
        whole = large.whole(event, reports.ask)
    except ValueUnreachable as error:
        handler._fail_unbegun(event, error, send, NOWHERE)
        raise
    if how.startswith("foreign"):
        reports.report(record(event, how, shops_of(whole)))
        return
    with suppress(LeaseTooShort):
        Told(how).run(whole, remaining=roles.TIME_OUT, clock=clock, send=send)


class Told(Worker):
    """Does as it is told."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def __call__(self, event: Any) -> Any:
        if self.how == "vanish":
            raise Crash
        if self.how == "heartbeat":
            self.heartbeat(progress=0.5, note="half")
        if self.how.startswith("partial"):
            self.partial({"part": shops_of(event)})
        if self.how.endswith("raise"):
            raise LostError("no")
        if make := RAISED.get(self.how):
            raise make()
        self.signal("db", latency=0.1)
        return {"did": shops_of(event)}


def record(event: Mapping[str, Any], how: str, shops: Any) -> dict[str, Any]:
    """Lambda's, of an invocation of a function that reports nothing itself."""
    is_good = how == "foreign"
    answer = {"did": shops} if is_good else {"errorType": "Error", "errorMessage": "no"}
    return {
        "version": "1.0",
        "timestamp": "2026-01-01T12:00:00.123Z",
        "requestContext": {
            "requestId": "r", "functionArn": "arn", "condition": "Success" if is_good else "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "requestPayload": dict(event),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": answer,
    }  # fmt: skip


def answered(event: Mapping[str, Any]) -> int:
    """The attempt that a report, or a record, is of."""
    if "requestPayload" in event:
        event = event["requestPayload"]["sosw"]
    number: int = event["attempt"]
    return number
