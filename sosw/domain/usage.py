"""What was used of a budget and when: samples in its memory, to be compared with readings that come late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sosw.domain.moments import to_ms

KEPT = timedelta(minutes=10)
"""So long a sample is remembered: a reading that is older than that has nothing to be compared with."""
_PREFIX = "used@"


def sampled(memory: Mapping[str, float], used: float, now: datetime) -> dict[str, float]:
    """`memory` with what is used now, and without samples that are too old."""
    oldest = to_ms(now - KEPT)
    kept = {key: value for key, value in memory.items() if not key.startswith(_PREFIX) or int(key[5:]) >= oldest}
    return kept | {f"{_PREFIX}{to_ms(now)}": float(used)}


def noted(memory: Mapping[str, float], limit: float, now: datetime) -> dict[str, float]:
    """`memory` with what is taken to be in use just before a budget falls: no more than was seen, nor than allowed."""
    seen = last(memory)
    return dict(memory) if seen is None else sampled(memory, min(seen, limit), now)


def last(memory: Mapping[str, float]) -> float | None:
    """The latest sample."""
    samples = _samples(memory)
    return samples[-1][1] if samples else None


def between(memory: Mapping[str, float], since: datetime, until: datetime) -> tuple[float, float]:
    """What was used between two moments: the mean, and by how much it changed. There is a sample.

    Between two samples it is taken to have changed evenly; before the first and after the last it is taken as there.
    """
    samples = _samples(memory)
    begin, end = to_ms(since), to_ms(until)
    points = [(begin, _at(samples, begin)), *(s for s in samples if begin < s[0] < end), (end, _at(samples, end))]
    values = [used for _, used in points]
    if begin >= end:
        return values[-1], 0.0
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:], strict=False))
    return area / (end - begin), max(values) - min(values)


def _samples(memory: Mapping[str, float]) -> list[tuple[int, float]]:
    return sorted((int(key[5:]), value) for key, value in memory.items() if key.startswith(_PREFIX))


def _at(samples: list[tuple[int, float]], ms: int) -> float:
    before = [sample for sample in samples if sample[0] <= ms]
    after = [sample for sample in samples if sample[0] > ms]
    if not before or not after:
        return (before[-1:] or after)[0][1]
    (since, used), (until, later) = before[-1], after[0]
    return used + (later - used) * (ms - since) / (until - since)
