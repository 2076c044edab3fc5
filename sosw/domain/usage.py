"""What was used of a budget and when: samples in its memory, to be compared with readings that come late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sosw.domain.moments import to_ms

KEPT = timedelta(minutes=10)
"""So long a sample is remembered: a reading that is older than that has nothing to be compared with."""
_PREFIX = "used@"


def sampled(memory: Mapping[str, float], used: int, now: datetime) -> dict[str, float]:
    """`memory` with what is used now, and without samples that are too old."""
    oldest = to_ms(now - KEPT)
    kept = {key: value for key, value in memory.items() if not key.startswith(_PREFIX) or int(key[5:]) >= oldest}
    return kept | {f"{_PREFIX}{to_ms(now)}": float(used)}


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
    inner = [used for at, used in samples if begin < at < end]
    values = [_at(samples, begin), *inner, _at(samples, end)]
    return sum(values) / len(values), max(values) - min(values)


def _samples(memory: Mapping[str, float]) -> list[tuple[int, float]]:
    return sorted((int(key[5:]), value) for key, value in memory.items() if key.startswith(_PREFIX))


def _at(samples: list[tuple[int, float]], ms: int) -> float:
    before = [sample for sample in samples if sample[0] <= ms]
    after = [sample for sample in samples if sample[0] > ms]
    if not before or not after:
        return (before[-1:] or after)[0][1]
    (since, used), (until, later) = before[-1], after[0]
    return used + (later - used) * (ms - since) / (until - since)
