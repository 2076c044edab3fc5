"""What Workers signalled of a resource, as a measurement: read from what its budget's fast loop remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sosw.domain.errors import did_you_mean, invalid
from sosw.domain.health import Reading
from sosw.domain.moments import from_ms
from sosw.domain.pulse import Pulse
from sosw.domain.records import ResourceName

FRESH = timedelta(minutes=5)
"""Latencies that were signalled longer ago tell nothing of now."""


def asked(details: Mapping[str, Any]) -> tuple[ResourceName, str]:
    """Resource and signal of `{"resource": …, "signal": …}`; raises `InvalidInput`."""
    resource, signal = details.get("resource"), details.get("signal")
    if not isinstance(resource, str) or not resource:
        raise invalid("details.resource", resource, "must be the name of a resource")
    if signal not in list(SIGNALS):
        raise invalid("details.signal", signal, "is no signal", did_you_mean(str(signal), SIGNALS))
    return ResourceName(resource), str(signal)


def signalled(resource: ResourceName, signal: str, memory: Mapping[str, float], now: datetime) -> Reading:
    """The measurement of a signal, from the memory of the resource's budget."""
    return SIGNALS[signal](resource, memory, now)


def _latency(resource: ResourceName, memory: Mapping[str, float], now: datetime) -> Reading:
    return _timed(resource, memory, now, lambda pulse: pulse.latency)


def _slowdown(resource: ResourceName, memory: Mapping[str, float], now: datetime) -> Reading:
    return _timed(resource, memory, now, lambda pulse: pulse.latency / pulse.usual)


def _timed(
    resource: ResourceName, memory: Mapping[str, float], now: datetime, value: Callable[[Pulse], float]
) -> Reading:
    pulse = Pulse.of(memory, now)
    if not pulse.usual:
        return Reading(problem=f"no Worker has signalled a latency of {resource}")
    at = from_ms(int(pulse.learnt_at))
    if now - at > FRESH:
        return Reading(problem=f"no Worker has signalled a latency of {resource} for {FRESH.total_seconds():.0f} s")
    return Reading(value=value(pulse), at=at)


def _calm(resource: ResourceName, memory: Mapping[str, float], now: datetime) -> Reading:
    """However long ago the last sign was: silence is calm, too."""
    hot = memory.get("hot")
    if hot is None:
        return Reading(problem=f"no Worker has ever signalled overload of {resource}")
    return Reading(value=(now - from_ms(int(hot))).total_seconds(), at=now)


SIGNALS: Mapping[str, Callable[[ResourceName, Mapping[str, float], datetime], Reading]] = MappingProxyType(
    {"latency": _latency, "slowdown": _slowdown, "calm": _calm}
)
"""`latency`: seconds, of the last window. `slowdown`: that, in times the usual. `calm`: seconds since an overload."""
