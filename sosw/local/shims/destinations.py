"""An asynchronous invocation that succeeds tells nobody, one that fails tells less than on AWS, and one that is
throttled is lost. Here: a function that is named as a destination gets the whole record of either; a throttled event
waits for as long as its event age allows, and is then told of. Queues, topics and dead letters are as MiniStack has it.
"""

from __future__ import annotations

import contextvars
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "services.lambda_svc:_execute_function_dispatch": "f62cd259213e",
    "services.lambda_svc:_execution_record_for_config": "632acaa44892",
    "services.lambda_svc:_get_func_record_for_ref": "492b4efe8f90",
    "services.lambda_svc:_route_async_failure": "c023331e333f",
    "services.lambda_svc:invoke_async_with_retry": "289fe4d3cbd4",
}

SUCCESS, EXHAUSTED, TOO_OLD = "Success", "RetriesExhausted", "EventAgeExceeded"
_RETRIES, _AGE = 2, 21_600.0  # Lambda's defaults; seconds


def apply() -> None:
    lambda_ = ministack("services.lambda_svc")
    lambda_._execute_function_dispatch = _with_request_id(lambda_._execute_function_dispatch)  # noqa: SLF001
    lambda_.invoke_async_with_retry = invoke_async


def invoke_async(function: dict[str, Any], event: Any) -> None:
    """In a thread of its own, in the scope of the caller."""
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run, function, event), daemon=True).start()


def _with_request_id(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch_and_tell(function: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = dispatch(function, config, event, request_id, started)
        return {**result, "request_id": request_id} if isinstance(result, dict) else result

    return dispatch_and_tell


def _run(function: dict[str, Any], event: Any) -> None:
    lambda_ = ministack("services.lambda_svc")
    config = function.get("config") or function
    account, region = lambda_._account_region_from_function_config(config)  # noqa: SLF001
    lambda_._request_account_id.set(account)  # noqa: SLF001
    lambda_._request_region.set(region)  # noqa: SLF001
    settings = function.get("event_invoke_config") or (function.get("event_invoke_configs") or {}).get("$LATEST") or {}
    condition, result, begun = _try(function, event, settings)
    destinations = settings.get("DestinationConfig") or {}
    target = (destinations.get("OnSuccess" if condition == SUCCESS else "OnFailure") or {}).get("Destination")
    if target and ":lambda:" in target:
        _deliver(target, _record(config, event, condition, result, begun))
    elif target and condition != SUCCESS:
        lambda_._route_async_failure(target, config["FunctionName"], event, result)  # noqa: SLF001
    letters = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if letters and condition != SUCCESS:
        lambda_._route_async_failure(letters, config["FunctionName"], event, result)  # noqa: SLF001


def _try(function: dict[str, Any], event: Any, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any], int]:
    """How it ended, the result of the last invocation that was begun, and how many were."""
    lambda_ = ministack("services.lambda_svc")
    retries = settings.get("MaximumRetryAttempts")
    retries = _RETRIES if retries is None else int(retries)
    deadline = time.monotonic() + float(settings.get("MaximumEventAgeInSeconds") or _AGE)
    last: dict[str, Any] = {}
    begun = waits = 0
    while True:
        result = lambda_._execute_function(_as_it_is_now(function), event)  # noqa: SLF001
        if not result.get("throttle"):
            last, begun = result, begun + 1
            if not result.get("error"):
                return SUCCESS, last, begun
            if begun > retries:
                return EXHAUSTED, last, begun
        wait = min(
            lambda_._LAMBDA_ASYNC_RETRY_BASE_SECONDS * 2**waits,  # noqa: SLF001
            lambda_._LAMBDA_ASYNC_RETRY_MAX_SECONDS,  # noqa: SLF001
        )
        if time.monotonic() + wait > deadline:
            return TOO_OLD, last, begun
        time.sleep(wait)
        waits += 1


def _as_it_is_now(function: dict[str, Any]) -> dict[str, Any]:
    """With the concurrency that it has by now: an event waits, what it was invoked with stays."""
    config = function.get("config") or function
    known = ministack("services.lambda_svc")._functions.get(config["FunctionName"])  # noqa: SLF001
    return {**function, "concurrency": known.get("concurrency")} if known else function


def _record(
    config: Mapping[str, Any], event: Any, condition: str, result: dict[str, Any], begun: int
) -> dict[str, Any]:
    now = datetime.now(timezone.utc)
    version = config.get("Version", "$LATEST")
    record = {
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": result.get("request_id") or str(uuid.uuid4()),
            "functionArn": f"{config['FunctionArn']}:{version}",
            "condition": condition,
            "approximateInvokeCount": begun,
        },
        "requestPayload": event,
    }
    if not begun:
        return record
    how = {"statusCode": 200, "executedVersion": version}
    if result.get("error"):
        how["functionError"] = result.get("function_error") or "Unhandled"
    return {**record, "responseContext": how, "responsePayload": result.get("body")}


def _deliver(target: str, record: dict[str, Any]) -> None:
    """As an asynchronous invocation, with the destination's own retries."""
    lambda_ = ministack("services.lambda_svc")
    function, config, name = lambda_._get_func_record_for_ref(target)  # noqa: SLF001
    if not function or not config:
        lambda_.logger.warning("Lambda destination: function %s not found", name)
        return
    invoke_async(lambda_._execution_record_for_config(function, config), record)  # noqa: SLF001
