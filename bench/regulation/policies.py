"""What sosw's controller is compared with: a limit that never changes, sosw 0.7's way, and one who knows the plant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.regulation.traces import TARGET, Trace
from sosw.domain.health import COEFFICIENTS, Query
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.shares import Draw, water_fill
from sosw.domain.task import LabourerName
from sosw.testing.plant import Plant, Work
from sosw.testing.regulation import ENDLESS, Now, Regulated

FEELINGS = {4: 0.0, 3: 60.0, 2: 75.0, 1: 85.0, 0: 95.0}
"""As sosw 0.7's health metrics: from this load on, that health; `>=`, the highest threshold that is reached counts."""


def resource(trace: Trace, *, is_measured: bool = True) -> Resource:
    """The settings of the trace's plant."""
    return Resource(
        name=ResourceName("rds:orders"),
        query=Query(source="cloudwatch", details="{}") if is_measured else None,
        label="CPU",
        unit="%",
        target=TARGET,
        band=trace.band,
        floor=trace.floor,
        start=trace.start,
        ceiling=trace.ceiling,
        increase=trace.increase,
    )


def ours(trace: Trace, *, hears_signals: bool = True, is_measured: bool = True) -> Regulated:
    """sosw's controller."""
    return Regulated(resource(trace, is_measured=is_measured), trace.work, hears_signals=hears_signals)


@dataclass(frozen=True, slots=True)
class Static:
    """A limit that never changes: right at the beginning of the trace, found by somebody who measured that."""

    trace: Trace

    def limits(self, now: Now) -> Mapping[str, int]:
        """See `Policy`."""
        return _divided(at_start(self.trace), self.trace.work, now)


@dataclass(slots=True)
class Coefficients:
    """sosw 0.7's way: the limit times a coefficient of the health, by the latest reading, each minute.

    The limit is such that at the beginning of the trace the health "good" (0.75) is right.
    """

    trace: Trace
    share: float = COEFFICIENTS[2]

    def limits(self, now: Now) -> Mapping[str, int]:
        """See `Policy`."""
        if now.reading is not None and now.reading.value is not None:
            value = now.reading.value
            self.share = COEFFICIENTS[min(health for health, least in FEELINGS.items() if value >= least)]
        return _divided(int(at_start(self.trace) / COEFFICIENTS[3] * self.share), self.trace.work, now)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Knows at each second what others take and what each task adds, all but the noise; cannot end a task either."""

    trace: Trace

    def limits(self, now: Now) -> Mapping[str, int]:
        """See `Policy`."""
        return _divided(_right(self.trace.plant, self.trace.work, now.second), self.trace.work, now)


def at_start(trace: Trace) -> int:
    """Tasks that bring the plant to its target at the beginning."""
    return _right(trace.plant, trace.work, 0)


def _right(plant: Plant, work: Mapping[str, Work], second: float) -> int:
    adds = sum(one.adds * one.heavier(second) * one.weight for one in work.values())
    mean = adds / sum(one.weight for one in work.values())
    return max(0, int((TARGET - plant.others(second)) / mean))


def _divided(total: int, work: Mapping[str, Work], now: Now) -> dict[str, int]:
    draws = {
        LabourerName(name): Draw(weight=one.weight, running=now.running[name], wants=ENDLESS)
        for name, one in work.items()
    }
    return {str(name): share for name, share in water_fill(total, draws).items()}


__all__ = ["Coefficients", "Oracle", "Static", "at_start", "ours", "resource"]
