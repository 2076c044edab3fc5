"""What PartiQL writes makes no stream record. Here it does, as on AWS (transactions that roll back excepted)."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from sosw.local.shims.patching import ministack

GUARDS = {
    "services.dynamodb:_emit_stream_event": "8568d0446f26",
    "services.dynamodb:_partiql_insert": "53c143f0d22e",
    "services.dynamodb:_partiql_key_target": "53f293ca9d0c",
    "services.dynamodb:_partiql_update": "ca421900a6ad",
    "services.dynamodb:_partiql_delete": "f6995ca7e868",
}

_OK = 200
_EVENTS = {(False, True): "INSERT", (True, True): "MODIFY", (True, False): "REMOVE"}


def apply() -> None:
    dynamodb = ministack("services.dynamodb")
    for statement in ("insert", "update", "delete"):
        name = f"_partiql_{statement}"
        setattr(dynamodb, name, _recorded(dynamodb, getattr(dynamodb, name)))


def _recorded(dynamodb: Any, write: Callable[..., tuple[int, Any, Any]]) -> Callable[..., tuple[int, Any, Any]]:
    @functools.wraps(write)
    def write_and_record(table: dict[str, Any], parsed: dict[str, Any], *more: Any) -> tuple[int, Any, Any]:
        keys = _keys(dynamodb, table, parsed)
        before = copy.deepcopy(_item(table, keys))
        answer = write(table, parsed, *more)
        after = _item(table, keys)
        event = _EVENTS.get((before is not None, after is not None))
        if answer[0] == _OK and event:
            dynamodb._emit_stream_event(table["TableName"], event, before, after)  # noqa: SLF001
        return answer

    return write_and_record


def _keys(dynamodb: Any, table: dict[str, Any], parsed: dict[str, Any]) -> tuple[Any, Any]:
    if parsed["op"] != "INSERT":
        partition, sort, _, _ = dynamodb._partiql_key_target(table, parsed)  # noqa: SLF001
        return partition, sort
    item = parsed.get("item") or {}
    item = item["M"] if set(item) == {"M"} else item
    value = dynamodb._extract_key_val  # noqa: SLF001
    return value(item.get(table["pk_name"])), value(item.get(table["sk_name"])) if table["sk_name"] else "__no_sort__"


def _item(table: dict[str, Any], keys: tuple[Any, Any]) -> Any:
    return table["items"].get(keys[0], {}).get(keys[1])
