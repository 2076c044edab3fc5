"""Health from a real CloudWatch protocol: metrics as they were put, alarms as they stand."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sosw.aws.cloudwatch import CloudWatch, CloudWatchAlarms, CloudWatchMetrics
from sosw.domain.health import Query
from sosw.domain.series import latest
from tests.contract.backends import Dynamo

_numbers = itertools.count()


@pytest.fixture(scope="module")
def cloudwatch(servers: dict[str, Dynamo]) -> CloudWatch:
    return CloudWatch(servers["ministack"].client("cloudwatch"))


@pytest.fixture
def namespace() -> str:
    return f"contract/{next(_numbers)}"


def now() -> datetime:
    """In the middle of a minute, so that its points are of whole minutes before."""
    return datetime.now(timezone.utc).replace(second=30, microsecond=0)


def put(cloudwatch: CloudWatch, namespace: str, name: str, *values: float, **datum: Any) -> None:
    """The last value a minute ago, the one before it two minutes ago, and so on."""
    data: list[Any] = [
        {"MetricName": name, "Value": value, "Timestamp": now() - timedelta(minutes=minutes), **datum}
        for minutes, value in enumerate(reversed(values), start=1)
    ]
    cloudwatch.client.put_metric_data(Namespace=namespace, MetricData=data)


def metric(namespace: str, name: str, **details: Any) -> Query:
    return Query(source="cloudwatch", details=json.dumps({"Namespace": namespace, "MetricName": name, **details}))


def test_the_latest_point_of_each_metric_is_read_by_its_dimensions(cloudwatch: CloudWatch, namespace: str) -> None:
    orders, stock = ([{"Name": "Db", "Value": name}] for name in ("orders", "stock"))
    put(cloudwatch, namespace, "cpu", 70, 83, Dimensions=orders)
    put(cloudwatch, namespace, "cpu", 10, 20, Dimensions=stock)
    queries = [latest(metric(namespace, "cpu", Dimensions=dimensions)) for dimensions in (orders, stock)]
    found = CloudWatchMetrics(cloudwatch).read(queries, now())
    assert [found[query].value for query in queries] == [83.0, 20.0]


@pytest.mark.parametrize(("statistic", "value"), [("Average", 20), ("Maximum", 30), ("Minimum", 10), ("Sum", 60)])
def test_a_slice_is_made_of_all_its_points(
    cloudwatch: CloudWatch, namespace: str, statistic: str, value: float
) -> None:
    put(cloudwatch, namespace, "cpu", 500, 10, 20, 30)
    query = metric(namespace, "cpu", Statistics=[statistic], MetricAggregationTimeSlice=180)
    assert CloudWatchMetrics(cloudwatch).read([query], now())[query].value == value


def test_a_wrong_name_has_no_data_beside_others_that_have(cloudwatch: CloudWatch, namespace: str) -> None:
    put(cloudwatch, namespace, "cpu", 5)
    right, wrong = metric(namespace, "cpu"), metric(namespace, "cqu")
    found = CloudWatchMetrics(cloudwatch).read([right, wrong], now())
    assert found[right].value == 5
    assert found[wrong].problem == f"{namespace} cqu has no data of the last 300 s"


def test_many_metrics_and_pages_are_read_whole(cloudwatch: CloudWatch, namespace: str) -> None:
    data: list[Any] = [
        {"MetricName": f"m{n}", "Value": n, "Timestamp": now() - timedelta(minutes=1)} for n in range(501)
    ]
    for start in range(0, len(data), 150):
        cloudwatch.client.put_metric_data(Namespace=namespace, MetricData=data[start : start + 150])
    queries = [metric(namespace, f"m{n}") for n in range(501)]
    found = CloudWatchMetrics(cloudwatch).read(queries, now())
    assert [found[query].value for query in queries] == list(range(501))


def test_an_alarm_is_read_as_it_stands(cloudwatch: CloudWatch, namespace: str) -> None:
    states: dict[str, Any] = {f"{namespace}-{state}": state for state in ("OK", "ALARM", "INSUFFICIENT_DATA")}
    for name, state in states.items():
        cloudwatch.client.put_metric_alarm(
            AlarmName=name,
            Namespace=namespace,
            MetricName="cpu",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=80,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test")
    queries = [Query(source="alarm", details=json.dumps({"AlarmName": name})) for name in [*states, "gone"]]
    found = CloudWatchAlarms(cloudwatch).read(queries, now())
    assert [found[query].value for query in queries] == [0.0, 1.0, None, None]
    assert [bool(found[query].problem) for query in queries] == [False, False, True, True]
