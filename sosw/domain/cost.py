"""About what it costs to bring tasks through sosw, the Worker's own run time left out, by the prices of `prices.json`.

A task is created, claimed and completed, each by a write of the whole item, which DynamoDB bills by the started KB.
What nobody knows before is left out: results and stats, which make the last write larger, and attempts that fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain.jsontext import dump
from sosw.domain.prices import prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WRITE_BYTES, READ_BYTES = 1024, 4096
"""Of an item that one unit pays for."""
BESIDES = 300
"""Bytes of a task's item besides its payload: ids, moments, its place in line."""

_ITEM_WRITES, _OTHER_WRITE_UNITS, _OTHER_READ_UNITS = 3, 3, 1
_REQUESTS, _GB_SECONDS = 4, 0.02
"""Of one task's whole life, by the budgets: it enters a line and leaves it, and has its part in a row of slots; one
read of it, and its part in others; 4 calls, 40 ms of Essentials at 512 MB."""


def write_units(payload: Mapping[str, Any]) -> int:
    """Of DynamoDB, for the whole life of a task that succeeds at its first attempt: 6 where it stays within a KB."""
    return _ITEM_WRITES * _started(payload, WRITE_BYTES) + _OTHER_WRITE_UNITS


def dollars(tasks: int, payloads: Iterable[Mapping[str, Any]]) -> float:
    """About, of `tasks` tasks that succeed at their first attempt, with payloads like these on average."""
    each = [_dollars(payload) for payload in payloads]
    return round(tasks * sum(each) / max(1, len(each)), 6)


def _dollars(payload: Mapping[str, Any]) -> float:
    return prices().of(
        {
            "dynamodb_write_unit": write_units(payload),
            "dynamodb_read_unit": _OTHER_READ_UNITS + _started(payload, READ_BYTES) / 2,
            "lambda_request": _REQUESTS,
            "lambda_gb_second": _GB_SECONDS,
        }
    )


def _started(payload: Mapping[str, Any], unit: int) -> int:
    return -(-(len(dump(payload).encode()) + BESIDES) // unit)
