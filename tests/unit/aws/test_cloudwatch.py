"""CloudWatch when it is well, slow, forbidden or asked for what is not there."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from sosw.aws import cloudwatch
from sosw.aws.cloudwatch import CloudWatch, CloudWatchAlarms, CloudWatchMetrics
from sosw.domain.health import Query
from tests.factories import NOW


def metric(name: str = "cpu", **details: Any) -> Query:
    return Query(source="cloudwatch", details=json.dumps({"Namespace": "test", "MetricName": name} | details))


def alarm(name: str) -> Query:
    return Query(source="alarm", details=json.dumps({"AlarmName": name}))


def refusal(code: str, status: int) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "as the test says"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "GetMetricData")


class Fake:
    """A client of CloudWatch: names of metrics with their latest points, names of alarms with their states."""

    def __init__(self, **values: Any) -> None:
        self.values, self.asked = values, list[dict[str, Any]]()
        self.error: Exception | None = None
        self.refused: set[str] = set()
        self.page = 10_000

    def get_metric_data(self, **asked: Any) -> Any:
        self._called(asked)
        names = [query["MetricStat"]["Metric"]["MetricName"] for query in asked["MetricDataQueries"]]
        if self.refused & set(names):
            raise refusal("ValidationError", 400)
        start = int(asked.get("NextToken", 0))
        ids = [query["Id"] for query in asked["MetricDataQueries"]]
        results = [
            self._result(i, self.values.get(n))
            for i, n in list(zip(ids, names, strict=True))[start : start + self.page]
        ]
        more = {"NextToken": str(start + self.page)} if start + self.page < len(ids) else {}
        return {"MetricDataResults": results, **more}

    def _result(self, query: str, value: Any) -> Any:
        if isinstance(value, str):
            return {"Id": query, "StatusCode": value, "Timestamps": [], "Values": []}
        points: list[tuple[datetime, float]] = [] if value is None else [(NOW - timedelta(minutes=1), float(value))]
        return {
            "Id": query,
            "StatusCode": "Complete",
            "Timestamps": [p[0] for p in points],
            "Values": [p[1] for p in points],
        }

    def describe_alarms(self, **asked: Any) -> Any:
        self._called(asked)
        names = [name for name in asked["AlarmNames"] if name in self.values]
        start = int(asked.get("NextToken", 0))
        alarms = [{"AlarmName": name, "StateValue": self.values[name]} for name in names[start : start + self.page]]
        more = {"NextToken": str(start + self.page)} if start + self.page < len(names) else {}
        is_composite = start > 0
        return {"CompositeAlarms" if is_composite else "MetricAlarms": alarms, **more}

    def _called(self, asked: dict[str, Any]) -> None:
        self.asked.append(dict(asked))
        if self.error:
            raise self.error


def metrics(fake: Any) -> CloudWatchMetrics:
    return CloudWatchMetrics(CloudWatch(fake))


def alarms(fake: Any) -> CloudWatchAlarms:
    return CloudWatchAlarms(CloudWatch(fake))


def test_all_metrics_are_asked_for_in_one_call_equal_ones_once() -> None:
    fake = Fake(cpu=83, memory=10)
    same = metric("cpu", Period=60)  # what is left out has this default
    found = metrics(fake).read([metric("cpu"), metric("memory"), same], NOW)
    assert [found[query].value for query in (metric("cpu"), metric("memory"), same)] == [83, 10, 83]
    assert [len(asked["MetricDataQueries"]) for asked in fake.asked] == [2]


def test_more_than_five_hundred_metrics_take_more_calls() -> None:
    fake = Fake(**{f"m{n}": n for n in range(1001)})
    found = metrics(fake).read([metric(f"m{n}") for n in range(1001)], NOW)
    assert sorted(len(asked["MetricDataQueries"]) for asked in fake.asked) == [1, 500, 500]
    assert all(found[metric(f"m{n}")].value == n for n in range(1001))


def test_an_answer_comes_in_pages() -> None:
    fake = Fake(**{f"m{n}": n for n in range(5)})
    fake.page = 2
    found = metrics(fake).read([metric(f"m{n}") for n in range(5)], NOW)
    assert [found[metric(f"m{n}")].value for n in range(5)] == [0, 1, 2, 3, 4]


def test_a_question_says_all_that_the_details_say() -> None:
    fake = Fake()
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": "orders"}]
    metrics(fake).read([metric(Dimensions=dimensions, Statistics=["Sum"], Period=300, Unit="Percent")], NOW)
    (asked,) = fake.asked
    assert asked["MetricDataQueries"] == [
        {
            "Id": "m0",
            "MetricStat": {
                "Metric": {"Namespace": "test", "MetricName": "cpu", "Dimensions": dimensions},
                "Period": 300,
                "Stat": "Sum",
                "Unit": "Percent",
            },
        }
    ]
    assert (asked["StartTime"], asked["EndTime"]) == (NOW - timedelta(minutes=5), NOW + timedelta(minutes=1))


def test_a_wrong_name_has_no_data_and_details_that_are_none_are_told() -> None:
    queries = [metric("cpu"), metric("cqu"), metric("cpu", Statistics=[]), Query(source="cloudwatch", details="[")]
    found = metrics(Fake(cpu=1)).read(queries, NOW)
    assert [found[query].problem for query in queries][:2] == ["", "test cqu has no data of the last 300 s"]
    assert "details.Statistics" in found[queries[2]].problem
    assert "is not JSON" in found[queries[3]].problem


def test_nothing_that_can_be_asked_makes_no_call() -> None:
    fake = Fake()
    metrics(fake).read([metric(Period=0)], NOW)
    assert fake.asked == []


@pytest.mark.parametrize("status", ["Forbidden", "InternalError"])
def test_a_metric_that_cloudwatch_cannot_tell_is_named(status: str) -> None:
    found = metrics(Fake(cpu=status, memory=1)).read([metric("cpu"), metric("memory")], NOW)
    assert found[metric("cpu")].problem == f"CloudWatch answers {status} for test cpu"
    assert found[metric("memory")].value == 1


def test_a_metric_that_cloudwatch_refuses_stops_no_other() -> None:
    fake = Fake(**{f"m{n}": n for n in range(200)})
    fake.refused = {"m7", "m150"}
    found = metrics(fake).read([metric(f"m{n}") for n in range(200)], NOW)
    assert {n for n in range(200) if found[metric(f"m{n}")].value is None} == {7, 150}
    assert found[metric("m7")].problem.startswith("CloudWatch refuses it: ")


def test_what_is_refused_is_not_looked_for_without_end() -> None:
    fake = Fake()
    fake.refused = {f"m{n}" for n in range(500)}
    found = metrics(fake).read([metric(f"m{n}") for n in range(500)], NOW)
    assert len(fake.asked) == cloudwatch.MAX_CALLS
    assert all("CloudWatch refuses" in reading.problem for reading in found.values())


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (refusal("AccessDenied", 403), "the Orchestrator's role may not ask CloudWatch: it needs cloudwatch:{}"),
        (
            refusal("AccessDeniedException", 400),
            "the Orchestrator's role may not ask CloudWatch: it needs cloudwatch:{}",
        ),
        (refusal("ExpiredToken", 403), "there are no valid AWS credentials"),
        (NoCredentialsError(), "there are no valid AWS credentials"),
        (refusal("Throttling", 400), "CloudWatch is too busy, or slow to answer"),
        (ReadTimeoutError(endpoint_url="cw"), "CloudWatch is too busy, or slow to answer"),
        (EndpointConnectionError(endpoint_url="cw"), "CloudWatch is too busy, or slow to answer"),
        (refusal("InternalServiceFault", 500), "CloudWatch failed: An error occurred (InternalServiceFault)"),
    ],
)
def test_what_fails_for_all_is_asked_once_and_said_in_plain_words(error: Exception, problem: str) -> None:
    fake = Fake()
    fake.error = error
    found = metrics(fake).read([metric(f"m{n}") for n in range(1001)], NOW)
    assert len(fake.asked) == 1
    assert {reading.problem.startswith(problem.format("GetMetricData")) for reading in found.values()} == {True}
    alarm_found = alarms(fake).read([alarm("a")], NOW)
    assert alarm_found[alarm("a")].problem.startswith(problem.format("DescribeAlarms"))


def test_what_the_client_itself_refuses_stops_no_other() -> None:
    class Strict(Fake):
        def get_metric_data(self, **asked: Any) -> Any:
            if any(q["MetricStat"]["Metric"]["MetricName"] == "bad" for q in asked["MetricDataQueries"]):
                raise ParamValidationError(report="bad")
            return super().get_metric_data(**asked)

    found = metrics(Strict(cpu=1)).read([metric("cpu"), metric("bad")], NOW)
    assert (found[metric("cpu")].value, found[metric("bad")].value) == (1, None)


def test_an_alarm_is_1_while_it_is_raised() -> None:
    fake = Fake(well="OK", ill="ALARM", new="INSUFFICIENT_DATA")
    queries = [alarm(name) for name in ("well", "ill", "new", "gone")]
    found = alarms(fake).read(queries, NOW)
    assert [found[query].value for query in queries] == [0.0, 1.0, None, None]
    assert found[queries[2]].problem == "alarm new is in INSUFFICIENT_DATA"
    assert found[queries[3]].problem == "there is no alarm gone in this account and region"
    assert fake.asked[0]["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]


def test_alarms_are_asked_for_a_hundred_a_call_and_come_in_pages() -> None:
    fake = Fake(**{f"a{n}": "OK" for n in range(250)})
    fake.page = 60
    found = alarms(fake).read([alarm(f"a{n}") for n in range(250)], NOW)
    assert {reading.value for reading in found.values()} == {0.0}
    assert [len(asked["AlarmNames"]) for asked in fake.asked if "NextToken" not in asked] == [50, 100, 100]


@pytest.mark.parametrize("details", ["{}", '{"AlarmName": 1}', '{"AlarmName": "a", "more": 1}', "[]"])
def test_an_alarm_is_asked_for_by_its_name_alone(details: str) -> None:
    query = Query(source="alarm", details=details)
    assert "details" in alarms(Fake()).read([query], NOW)[query].problem


def test_the_client_is_made_once_and_has_little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    shared = CloudWatch()
    assert shared.client is shared.client
    config: Any = shared.client.meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (2, 5, 2)
