"""How measurements feel: `health_metrics`, `feelings` and operators as in sosw 0.7, and what a missing one means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sosw.domain.health import BAD, HIGH, OnMissing, Reading
from sosw.domain.measures import COMPARE, STATUSES
from sosw.domain.standing import Health

if TYPE_CHECKING:
    from sosw.domain.health import HealthMetric, Query


def feel(metric: HealthMetric, value: float) -> int:
    """The best health whose threshold the value meets, `value operator threshold`; 0 where it meets none.

    A metric without feelings measures a health itself: the value is that, rounded down, within 0 … 4.
    """
    if not metric.feelings:
        return max(BAD, min(HIGH, int(value)))
    meets = COMPARE[metric.operator]
    return max((status for status, threshold in metric.feelings.items() if meets(value, threshold)), default=BAD)


def judge(
    metrics: Sequence[HealthMetric], readings: Mapping[Query, Reading], known: Health | None, *, now: datetime
) -> Health:
    """The health of a labourer: the worst that a metric feels, the first of equals. `known` is what it was before.

    A metric that is missing counts by its policy. `hold` counts as that metric felt last, and not at all before it was
    ever measured.
    """
    before = known.metrics if known else {}
    felt = [_felt(metric, readings.get(metric.query, _UNASKED), before.get(metric.name)) for metric in metrics]
    counted = [each for each in felt if each.status is not None]
    status, why = min(((f.status or BAD, f.why) for f in counted), key=lambda each: each[0], default=(HIGH, ""))
    return Health(
        status=status,
        since=known.since if known and known.status == status else now,
        why=why,
        metrics={metric.name: f.status for metric, f in zip(metrics, felt, strict=True) if f.status is not None},
        problem="; ".join(each.problem for each in felt if each.problem),
    )


class _Felt(NamedTuple):
    status: int | None
    """None: it does not count."""
    why: str
    problem: str = ""


_UNASKED = Reading(problem="nobody has measured it")


def _felt(metric: HealthMetric, reading: Reading, before: int | None) -> _Felt:
    if reading.value is not None:
        status = feel(metric, reading.value)
        return _Felt(status, f"{metric.name} is at {reading.value:g}: {STATUSES[status]}")
    problem = f"{metric.name} is missing: {reading.problem}"
    if metric.on_missing is OnMissing.FLOOR:
        return _Felt(BAD, f"{problem}; it counts as {STATUSES[BAD]}", problem)
    if metric.on_missing is OnMissing.HOLD and before is not None:
        return _Felt(before, f"{problem}; it counts as before, {STATUSES[before]}", problem)
    return _Felt(None, "", problem)
