"""The entry of a user's Lambda: builds the Processor once per container, runs it for each event."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.clock import SystemClock
from sosw.domain.jsontext import reportable
from sosw.settings import DEFAULT_PREFIX, Names
from sosw.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.domain.messages import Report
    from sosw.ports import Invoker
    from sosw.processor import Processor

REPORT_TRIES = 5


class LambdaGlobals:
    """What a warm container keeps between invocations."""

    def __init__(self) -> None:
        self.processor: Processor | None = None
        self.lambda_context: Any = None


def get_lambda_handler(
    processor_class: type[Processor],
    global_vars: LambdaGlobals | None = None,
    custom_config: Mapping[str, Any] | None = None,
    *,
    invoker: Invoker | None = None,
) -> Callable[[Any, Any], Any]:
    """The function to name as the Lambda's handler.

    A Worker's attempts are reported to the WorkerAssistant `<SOSW_PREFIX>-worker-assistant`, over `invoker` where one
    is given. With `SOSW_CONFIG=table` in the environment the row `<function name>_config` of the config table lies
    between `DEFAULT_CONFIG` and `custom_config`.
    """
    kept = global_vars or LambdaGlobals()
    send = _Reports(invoker)

    def lambda_handler(event: Any, context: Any) -> Any:
        kept.lambda_context = context
        if kept.processor is None:
            kept.processor = processor_class(custom_config={**_stored_config(), **(custom_config or {})})
        processor = kept.processor
        if isinstance(processor, Worker):
            return reportable(processor.run(event, remaining=remaining(context), clock=SystemClock(), send=send))
        processor.reset_stats()
        return processor(event)

    return lambda_handler


class _Reports:
    """Sends reports; the client is made when the first one is sent."""

    def __init__(self, invoker: Invoker | None) -> None:
        self._invoker = invoker

    def __call__(self, report: Report) -> None:
        if self._invoker is None:
            from sosw.aws.lambda_ import LambdaInvoker  # noqa: PLC0415  (boto3 only when something is reported)

            self._invoker = LambdaInvoker(tries=REPORT_TRIES)
        self._invoker.start(Names(prefix()).worker_assistant, report.to_event())


def prefix() -> str:
    """That of this environment: everything that sosw owns in the account is named after it."""
    return os.environ.get("SOSW_PREFIX", DEFAULT_PREFIX)


def _stored_config() -> dict[str, Any]:
    if os.environ.get("SOSW_CONFIG") != "table":
        return {}
    from sosw.aws.dynamodb import DynamoConfigSource  # noqa: PLC0415  (PynamoDB only for those who ask)

    return DynamoConfigSource.for_prefix(prefix()).get(f"{os.environ['AWS_LAMBDA_FUNCTION_NAME']}_config") or {}


def remaining(context: Any) -> timedelta:
    """The time that Lambda leaves the invocation; none where there is no Lambda."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return timedelta(milliseconds=left()) if left else timedelta()
