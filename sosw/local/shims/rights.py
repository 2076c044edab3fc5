"""With `AUTH=true` some calls ask for rights that AWS does not know: a PartiQL statement for
`dynamodb:BatchExecuteStatement`, a batch of messages for `sqs:SendMessageBatch`; and a condition on
`dynamodb:LeadingKeys` holds whatever the keys are. Here: each statement asks for `dynamodb:PartiQLInsert` and its like
on its table, a batch for `sqs:SendMessage`, and a condition sees the partition keys of the request.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "core.iam_actions:extract_iam_action": "ec476b92d969",
    "core.iam_actions:dynamodb_transaction_checks": "684e748338e8",
    "core.iam_actions:dynamodb_service_context": "0f0021bdc8a3",
    "core.iam_actions:_dynamodb_table_arn": "22a42f4f35a3",
}

_BATCHES = ("sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch", "sns:PublishBatch")
_STATEMENTS = ("dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement", "dynamodb:ExecuteTransaction")
_VERBS = {"INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete", "SELECT": "PartiQLSelect"}
_TARGET = re.compile(
    r"""^\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM|SELECT\b.*?\bFROM)\s+"?([\w.-]+)"?(?:\."?([\w.-]+)"?)?""",
    re.IGNORECASE | re.DOTALL,
)


def apply() -> None:
    actions = ministack("core.iam_actions")
    actions.extract_iam_action = _of_one(actions.extract_iam_action)
    actions.dynamodb_transaction_checks = _with_statements(actions, actions.dynamodb_transaction_checks)
    actions.dynamodb_service_context = _with_leading_keys(actions.dynamodb_service_context)


def _of_one(action: Callable[..., str | None]) -> Callable[..., str | None]:
    @functools.wraps(action)
    def action_of_one(*request: Any) -> str | None:
        found = action(*request)
        return found.removesuffix("Batch") if found in _BATCHES else found

    return action_of_one


Checks = list[tuple[str, str]]


def _with_statements(actions: Any, checks: Callable[[str, bytes, str, str], Checks]) -> Callable[..., Checks]:
    @functools.wraps(checks)
    def statement_checks(iam_action: str, body: bytes, region: str, account_id: str) -> Checks:
        if iam_action not in _STATEMENTS:
            return checks(iam_action, body, region, account_id)
        return [
            (f"dynamodb:{right}", actions._dynamodb_table_arn(table, region, account_id) + index)  # noqa: SLF001
            for right, table, index in _rights(_object(body))
        ]

    return statement_checks


def _rights(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What each statement needs: the right, the table, and `/index/…` where it reads one."""
    batch = request.get("Statements") or request.get("TransactStatements") or [request]
    for each in batch:
        found = _TARGET.match(each.get("Statement", ""))
        if found:
            yield _VERBS[found[1].split()[0].upper()], found[2], f"/index/{found[3]}" if found[3] else ""


def _with_leading_keys(context: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    @functools.wraps(context)
    def context_with_keys(body: bytes) -> dict[str, Any]:
        keys = [next(iter(key.values())) for key in _leading_keys(_object(body)) if key]
        return {**context(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}

    return context_with_keys


def _leading_keys(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The partition key, as `{"S": …}`, of each item that is named whole or by its key."""
    for table, asked in (request.get("RequestItems") or {}).items():
        items = asked.get("Keys", []) if isinstance(asked, dict) else [_written(each) for each in asked]
        yield from (item.get(_partition_key(table), {}) for item in items)
    item = request.get("Key") or request.get("Item") or {}
    yield item.get(_partition_key(request.get("TableName", "")), {})


def _written(request: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = request.get("PutRequest", {}).get("Item") or request.get("DeleteRequest", {}).get("Key")
    return found or {}


def _partition_key(table: str) -> str:
    known = ministack("services.dynamodb")._tables.get(table.rpartition("/")[2]) or {}  # noqa: SLF001
    name: str = known.get("pk_name", "")
    return name


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(body or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
