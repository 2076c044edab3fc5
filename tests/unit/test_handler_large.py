"""The entry of a user's Lambda, when a payload or a result is too large for an invocation."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from sosw import Worker, get_lambda_handler
from sosw.large import ValueUnreachable
from sosw.testing import RecordingInvoker
from tests.unit.test_handler import Context, event_for


class Echo(Worker):
    def __call__(self, event: dict[str, Any]) -> Any:
        return event["data"]


class Asked:
    """Stands in for the client of Lambda: answers every question alike."""

    questions: ClassVar[list[tuple[str, Any]]] = []
    url: ClassVar[str | None] = None

    def call(self, function: str, event: Any) -> Any:
        self.questions.append((function, dict(event)))
        return {"url": self.url}


def test_a_large_payload_is_asked_for_and_one_that_cannot_be_had_fails_the_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sosw.aws.caller.LambdaCaller", Asked)
    Asked.questions.clear()
    invoker, event = RecordingInvoker(), event_for(1)
    event["sosw"]["payload_is_stored"] = True

    with pytest.raises(ValueUnreachable, match="the payload of task j#0 cannot be read"):
        get_lambda_handler(Echo, invoker=invoker)(event, Context())

    assert Asked.questions == [("sosw-worker-assistant", {"action": "fetch", "task_id": "j#0", "attempt": 1})]
    ((_, report),) = invoker.started
    assert (report["action"], report["error"]) == ("fail", "ValueUnreachable")


def test_a_result_too_large_for_a_report_is_put_where_the_assistant_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sosw.aws.caller.LambdaCaller", Asked)
    Asked.questions.clear()
    invoker = RecordingInvoker()

    get_lambda_handler(Echo, invoker=invoker)({**event_for(1), "data": "x" * 1_000_000}, Context())

    assert Asked.questions == [("sosw-worker-assistant", {"action": "store", "task_id": "j#0", "attempt": 1})]
    ((_, report),) = invoker.started
    assert report["result"] == {"sosw_dropped": "1,000,002 bytes, over 65,536"}  # there is no bucket


def test_lambdas_own_record_does_not_tell_less_than_the_report_of_a_large_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sosw.aws.caller.LambdaCaller", Asked)
    handler = get_lambda_handler(Echo, invoker=RecordingInvoker())

    assert handler({**event_for(1), "data": "x" * 70_000}, Context()) == {"sosw_reported": "complete"}
    assert handler({**event_for(1), "data": "x"}, Context()) == "x"
