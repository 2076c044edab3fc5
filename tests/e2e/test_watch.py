"""What is to be seen of the deployed system: its metrics in the logs, the job on every line of a task, the alarms.

The local stack makes no metrics of log lines, so the lines are looked at that CloudWatch makes them of.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.e2e.conftest import ROOT
from tests.metering import Published, published

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

OF_LABOURER = {"environment": "sosw", "labourer": "obedient"}
SHOPS = 5


def _published(deployment: Deployment, function: str) -> list[Published]:
    return published("\n".join(deployment.stack.logs(function)))


def _sums(deployment: Deployment) -> Counter[str]:
    """Of the labourer's metrics, so far."""
    functions = (deployment.names.orchestrator, deployment.names.scavenger)
    found = [each for function in functions for each in _published(deployment, function)]
    sums: Counter[str] = Counter()
    for each in found:
        if each.dimensions == OF_LABOURER:
            sums[each.name] += sum(each.values)  # type: ignore[assignment]  # Counter counts fractions as well
            sums[f"{each.name} values"] += len(each.values)
    return sums


def _job(plan: list[str]) -> dict[str, Any]:
    shops = [f"shop-{number}" for number in range(SHOPS)]
    job = {"job_schema_name": "by_shop", "isolate_shops": True, "shops": shops}
    return {"lambda_name": "obedient", **job, "plan": plan}


def test_a_job_shows_in_the_metrics_of_its_labourer_as_it_went(deployment: Deployment) -> None:
    before = _sums(deployment)
    said = deployment.submit(_job(["raise", "return"]))
    deployment.closed(said)

    def told() -> Counter[str]:
        now = _sums(deployment)
        now.subtract(before)
        return now

    # The Orchestrator tells at its end, and lingers.
    deployment.wait_for(lambda: told()["done"] == SHOPS and told()["started"] >= 2 * SHOPS)
    sums = told()
    assert (sums["created"], sums["started"], sums["failed"]) == (SHOPS, 2 * SHOPS, SHOPS)
    assert sums["dispatch_delay values"] == 2 * SHOPS


def test_every_minute_the_environment_tells_how_much_waits_and_how_much_runs(deployment: Deployment) -> None:
    def told_by(function: str) -> Counter[str]:
        found = _published(deployment, function)
        return Counter(each.name for each in found if set(each.dimensions) == {"environment"})

    names = deployment.names
    for function, metrics in ((names.orchestrator, {"queued", "oldest"}), (names.scavenger, {"running", "limit"})):
        before = told_by(function)
        deployment.invoke(function, {})  # as its minute rule does
        told = told_by(function)
        assert {name for name in metrics if told[name] > before[name]} == metrics


def test_every_line_about_a_task_names_its_job(deployment: Deployment) -> None:
    said = deployment.submit(_job(["return"]))
    deployment.closed(said)
    names = deployment.names

    def about(function: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in deployment.stack.logs(function) if line.startswith('{"level"')]
        return [line for line in lines if str(line.get("task_id", "")).startswith(said["job_id"])]

    deployment.wait_for(lambda: len(about(names.worker_assistant)) >= SHOPS)
    for function in (names.orchestrator, names.worker_assistant):
        assert {line["job_id"] for line in about(function)} == {said["job_id"]}


def test_the_alarms_and_the_dashboard_are_there_once_they_are_deployed_and_look_at_this_environment(
    deployment: Deployment,
) -> None:
    topic = deployment.stack.client("sns").create_topic(Name="pager")["TopicArn"]
    deployment.stack.deploy(ROOT / "cloudformation" / "watch.yaml", "sosw-watch", {"AlarmTopicArn": topic})
    cloudwatch = deployment.stack.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix="sosw-")["MetricAlarms"]
    assert {"sosw-oldest", "sosw-dead", "sosw-scavenger-errors"} <= {alarm["AlarmName"] for alarm in alarms}
    own = [alarm for alarm in alarms if alarm["AlarmName"] != "sosw-failed-events"]  # of another stack
    assert {tuple(alarm["AlarmActions"]) for alarm in own} == {(topic,)}
    (oldest,) = (alarm for alarm in alarms if alarm["AlarmName"] == "sosw-oldest")
    assert (oldest["Threshold"], oldest["Dimensions"]) == (3600, [{"Name": "environment", "Value": "sosw"}])
    body = json.loads(cloudwatch.get_dashboard(DashboardName=f"sosw-{deployment.stack.region}")["DashboardBody"])
    assert "sosw: alarms" in [widget["properties"].get("title") for widget in body["widgets"]]
