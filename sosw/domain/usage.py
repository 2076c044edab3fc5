"""What was used of a budget and how fast, and when: kept in its memory, to be compared with readings that come late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from sosw.domain.moments import to_ms
from sosw.domain.signals import Signals

KEPT = timedelta(minutes=10)
"""So long a sample is remembered: a reading that is older than that has nothing to be compared with."""
_PREFIX = "used@"
_SUMS = ("time@", "uses@")
_MINUTE = 60_000


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
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
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


def timed(memory: Mapping[str, float], signals: Signals, now: datetime) -> dict[str, float]:
    """`memory` with the latencies of `signals` in the sums of this minute, and without minutes that are too old."""
    oldest = to_ms(now - KEPT)
    kept = {key: value for key, value in memory.items() if key[:5] not in _SUMS or int(key[5:]) >= oldest}
    minute = to_ms(now) // _MINUTE * _MINUTE
    return kept | {
        f"{key}{minute}": kept.get(f"{key}{minute}", 0.0) + float(told)
        for key, told in zip(_SUMS, (signals.seconds, signals.timed), strict=True)
    }


def latency(memory: Mapping[str, float], since: datetime, until: datetime) -> tuple[float, float]:
    """The mean latency in the minutes between two moments, and of how many uses; zeros where there was none."""
    minutes = range(to_ms(since) // _MINUTE * _MINUTE, to_ms(until), _MINUTE)
    seconds, count = (sum(memory.get(f"{key}{minute}", 0.0) for minute in minutes) for key in _SUMS)
    return (seconds / count if count else 0.0), count
