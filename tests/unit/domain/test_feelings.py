"""What measurements feel like, and what holds while they are missing."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.feelings import feel, judge
from sosw.domain.health import OnMissing, Query, Reading
from sosw.domain.standing import Health
from tests.factories import NOW, seconds
from tests.regulation import a_metric

LATER = NOW + seconds(60)


def readings(**values: float | str) -> dict[Query, Reading]:
    """A number is a value, a text a problem."""
    made = {name: Reading(problem=v) if isinstance(v, str) else Reading(value=v) for name, v in values.items()}
    return {a_metric(name).query: reading for name, reading in made.items()}


def judged(known: Health | None = None, metrics: dict[str, Any] | None = None, **values: float | str) -> Health:
    declared = [
        a_metric(name, on_missing=policy) for name, policy in (metrics or dict.fromkeys(values)).items() if policy
    ]
    return judge(declared or [a_metric(name) for name in values], readings(**values), known, now=LATER)


@pytest.mark.parametrize(("value", "status"), [(0, 4), (25, 4), (25.1, 3), (50, 3), (75, 2), (90, 1), (90.1, 0)])
def test_a_value_feels_as_the_best_health_whose_threshold_it_meets(value: float, status: int) -> None:
    assert feel(a_metric(), value) == status


@pytest.mark.parametrize(
    ("operator", "at", "above"), [(">=", 4, 4), (">", 0, 4), ("<=", 4, 0), ("<", 0, 0), ("==", 4, 0)]
)
def test_every_operator_compares_the_value_with_the_threshold(operator: str, at: int, above: int) -> None:
    metric = a_metric(operator=operator, feelings={4: 10})
    assert (feel(metric, 10), feel(metric, 11)) == (at, above)


def test_a_value_that_is_no_number_meets_nothing() -> None:
    assert feel(a_metric(), float("nan")) == 0


@pytest.mark.parametrize(("value", "status"), [(4.0, 4), (3.9, 3), (0.0, 0), (-1, 0), (9, 4)])
def test_a_metric_without_feelings_measures_a_health(value: float, status: int) -> None:
    assert feel(a_metric(feelings={}), value) == status


def test_the_worst_metric_decides_and_the_first_of_equals() -> None:
    assert judged(cpu=10, memory=60, disk=70).status == 2
    assert judged(cpu=10, memory=60, disk=70).why == "memory is at 60: moderate"


def test_a_status_keeps_its_moment_while_it_lasts() -> None:
    known = Health(status=2, since=NOW)
    assert judged(known, cpu=60).since == NOW
    assert judged(known, cpu=10).since == LATER


def test_hold_remembers_each_metric_by_itself() -> None:
    known = judged(cpu=60, memory=10)
    held = judged(known, cpu="gone", memory=91)
    assert (held.status, held.metrics) == (0, {"cpu": 2, "memory": 0})
    assert judged(held, cpu="gone", memory=10).why == "cpu is missing: gone; it counts as before, moderate"


def test_hold_holds_nothing_before_anything_was_measured() -> None:
    health = judged(cpu="no data")
    assert (health.status, health.why, health.metrics) == (4, "", {})
    assert health.problem == "cpu is missing: no data"


def test_a_floor_outlives_what_was_measured_before_and_is_not_held_afterwards() -> None:
    floor = {"cpu": OnMissing.FLOOR}
    missing = judged(judged(metrics=floor, cpu=10), floor, cpu="gone")
    assert missing.status == 0
    assert judged(missing, floor, cpu=10).status == 4


def test_what_is_missing_is_told_of_all_metrics() -> None:
    policies = {"cpu": OnMissing.IGNORE, "memory": OnMissing.FLOOR, "disk": OnMissing.HOLD}
    health = judged(None, policies, cpu="no data", memory="no right", disk=60)
    assert health.problem == "cpu is missing: no data; memory is missing: no right"
    assert health.why == "memory is missing: no right; it counts as bad"


def test_nothing_declared_is_high() -> None:
    assert judge([], {}, None, now=NOW) == Health(status=4, since=NOW)


def test_a_health_is_kept_whole() -> None:
    from sosw.domain.standing import Standing  # noqa: PLC0415

    standing = Standing(health=judged(cpu=60, memory="no data"))
    assert Standing.from_json(standing.to_json()) == standing
    assert Standing.from_json(Standing(health=judged(cpu="gone")).to_json()).health == judged(cpu="gone")
