"""What the function of a Worker returns to Lambda, whose own record of it may go to the WorkerAssistant as well."""

from __future__ import annotations

from typing import Any

from sosw import Worker, get_lambda_handler
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
