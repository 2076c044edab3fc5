"""Health metrics that are valid for sosw 0.7.51 give the health and the limit that they give there.

What differs is meant, and named:

- *missing data*: no points in the slice end the peer's whole tick; here the metric is missing.
- *begins on the wrong side of 0*: the peer compares the best threshold with 0, so it refuses every `>=` and `>` with a
  positive threshold, and every `<=` with a best threshold of 0. Here thresholds are only compared with each other.
- *in the wrong order*: the peer raises, but only when a value comes as far as the thresholds that are wrong; here
  they are refused when the settings are read.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sosw.domain import jsontext
from sosw.domain.errors import InvalidInput
from sosw.domain.feelings import judge
from sosw.domain.health import COEFFICIENTS, Query, Reading
from sosw.domain.labourer import Labourer
from sosw.domain.measures import COMPARE
from sosw.domain.series import Series
from sosw.domain.standing import Control, Standing, decide
from tests.factories import NOW
from tests.peer.conftest import Server

CASES = 5_000
SYMBOLS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "=="}

values = st.one_of(st.integers(-5, 105), st.sampled_from([0.1, 0.25, 33.3, 50.5, 1e9]))


@dataclass(frozen=True)
class Measured:
    operator: str
    feelings: dict[int, float]
    statistic: str
    points: list[float]


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    operator = draw(st.sampled_from(list(SYMBOLS)))
    statuses = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True))
    thresholds = draw(st.lists(values, min_size=len(statuses), max_size=len(statuses)))
    if draw(st.integers(0, 5)):  # most are valid there
        sign = -1 if operator.startswith("g") else 1
        thresholds = [sign * value for value in sorted({abs(value) + 1 for value in thresholds})]
        statuses = statuses[: len(thresholds)]
    feelings = dict(zip(sorted(statuses, reverse=True), thresholds, strict=True))
    near = st.sampled_from(thresholds)
    points = draw(st.lists(st.one_of(values, near), min_size=int(draw(st.integers(0, 9)) > 0), max_size=5))
    return Measured(operator, feelings, draw(st.sampled_from(["Average", "Maximum", "Minimum"])), points)


def asked_of_the_peer(metrics: list[Measured], most: int) -> dict[str, Any]:
    return {
        "metrics": {
            f"m{n}": {
                "details": details(n, metric),
                "feelings": {str(status): value for status, value in metric.feelings.items()},
                "feeling_comparison_operator": metric.operator,
            }
            for n, metric in enumerate(metrics)
        },
        "points": {f"m{n}": metric.points for n, metric in enumerate(metrics)},
        "most": most,
        "coefficients": {str(status): share for status, share in COEFFICIENTS.items()},
    }


def details(number: int, metric: Measured) -> dict[str, Any]:
    return {
        "Namespace": "test",
        "MetricName": f"m{number}",
        "Statistics": [metric.statistic],
    }


def ours(metrics: list[Measured], most: int) -> dict[str, Any]:
    """From the peer's own form of settings; its problem where they are refused."""
    form = asked_of_the_peer(metrics, most)["metrics"]
    try:
        labourer = Labourer.from_mapping("sales", {"max_simultaneous_invocations": most, "health_metrics": form})
    except InvalidInput as refused:
        return {"refused": str(refused)}
    readings = dict[Query, Reading]()
    for metric, declared in zip(metrics, labourer.health_metrics, strict=True):
        points = [(NOW - timedelta(seconds=60 * n), value) for n, value in enumerate(metric.points, start=1)]
        readings[declared.query] = Series.of(jsontext.load(declared.query.details)).reading(points, NOW)
    health = judge(labourer.health_metrics, readings, None, now=NOW)
    limit = decide(labourer, Standing(health=health), Control(), {}, COEFFICIENTS, now=NOW).limit
    return {"status": health.status, "limit": limit}


def faults(metric: Measured) -> list[str]:
    """Why the peer may raise for it."""
    compare = COMPARE[SYMBOLS[metric.operator]]
    thresholds = [metric.feelings[status] for status in sorted(metric.feelings, reverse=True)]
    found = [] if metric.points else ["missing data"]
    if compare(thresholds[0], 0):
        found.append("begins on the wrong side of 0")
    if any(compare(worse, better) for better, worse in pairwise(thresholds)):
        found.append("in the wrong order")
    return found


def explained(metrics: list[Measured], most: int, ecology: Server) -> list[str]:
    theirs = ecology.ask(asked_of_the_peer(metrics, most))
    if "error" in theirs:
        return [fault for metric in metrics for fault in faults(metric)] or ["?"]
    here = ours(metrics, most)
    if "refused" in here:
        return ["in the wrong order"] if any("in the wrong order" in faults(metric) for metric in metrics) else ["?"]
    return ["same"] if theirs == here else ["?"]


def test_health_and_limit_are_those_of_sosw(ecology: Server, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=CASES, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(st.lists(measured(), max_size=3), st.integers(0, 1_000))
    def compare(metrics: list[Measured], most: int) -> None:
        names = explained(metrics, most, ecology)
        seen.update(names)
        there = ecology.ask(asked_of_the_peer(metrics, most))
        assert "?" not in names, f"{metrics}, {most}\n there: {there}\n here: {ours(metrics, most)}"

    try:
        compare()
    finally:
        with capsys.disabled():
            sys.stdout.write("\n" + "".join(f"{count:7,} {name}\n" for name, count in seen.most_common()))
    assert seen["same"] > CASES // 3
