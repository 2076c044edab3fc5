"""JSON as text: what users put in is stored as one string, so types, key names and key order come out as they were."""

from __future__ import annotations

import json
import math
from typing import Any

from sosw.domain.errors import invalid

DROPPED = "sosw_dropped"
"""The one key of a note that stands for a value."""
MAX_PAYLOAD_BYTES = 256 * 1024
"""Of one task's payload as JSON in the table. Lambda takes 1 MB in an asynchronous invocation, an item of DynamoDB
400 KB.
"""
MAX_STORED_BYTES = 5 * 1024 * 1024
"""Of a payload, or of what a job asks for, that lies in the bucket: a job comes in an invocation of at most 6 MB."""
MAX_ANY_BYTES = 5 * 1024**3
"""Of anything: S3 takes no larger object at once."""
MAX_EVENT_BYTES = 900_000
"""Of a report. Lambda takes 1 MB in an asynchronous invocation."""
MAX_STATS_BYTES = 16 * 1024
MAX_RESULT_BYTES = 64 * 1024
"""Of the result in the table, and of the stats: more goes to the bucket, or where there is none is replaced by a note.
The task is done all the same.
"""


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
    except (ValueError, RecursionError) as error:
        raise invalid(field, text, f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid(field, value, "must be a JSON object")
    return value


def checked(value: Any, field: str, *, limit: int) -> str:
    """JSON of `value`; raises `InvalidInput` when it is not JSON or over `limit` bytes."""
    try:
        text = dump(value)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(field, value, f"is not JSON: {error}") from error
    if size > limit:
        raise invalid(field, value, f"is {size:,} bytes of JSON, over the limit of {limit:,}")
    return text


def reportable(value: Any, limit: int = MAX_RESULT_BYTES) -> Any:
    """`value` as JSON can carry it: the work was done, so its result is never refused, whatever it is.

    What is not JSON becomes its `str`, keys become texts, NaN and the infinities become `None`. A value over
    `limit` bytes, or one that cannot be written down (it holds itself), becomes a note that says so.
    """
    try:
        plain = _plain(value)
        size = len(dump(plain).encode())
    except (ValueError, RuntimeError) as error:
        return {DROPPED: f"{type(value).__name__}: {error}"}
    return plain if size <= limit else {DROPPED: f"{size:,} bytes, over {limit:,}"}


def words(value: Any) -> str:
    """The `str` of anything, as UTF-8 can carry it; the name of its type where it has none."""
    try:
        return str(value).encode(errors="replace").decode()
    except Exception:  # noqa: BLE001  (a `__str__` of the user's: nothing that it does may cost the report)
        return f"<{type(value).__name__}>"


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return value.encode(errors="replace").decode()
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {words(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
        case _:
            return words(value)


def _no_constant(name: str) -> Any:
    message = f"{name} is no JSON value"
    raise ValueError(message)
