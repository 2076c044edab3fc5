"""CloudFormation drops a function's ReservedConcurrentExecutions, DeadLetterConfig and RecursiveLoop. Here: it sets
them, and takes them back when an update no longer names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sosw.local.shims.patching import after_provisioning, ministack

GUARDS = {
    "services.cloudformation.provisioners:_lambda_create": "8b2cf80e961d",
    "services.cloudformation.provisioners:_lambda_update": "4855410e37d7",
    "services.lambda_svc:_reserved_concurrency": "ebec4b4bba77",
    "services.lambda_svc:_recursive_loop_drop": "259073460fbc",
    "services.lambda_svc:invoke_async_with_retry": "289fe4d3cbd4",
}


def apply() -> None:
    after_provisioning("AWS::Lambda::Function", _set_properties)


def _set_properties(name: str, properties: Mapping[str, Any]) -> None:
    function = ministack("services.lambda_svc")._functions[name]  # noqa: SLF001
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)
    function["recursive_loop"] = properties.get("RecursiveLoop", "Terminate")
    if properties.get("DeadLetterConfig"):
        function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
    else:
        function["config"].pop("DeadLetterConfig", None)
