"""CloudFormation drops a table's TimeToLiveSpecification and PointInTimeRecoverySpecification. Here: it sets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sosw.local.shims.patching import after_provisioning, ministack

GUARDS = {
    "services.cloudformation.provisioners:_ddb_create": "277586e016c6",
    "services.cloudformation.provisioners:_ddb_update": "0665980ffdd0",
    "services.dynamodb:_update_ttl": "e8243a4fbbb8",
    "services.dynamodb:_update_continuous_backups": "4d306deca0a2",
}


def apply() -> None:
    after_provisioning("AWS::DynamoDB::Table", _set_properties)


def _set_properties(table: str, properties: Mapping[str, Any]) -> None:
    dynamodb = ministack("services.dynamodb")
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        enabled = str(expiry.get("Enabled", True)).lower() == "true"
        _call(
            dynamodb._update_ttl,  # noqa: SLF001
            {"TableName": table, "TimeToLiveSpecification": {**expiry, "Enabled": enabled}},
        )
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        enabled = str(recovery.get("PointInTimeRecoveryEnabled", False)).lower() == "true"
        _call(
            dynamodb._update_continuous_backups,  # noqa: SLF001
            {"TableName": table, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled}},
        )


def _call(operation: Callable[[dict[str, Any]], Any], request: dict[str, Any]) -> None:
    status, _, body = operation(request)
    if status >= 400:  # noqa: PLR2004
        raise ValueError(f"AWS::DynamoDB::Table: {body!r}")
