"""Counts the tasks in a table by a parallel scan."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_A_SEGMENT, _SCANS = 1_000, 4
"""Items of a segment, about, and segments that are scanned at a time.

DynamoDB Local goes over the rest of a segment for each page of it: with few segments, a scan is quadratic.
"""


def count(client: Any, table: str, about: int, visit: Callable[[str], None] = lambda _: None) -> int:
    """How many items there are, about so many; `visit` gets the id of each, from several threads."""
    segments = -(-about // _A_SEGMENT)

    def scan(segment: int) -> int:
        found = 0
        pages = client.get_paginator("scan").paginate(
            TableName=table, ProjectionExpression="id", Segment=segment, TotalSegments=segments, ConsistentRead=True
        )
        for page in pages:
            for item in page["Items"]:
                visit(item["id"]["S"])
            found += len(page["Items"])
        return found

    with ThreadPoolExecutor(_SCANS) as pool:
        return sum(pool.map(scan, range(segments)))
