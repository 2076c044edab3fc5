"""A rule or schedule runs its function once and forgets a failure; on AWS it is an asynchronous invocation like any
other, with the function's retries, event age and destination for failures. Here: it takes that path.
"""

from __future__ import annotations

import json
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "services.eventbridge:_dispatch_to_lambda": "1f95adbaed3a",
    "services.lambda_svc:_execution_record_for_config": "632acaa44892",
    "services.lambda_svc:invoke_async_with_retry": "289fe4d3cbd4",
}


def apply() -> None:
    ministack("services.eventbridge")._dispatch_to_lambda = _dispatch_to_lambda  # noqa: SLF001


def _dispatch_to_lambda(arn: str, payload: str) -> None:
    lambda_ = ministack("services.lambda_svc")
    function, config, name = lambda_._get_func_record_for_ref(arn)  # noqa: SLF001
    if not function or not config:
        ministack("services.eventbridge").logger.warning("EventBridge: function %s not found", name)
        return
    record = lambda_._execution_record_for_config(function, config)  # noqa: SLF001
    lambda_.invoke_async_with_retry(record, _event(payload))


def _event(payload: str) -> Any:
    try:
        return json.loads(payload)
    except (json.JSONDecodeError, TypeError):
        return {"body": payload}
