"""What the function of a Worker returns to Lambda, whose own record of it may go to the WorkerAssistant as well."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from sosw import RetryAfter, Worker, get_lambda_handler
from sosw.domain import destinations
from sosw.domain.errors import InvokeRefused
from sosw.domain.report import Report
from sosw.testing import RecordingInvoker
from tests.unit.test_handler import Context, event_for


def test_lambdas_own_record_of_a_result_that_was_not_returned_is_no_news() -> None:
    class Partly(Worker):
        def __call__(self, event: dict[str, Any]) -> None:
            self.partial({"rows": event["n"]})

    invoker = RecordingInvoker()
    returned = get_lambda_handler(Partly, invoker=invoker)(event_for(3), Context())

    assert returned == {"sosw_reported": "complete"}
    assert [report["result"] for _, report in invoker.started] == [{"rows": 3}] * 2


def failure_of(handler: Any, *, task: str = "job#0") -> Any:
    """Lambda's record of an invocation that fails, as its Python makes it."""
    event = {**event_for(3), "task_id": task}
    with pytest.raises((Exception, SystemExit)) as raised:
        handler(event, Context())
    frames = [str(line) for line in traceback.format_list(traceback.extract_tb(raised.tb)[1:])]
    told = {"errorType": raised.type.__name__, "errorMessage": str(raised.value), "stackTrace": frames}
    context = {"condition": "RetriesExhausted", "requestId": "8ea1"}
    return destinations.read({"requestContext": context, "requestPayload": event, "responsePayload": told})


class Throttled(RetryAfter):
    """One of the user's own."""


class Refuses(Worker):
    def __call__(self, _event: dict[str, Any]) -> None:
        self.heartbeat()
        raise Throttled(30)


class Unmade(Worker):
    def __init__(self, **_: Any) -> None:
        raise LookupError


class Exits(Worker):
    def __call__(self, _event: dict[str, Any]) -> None:
        raise SystemExit(3)


@pytest.mark.parametrize("worker", [Refuses, Unmade, Exits])
def test_lambdas_own_record_of_a_failure_that_was_reported_is_no_news_for_it_knows_less(worker: type[Worker]) -> None:
    invoker = RecordingInvoker()
    record = failure_of(get_lambda_handler(worker, invoker=invoker))
    assert invoker.started[-1][1]["action"] == "fail"
    assert isinstance(record, destinations.NoNews)
    assert record.why == "ignored: the Worker has reported its failure by itself"


def test_a_failure_that_could_not_be_reported_is_told_by_lambdas_own_record() -> None:
    def refuse(_function: str, event: Mapping[str, Any]) -> None:
        if event["action"] == "fail":
            raise InvokeRefused("worker-assistant", "no right", is_passing=False)

    record = failure_of(get_lambda_handler(Refuses, invoker=RecordingInvoker(refuse)))
    assert isinstance(record, Report)
    assert (record.action, record.error) == ("fail", "Throttled")
