"""JSON as text: what users put in is stored as one string, so types, key names and key order come out as they were."""

from __future__ import annotations

import json
import math
from typing import Any

from sosw.domain.errors import invalid

MAX_PAYLOAD_BYTES = 256 * 1024
"""Of one task's payload as JSON. Lambda takes 1 MB in an asynchronous invocation, an item of DynamoDB 400 KB."""
MAX_RESULT_BYTES = 64 * 1024
"""Of the result and of the stats that a Worker reports: more is replaced by a note, the task is done all the same."""


def dump(value: Any) -> str:
    """Compact JSON of a JSON value; raises `ValueError` or `TypeError` for anything else (NaN included)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def load(text: str) -> Any:
    """The value that `dump` wrote."""
    return json.loads(text)


def parse_object(text: str, field: str) -> dict[str, Any]:
    """The object written in `text`; raises `InvalidInput` saying where the JSON breaks."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise invalid(field, text, f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid(field, value, "must be a JSON object")
    return value


def checked(value: Any, field: str, *, limit: int) -> str:
    """JSON of `value`; raises `InvalidInput` when it is not JSON or over `limit` bytes."""
    try:
        text = dump(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(field, value, f"is not JSON: {error}") from error
    size = len(text.encode())
    if size > limit:
        raise invalid(field, value, f"is {size:,} bytes of JSON, over the limit of {limit:,}")
    return text


def reportable(value: Any) -> Any:
    """`value` as JSON can carry it: the work was done, so its result is never refused.

    What is not JSON becomes its `str`, keys become texts, NaN and the infinities become `None`. A value over
    `MAX_RESULT_BYTES` becomes a note of its size.
    """
    plain = _plain(value)
    size = len(dump(plain).encode(errors="replace"))
    return plain if size <= MAX_RESULT_BYTES else {"sosw_dropped": f"{size:,} bytes, over {MAX_RESULT_BYTES:,}"}


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key if isinstance(key, str) else str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
        case _:
            return str(value)


def _no_constant(name: str) -> Any:
    message = f"{name} is no JSON value"
    raise ValueError(message)
