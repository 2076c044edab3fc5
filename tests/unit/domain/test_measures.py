"""Health metrics in sosw 0.7's form, and ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.health import HealthMetric, OnMissing, Query
from sosw.domain.labourer import Labourer

CPU: dict[str, Any] = {
    "Namespace": "AWS/RDS",
    "MetricName": "CPUUtilization",
    "Period": 60,
    "Statistics": ["Average"],
    "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "orders"}],
}
FEELS = {"feelings": {3: 50, 4: 25}, "feeling_comparison_operator": "<="}
PLACE = "task_config.labourers.sales.health_metrics.m"


def read(metric: Any) -> HealthMetric:
    given = {"max_simultaneous_invocations": 1, "health_metrics": {"m": metric}}
    (found,) = Labourer.from_mapping("sales", given).health_metrics
    return found


def problems(metric: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        read(metric)
    return [str(problem).removeprefix(f"{PLACE}.") for problem in refused.value.problems]


def cloudwatch(**details: Any) -> dict[str, Any]:
    return {**FEELS, "details": {**CPU, **details}}


def test_a_metric_of_sosw_is_read_as_it_is() -> None:
    assert read({"details": CPU, **FEELS}) == HealthMetric(
        name="m",
        query=Query(source="cloudwatch", details=json.dumps(CPU, sort_keys=True, separators=(",", ":"))),
        feelings={4: 25, 3: 50},
        operator="<=",
        on_missing=OnMissing.HOLD,
    )


def test_health_may_be_a_text_as_json_makes_it() -> None:
    assert read({**cloudwatch(), "feelings": {"3": 50, "4": 25.5, "0": 99}}).feelings == {4: 25.5, 3: 50, 0: 99}


def test_equal_queries_are_equal_in_whatever_order_they_are_written() -> None:
    turned = dict(reversed(CPU.items())) | {"Dimensions": [{"Value": "orders", "Name": "DBInstanceIdentifier"}]}
    assert read({"details": turned, **FEELS}).query == read({"details": CPU, **FEELS}).query


@pytest.mark.parametrize(("name", "symbol"), [("le", "<="), ("lt", "<"), ("<", "<")])
def test_operators_are_taken_by_symbol_and_by_the_names_of_sosw(name: str, symbol: str) -> None:
    assert read({**cloudwatch(), "feeling_comparison_operator": name}).operator == symbol


@pytest.mark.parametrize(
    ("symbol", "feelings"),
    [
        (">=", {4: 75, 3: 50, 0: 10}), (">", {4: 50, 3: 50}), ("ge", {4: 75}), ("gt", {1: -1, 2: 0}),
        ("<", {4: 50, 2: 50}), ("<=", {4: -1.5, 1: 0}), ("==", {4: 1, 3: 0}), ("eq", {4: 0, 3: 1}),
    ],
)  # fmt: skip
def test_thresholds_that_fit_the_operator_are_taken(symbol: str, feelings: dict[int, float]) -> None:
    assert read({**cloudwatch(), "feeling_comparison_operator": symbol, "feelings": feelings}).feelings == feelings


@pytest.mark.parametrize(
    ("symbol", "feelings", "told"),
    [
        (
            "<=",
            {3: 25, 4: 50},
            "25, the threshold of 3 (good), is 4 (high) already (the better the health, the lower its threshold)",
        ),
        ("<=", {3: 25, 4: 25}, "is 4 (high) already"),
        ("<", {1: 1, 4: 2}, "for <: 1, the threshold of 1 (poor), is 4 (high) already"),
        (">=", {"3": 50, "4": 25}, "(the better the health, the higher its threshold)"),
        (">", {3: 50, 4: 25}, "for >: 50"),
        ("==", {3: 1, 4: 1}, "(each health needs a value of its own)"),
    ],
)
def test_feelings_in_the_wrong_order_are_refused(symbol: str, feelings: Any, told: str) -> None:
    (said,) = problems({**cloudwatch(), "feeling_comparison_operator": symbol, "feelings": feelings})
    assert told in said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "None must be one of >=, >, <=, <, ==, ge, gt, le, lt, eq, and has no default"),
        ("=>", "(did you mean '>='?)"),
        ("=<", "(did you mean '<='?)"),
        ("lte", "(did you mean 'le'?)"),
        ("contains", "'contains' must be one of >=, >, <=, <, ==, ge, gt, le, lt, eq, and has no default"),
        (7, "7 must be one of"),
    ],
)
def test_an_operator_that_does_not_exist_is_refused(given: Any, told: str) -> None:
    (said,) = problems({**cloudwatch(), "feeling_comparison_operator": given})
    assert said.startswith("feeling_comparison_operator: ")
    assert said.endswith(told) or told in said


@pytest.mark.parametrize(
    ("feelings", "told"),
    [
        ({}, "feelings: {} must have a threshold for a health, such as {3: 50, 4: 25}"),
        (None, "feelings: None must have a threshold for a health, such as {3: 50, 4: 25}"),
        ([], "feelings: [] must be an object"),
        ({5: 1}, "feelings.5: 1 is of no health: it must be one of 0 bad, 1 poor, 2 moderate, 3 good, 4 high"),
        ({"good": 1}, "feelings.good: 1 is of no health"),
        ({True: 1}, "feelings.True: 1 is of no health"),
        ({3: 1, "3": 1}, "feelings.3: 1 is there twice, as a number and as a text"),
        ({3: "50"}, "feelings.3: '50' must be a number, the threshold of that health"),
        ({3: float("inf")}, "feelings.3: inf must be a number"),
    ],
)
def test_feelings_that_say_nothing_are_refused(feelings: Any, told: str) -> None:
    (said,) = problems({**cloudwatch(), "feelings": feelings})
    assert said.startswith(told)


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({"MetricName": None}, "details.MetricName: None must be a text, and has no default"),
        ({"Namespace": ""}, "details.Namespace: '' must be a text, and has no default"),
        ({"Period": 90}, "details.Period: 90 must be 1, 5, 10, 30 or a multiple of 60 seconds"),
        ({"Period": 0}, "details.Period: 0 must be"),
        ({"Period": 60.0}, "details.Period: 60.0 must be"),
        ({"Statistics": []}, "details.Statistics: [] must be a list of one of Average, Maximum, Minimum, Sum"),
        ({"Statistics": ["Average", "Sum"]}, "details.Statistics: ['Average', 'Sum'] must be a list of one of"),
        ({"Statistics": ["Mean"]}, "details.Statistics: ['Mean'] must be"),
        ({"Statistics": [7]}, "details.Statistics: [7] must be"),
        ({"Statistics": "Average"}, "details.Statistics: 'Average' must be"),
        ({"MetricAggregationTimeSlice": -1}, "details.MetricAggregationTimeSlice: -1 must be a whole number from 1 to"),
        ({"Unit": 7}, "details.Unit: 7 must be a text"),
        ({"Dimensions": {"a": "b"}}, "details.Dimensions: {'a': 'b'} must be a list of"),
        ({"Dimensions": [{"Name": "a"}]}, "details.Dimensions: [{'Name': 'a'}] must be a list of"),
        ({"Dimensions": [{"Name": "a", "Value": 7}]}, "details.Dimensions: [{'Name': 'a', 'Value': 7}] must be"),
        ({"Dimensions": ["a"]}, "details.Dimensions: ['a'] must be"),
        ({"StartTime": 1}, "details.StartTime: 1 is not a setting"),
        ({"Name": "CPU"}, "details.Name: 'CPU' is not a setting (did you mean 'MetricName'?)"),
    ],
)
def test_a_query_that_cloudwatch_cannot_answer_is_refused(details: dict[str, Any], told: str) -> None:
    (said,) = problems(cloudwatch(**details))
    assert said.startswith(told)


@pytest.mark.parametrize("statistic", ["Average", "Sum", "p99", "p99.9", "p100"])
def test_statistics_and_percentiles_are_taken(statistic: str) -> None:
    assert statistic in read(cloudwatch(Statistics=[statistic], Period=300, Unit="Percent")).query.details


def test_a_metric_without_details_is_told_what_is_missing() -> None:
    assert problems(FEELS) == [
        "details.Namespace: None must be a text, and has no default",
        "details.MetricName: None must be a text, and has no default",
    ]
    assert problems({**FEELS, "details": 7})[0] == "details: 7 must be an object of settings"
    assert problems(7)[0] == f"{PLACE}: 7 must be an object of settings"


def test_an_alarm_is_high_while_it_is_not_raised() -> None:
    metric = read({"source": "alarm", "details": {"AlarmName": "orders-cpu"}, "on_missing": "ignore"})
    assert metric.query == Query(source="alarm", details='{"AlarmName":"orders-cpu"}')
    assert (metric.feelings, metric.operator, metric.on_missing) == ({4: 0}, "<=", OnMissing.IGNORE)
    assert read({"source": "alarm", "details": {"AlarmName": "a"}, "feelings": {3: 0, 2: 1}}).feelings == {3: 0, 2: 1}
    assert problems({"source": "alarm", "details": {"alarm": 1}}) == [
        "details.alarm: 1 is not a setting (known: AlarmName)",
        "details.AlarmName: None must be a text, and has no default",
    ]


def test_a_signal_is_asked_for_by_resource_and_name() -> None:
    details = {"resource": "rds:orders", "signal": "calm"}
    metric = read({"source": "signals", "details": details, **FEELS})
    assert metric.query == Query(source="signals", details='{"resource":"rds:orders","signal":"calm"}')
    assert problems({"source": "signals", "details": {"signal": "clam"}, **FEELS}) == [
        "details.resource: None must be the name of a resource, and has no default",
        "details.signal: 'clam' must be one of latency, slowdown, calm, and has no default",
    ]


@pytest.mark.parametrize(
    ("details", "is_right"),
    [
        ({"ExtendedStatistics": ["p99.9"]}, True),
        ({"ExtendedStatistics": ["Average"]}, False),
        ({"ExtendedStatistics": "p99"}, False),
        ({"ExtendedStatistics": ["p99"], "Statistics": ["Average"]}, False),
    ],
)
def test_a_percentile_may_stand_as_get_metric_statistics_has_it(details: dict[str, Any], is_right: bool) -> None:  # noqa: FBT001
    given = cloudwatch()
    asked = {key: value for key, value in given["details"].items() if key != "Statistics"}
    given["details"] = {**asked, **details}
    if is_right:
        assert "p99.9" in read(given).query.details
    else:
        (said,) = problems(given)
        assert "must be a list of one percentile, such as p99, and stand without Statistics" in said


def test_details_of_other_sources_are_whatever_they_understand() -> None:
    source = "my_company.queue-depth"
    assert read({"source": source, "details": {"b": 1, "a": [{"d": 1, "c": 2}]}, **FEELS}).query == Query(
        source=source, details='{"a":[{"c":2,"d":1}],"b":1}'
    )
    assert read({"source": source, **FEELS}).query.details == "{}"
    (said,) = problems({"source": source, "details": {"a": float("nan")}, **FEELS})
    assert said.startswith("details: {'a': nan} is not JSON")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "cloudwach",
            "is no source that is built in, and too near to one for another's name (did you mean 'cloudwatch'?)",
        ),
        ("signal", "(did you mean 'signals'?)"),
        ("", "must be the name of a source"),
        (7, "must be the name of a source"),
        ("a b", "must be the name of a source"),
    ],
)
def test_a_source_that_cannot_be_is_refused(source: Any, told: str) -> None:
    said = problems({**cloudwatch(), "source": source})
    assert [each for each in said if each.startswith("source: ") and told in each]


def test_on_missing_is_one_of_three() -> None:
    assert problems({**cloudwatch(), "on_missing": "floo"}) == [
        "on_missing: 'floo' must be one of hold, floor, ignore (did you mean 'floor'?)"
    ]
    assert problems({**cloudwatch(), "on_missing": [1]}) == ["on_missing: [1] must be one of hold, floor, ignore"]


def test_all_mistakes_of_all_metrics_are_told_at_once() -> None:
    metrics = {
        "a": {"details": CPU, "feeling_comparison_operator": "<="},
        "b": {**cloudwatch(), "x": 1},
        "c": cloudwatch(),
    }
    with pytest.raises(InvalidInput) as refused:
        Labourer.from_mapping("sales", {"max_simultaneous_invocations": -1, "health_metrics": metrics})
    fields = [problem.field.removeprefix("task_config.labourers.sales.") for problem in refused.value.problems]
    assert fields == ["max_simultaneous_invocations", "health_metrics.a.feelings", "health_metrics.b.x"]


def test_no_metrics_may_be_null_as_in_sosw() -> None:
    assert (
        Labourer.from_mapping("sales", {"max_simultaneous_invocations": 1, "health_metrics": None}).health_metrics == ()
    )
