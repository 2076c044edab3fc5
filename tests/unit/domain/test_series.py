"""What is asked of CloudWatch, and the one value that is made of the points."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.health import Query
from sosw.domain.series import Series, latest
from tests.factories import NOW, seconds

CPU = {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization"}


def series(**details: Any) -> Series:
    """Of the latest point, if it does not say otherwise."""
    return Series.of(CPU | {"MetricAggregationTimeSlice": 0} | details)


def minutes_ago(*minutes: float, value: float | None = None) -> list[tuple[Any, float]]:
    return [(NOW - timedelta(minutes=m), m if value is None else value) for m in minutes]


def test_what_is_left_out_has_soswss_defaults() -> None:
    assert Series.of(CPU) == Series(
        namespace="AWS/RDS", name="CPUUtilization", statistic="Average", period=60, slice=timedelta(seconds=300)
    )


def test_everything_that_sosw_knows_is_taken() -> None:
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": "orders"}]
    asked = series(
        Dimensions=dimensions, Statistics=["Maximum"], Period=300, Unit="Percent", MetricAggregationTimeSlice=900
    )
    assert asked == Series(
        namespace="AWS/RDS",
        name="CPUUtilization",
        dimensions=(("DBInstanceIdentifier", "orders"),),
        statistic="Maximum",
        period=300,
        unit="Percent",
        slice=timedelta(seconds=900),
    )
    assert str(asked) == "AWS/RDS CPUUtilization (DBInstanceIdentifier=orders)"
    assert series(ExtendedStatistics=["p99"]).statistic == series(Statistics=["p99"]).statistic == "p99"


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ({"Namespace": ""}, "details.Namespace: '' must be a text"),
        ({"MetricName": 5}, "details.MetricName: 5 must be a text"),
        ({"Metricname": "x"}, "did you mean 'MetricName'"),
        ({"Statistics": ["Average", "Sum"]}, "must be a list of one statistic"),
        ({"Statistics": "Average"}, "must be a list of one statistic"),
        ({"Statistics": ["Average"], "ExtendedStatistics": ["p9"]}, "must be a list of one statistic"),
        ({"Statistics": []}, "must be a list of one statistic"),
        ({"Period": 0}, "details.Period: 0 must be a whole number of seconds"),
        ({"Period": True}, "must be a whole number of seconds"),
        ({"MetricAggregationTimeSlice": "300"}, "must be a whole number of seconds"),
        ({"Dimensions": {"Name": "a"}}, "details.Dimensions"),
        ({"Dimensions": [{"Name": "a"}]}, "details.Dimensions"),
        ({"Dimensions": [{"Name": "a", "Value": 1}]}, "must be a text"),
        ({"Unit": 3}, "details.Unit: 3 must be a text"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_field(details: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        series(**details)
    assert sentence in str(refused.value)


def test_the_latest_point_is_the_value() -> None:
    reading = series().reading(minutes_ago(3, 1, 2), NOW)
    assert (reading.value, reading.at) == (1.0, NOW - timedelta(minutes=1))


def test_a_point_that_is_too_old_is_none_and_the_series_is_named() -> None:
    reading = series().reading(minutes_ago(11), NOW)
    assert (reading.value, reading.problem) == (None, "AWS/RDS CPUUtilization has no data of the last 600 s")
    assert series(Period=3600).reading(minutes_ago(90), NOW).value == 90


@pytest.mark.parametrize(("statistic", "value"), [("Average", 2.5), ("Maximum", 4), ("Minimum", 1), ("Sum", 10)])
def test_over_a_slice_all_its_points_count(statistic: str, value: float) -> None:
    asked = series(Statistics=[statistic], MetricAggregationTimeSlice=240)
    assert asked.reading(minutes_ago(1, 2, 3, 4, 6, 9), NOW).value == value


def test_of_a_percentile_the_latest_point_stands_for_a_slice() -> None:
    assert series(Statistics=["p99"], MetricAggregationTimeSlice=240).reading(minutes_ago(2, 1), NOW).value == 1


def test_a_slice_begins_with_a_whole_minute_as_cloudwatch_has_it() -> None:
    asked = series(MetricAggregationTimeSlice=60)
    now = NOW + seconds(30)
    assert asked.reading([(NOW - seconds(60), 7)], now).value == 7


def test_a_sum_counts_when_its_period_is_over() -> None:
    points = [*minutes_ago(0.5, value=1), *minutes_ago(1, value=9)]
    assert series(Statistics=["Sum"]).reading(points, NOW).value == 9
    assert series().reading(points, NOW).value == 1


def test_a_reading_tells_what_time_it_is_of() -> None:
    assert series(Period=300).reading(minutes_ago(5), NOW).over == timedelta(seconds=300)
    sliced = series(MetricAggregationTimeSlice=300).reading(minutes_ago(1, 5), NOW)
    assert (sliced.at, sliced.over) == (NOW - timedelta(minutes=5), timedelta(minutes=5))


def test_what_does_not_say_its_slice_can_be_asked_for_its_latest_point() -> None:
    query = Query(source="cloudwatch", details='{"MetricName":"cpu","Namespace":"n"}')
    asked = '{"MetricAggregationTimeSlice":0,"MetricName":"cpu","Namespace":"n"}'
    assert latest(query) == Query(source="cloudwatch", details=asked)
    assert latest(latest(query)) == latest(query)
    assert latest(Query(source="alarm", details="{}")) == Query(source="alarm", details="{}")
    assert latest(Query(source="cloudwatch", details="[]")) == Query(source="cloudwatch", details="[]")
