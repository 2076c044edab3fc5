"""The entry of a user's Lambda: builds the Processor once per container, runs it for each event."""

from __future__ import annotations

import logging
import os
from time import sleep
from typing import TYPE_CHECKING, Any, NoReturn

from sosw.clock import SystemClock
from sosw.deadline import daemon_alarm, remaining
from sosw.domain.assignment import assignment
from sosw.domain.jsontext import DROPPED, MAX_EVENT_BYTES, dump, reportable, words
from sosw.domain.report import COMPLETE, FAIL, HEARTBEAT, MESSAGE_CHARS, REPORTED, Report
from sosw.domain.task import Invocation, LabourerName, TaskId
from sosw.settings import Names, prefix
from sosw.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.ports import Invoker
    from sosw.processor import Processor

log = logging.getLogger(__name__)

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

    A Worker's attempts are reported to the WorkerAssistant `<SOSW_PREFIX>-worker-assistant`, over `invoker` if given.
    With `SOSW_CONFIG=table` in the environment the row `<function name>_config` lies between the two configurations.
    """
    kept = global_vars or LambdaGlobals()
    send = _Reports(invoker)

    def ready(event: Any) -> Processor:
        return _ready(kept, processor_class, custom_config, event)

    def lambda_handler(event: Any, context: Any) -> Any:
        kept.lambda_context, send.last = context, None
        try:
            return _answer(event, context, send, ready, is_worker=issubclass(processor_class, Worker))
        except (Exception, SystemExit) as error:
            if send.last in {None, HEARTBEAT}:
                raise
            sosw_reported(error)

    return lambda_handler


def _answer(event: Any, context: Any, send: _Reports, ready: Callable[[Any], Processor], *, is_worker: bool) -> Any:
    """What the Processor that is `ready` for the event returns."""
    try:
        event = _whole(event, send)
        processor = ready(event)
    except (Exception, SystemExit) as error:  # else its slot would be held to the end of the lease
        if is_worker:
            _fail_unbegun(event, error, send, invocation(context))
        raise
    if isinstance(processor, Worker):
        return send.answer(_run(processor, event, context, send))
    processor.reset_stats()
    return processor(event)


def sosw_reported(error: BaseException) -> NoReturn:
    """Raise what the Worker has told of. Lambda's record of the failure knows less, such as not the pause that
    `RetryAfter` asks for, and may be there first: by this name among its frames it is known as no news.
    """
    raise error


def _run(worker: Worker, event: Any, context: Any, send: Callable[[Report], None]) -> Any:
    """One invocation, in real time. Where there is no Lambda there is no deadline either, and no guard of it."""
    time = remaining(context)
    return worker.run(
        event,
        remaining=time,
        clock=SystemClock(),
        send=send,
        invocation=invocation(context),
        alarm=daemon_alarm if time else None,
        wait=lambda pause: sleep(pause.total_seconds()),
    )


def _whole(event: Any, send: _Reports) -> Any:
    """The event with its payload, which a large one has left behind."""
    ours = event.get("sosw") if isinstance(event, dict) else None
    if not isinstance(ours, dict) or "payload_is_stored" not in ours:
        return event
    from sosw.large import whole  # noqa: PLC0415  (as light)

    return whole(event, send.ask)


def _ready(
    kept: LambdaGlobals, processor_class: type[Processor], custom_config: Mapping[str, Any] | None, event: Any
) -> Processor:
    """The container's Processor, for an event that it may begin with.

    Raises what keeps it from being made (its `__init__`, its row of the config table), and `InvalidInput` for an
    assignment that is not whole.
    """
    if kept.processor is None:
        kept.processor = processor_class(custom_config={**_stored_config(), **(custom_config or {})})
    if isinstance(kept.processor, Worker):
        assignment(event)
    return kept.processor


class _Reports:
    """Sends reports; the client is made when the first one is sent."""

    def __init__(self, invoker: Invoker | None) -> None:
        self._invoker = invoker
        self.last: str | None = None
        """Action of the last report of the invocation."""

    def ask(self, event: Mapping[str, Any]) -> Any:
        """The WorkerAssistant's answer; about large values alone."""
        from sosw.aws.caller import LambdaCaller  # noqa: PLC0415  (botocore only when something is asked)

        return LambdaCaller().call(Names(prefix()).worker_assistant, event)

    def __call__(self, report: Report) -> None:
        event = report.to_event()
        if report.result is not None and len(dump(event).encode()) > MAX_EVENT_BYTES:
            from sosw.large import light  # noqa: PLC0415  (large values are rare, and every module costs each start)

            event = light(event, self.ask)
        if self._invoker is None:
            from sosw.aws.quick_lambda import reporter  # noqa: PLC0415  (only when something is reported)

            self._invoker = reporter(REPORT_TRIES)
        self._invoker.start(Names(prefix()).worker_assistant, event)
        self.last = report.action

    def answer(self, returned: Any) -> Any:
        """What the function returns. After a failure that was not raised, Lambda's own record must not tell of success,
        nor of less than the report has: a large result, `self.result`, a partial one.

        Both come to the WorkerAssistant by Lambda's queue, in any order.
        """
        told = reportable(returned)
        is_whole = told is not None and not (isinstance(told, dict) and told.keys() == {DROPPED})
        return told if self.last is None or (self.last == COMPLETE and is_whole) else {REPORTED: self.last}


def _fail_unbegun(event: Any, error: BaseException, send: Callable[[Report], None], where: Invocation) -> None:
    """Report the attempt of `event` as failed, where it says which one it is, as whole or not as it may be."""
    ours = event.get("sosw") if isinstance(event, dict) else None
    if not isinstance(ours, dict):
        return
    task, attempt, labourer = event.get("task_id"), ours.get("attempt"), ours.get("labourer")
    if not isinstance(task, str) or type(attempt) is not int:
        return
    known = LabourerName(labourer) if isinstance(labourer, str) else None
    from sosw.domain.trace import trace_of  # noqa: PLC0415  (only what fails pays for it)

    who: dict[str, Any] = {"task_id": TaskId(task), "attempt": attempt, "labourer": known}
    why: dict[str, Any] = {
        "error": type(error).__name__,
        "message": words(error)[:MESSAGE_CHARS],
        "trace": trace_of(error),
    }
    try:
        send(Report(action=FAIL, **who, **why, **where.fields))
    except Exception:
        # The cause is what Lambda's log must end with; the end of the lease frees the slot.
        log.exception("report.failed", extra={"task_id": task})


def _stored_config() -> dict[str, Any]:
    if os.environ.get("SOSW_CONFIG") != "table":
        return {}
    from sosw.aws.dynamodb import DynamoConfigSource  # noqa: PLC0415  (PynamoDB only for those who ask)

    return DynamoConfigSource.for_prefix(prefix()).get(f"{os.environ['AWS_LAMBDA_FUNCTION_NAME']}_config") or {}


def invocation(context: Any) -> Invocation:
    """Where Lambda runs this, and logs it; nothing where there is no Lambda."""
    group, function = getattr(context, "log_group_name", None), getattr(context, "function_name", None)
    return Invocation(
        request_id=getattr(context, "aws_request_id", None),
        log_stream=getattr(context, "log_stream_name", None),
        log_group=None if group == f"/aws/lambda/{function}" else group,
    )
