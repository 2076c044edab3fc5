"""What becomes of the numbers of an invocation: folded for each labourer and for the environment, as the level says."""

from __future__ import annotations

import pytest

from sosw.domain.metrics import (
    BUDGET,
    DISPATCH_DELAY,
    HEALTH,
    METRICS,
    OLDEST,
    OPEN,
    QUEUED,
    STARTED,
    Level,
    Line,
    Metric,
    Note,
    Owner,
    lines,
)
from sosw.domain.records import ResourceName
from sosw.domain.task import LabourerName

A, B = Owner.labourer(LabourerName("a")), Owner.labourer(LabourerName("b"))
ORDERS = Owner.resource(ResourceName("rds:orders"))
ENVIRONMENT = {"environment": "sosw"}


@pytest.mark.parametrize(
    ("metric", "folded"),
    [(QUEUED, [5]), (OLDEST, [3]), (HEALTH, [2]), (DISPATCH_DELAY, [2, 3])],
    ids=lambda value: value.name if isinstance(value, Metric) else "",
)
def test_the_environment_has_the_sum_the_oldest_the_worst_health_and_every_delay(
    metric: Metric, folded: list[float]
) -> None:
    notes = [Note(metric, 2, A), Note(metric, 3, B)]
    assert lines(notes, "sosw", Level.ENVIRONMENT) == [Line(ENVIRONMENT, {metric: folded})]


def test_each_labourer_and_resource_has_a_line_of_its_own_where_all_are_wanted() -> None:
    notes = [Note(QUEUED, 0), Note(QUEUED, 4, A), Note(STARTED, 1, B), Note(STARTED, 1, B), Note(BUDGET, 9, ORDERS)]
    assert lines(notes, "sosw", Level.ALL) == [
        Line(ENVIRONMENT, {QUEUED: [4], STARTED: [2]}),
        Line({**ENVIRONMENT, "labourer": "a"}, {QUEUED: [4]}),
        Line({**ENVIRONMENT, "labourer": "b"}, {STARTED: [2]}),
        Line({**ENVIRONMENT, "resource": "rds:orders"}, {BUDGET: [9]}),
    ]


def test_what_has_no_meaning_for_all_of_them_is_not_the_environments() -> None:
    notes = [Note(OPEN, 4, A), Note(BUDGET, 9, ORDERS)]
    assert lines(notes, "sosw", Level.ENVIRONMENT) == []
    assert [line.dimensions for line in lines(notes, "sosw", Level.ALL)] == [
        {**ENVIRONMENT, "labourer": "a"},
        {**ENVIRONMENT, "resource": "rds:orders"},
    ]


def test_nothing_is_published_where_nothing_is_wanted() -> None:
    assert lines([Note(QUEUED, 1), Note(QUEUED, 1, A)], "sosw", Level.NONE) == []


def test_no_two_metrics_have_one_name() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
