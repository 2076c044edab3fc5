"""The dashboard and the alarms look at what is really told, and say what to do when nothing is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from sosw.domain.metrics import NAMESPACE, Level
from sosw.domain.settings import EssentialSettings
from sosw.settings import Names
from tests.factories import World
from tests.metered_world import everything
from tests.metering import Metered

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "cloudformation" / "watch.yaml"
ESSENTIALS = ROOT / "cloudformation" / "sosw.yaml"
OF_AWS = {
    ("AWS/Lambda", name, "FunctionName") for name in ("Errors", "Throttles", "Duration", "IteratorAge")
} | {("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")}  # fmt: skip
"""What AWS tells by itself of functions and queues."""
_SEARCH = re.compile(r"SEARCH\('\{(\S+?)\} MetricName=\"(\w+)\" environment=\"\$\{Prefix\}\"', '\w+', 60\)")


class Named(NamedTuple):
    """A metric that the template speaks of."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    """None of the values is known of a search."""


def _loaded(path: Path) -> dict[str, Any]:
    # Through JSON: plain dictionaries and lists, the short forms of functions spelt out.
    found: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return found


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return _loaded(TEMPLATE)


@pytest.fixture(scope="module")
def alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    resources = template["Resources"].items()
    return {name: each["Properties"] for name, each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.fixture(scope="module")
def widgets(template: dict[str, Any]) -> list[dict[str, Any]]:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    filled = re.sub(r"\$\{OldestSeconds\}", "3600", body)
    found: list[dict[str, Any]] = json.loads(filled)["widgets"]
    return found


def _text(value: Any) -> str:
    return str(value.get("Fn::Sub") or "${" + value["Ref"] + "}") if isinstance(value, dict) else str(value)


def _of_alarm(alarm: dict[str, Any]) -> Iterator[Named]:
    stats = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for metric in stats or [alarm]:
        dimensions = {each["Name"]: _text(each["Value"]) for each in metric["Dimensions"]}
        yield Named(metric["Namespace"], metric["MetricName"], dimensions)


def _of_widget(widget: dict[str, Any]) -> Iterator[Named]:
    for metric in widget["properties"].get("metrics", []):
        if isinstance(metric[0], dict):
            (searched,) = _SEARCH.findall(metric[0]["expression"])
            (namespace, *names), name = searched[0].split(","), searched[1]
            yield Named(namespace, name, dict.fromkeys(names, ""))
        else:
            namespace, name, *pairs = [part for part in metric if isinstance(part, str)]
            yield Named(namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True)))


@pytest.fixture(scope="module")
def named(alarms: dict[str, dict[str, Any]], widgets: list[dict[str, Any]]) -> list[Named]:
    of_alarms = [metric for alarm in alarms.values() for metric in _of_alarm(alarm)]
    return of_alarms + [metric for widget in widgets for metric in _of_widget(widget)]


def test_the_linter_finds_nothing() -> None:
    assert [str(match) for match in lint_file(TEMPLATE)] == []


def test_every_metric_that_is_looked_at_is_one_that_the_code_publishes(named: list[Named]) -> None:
    emitted = {(NAMESPACE, each.name, each.dimensions) for each in everything()}
    of_aws = {(namespace, name, frozenset({dimension})) for namespace, name, dimension in OF_AWS}
    looked_at = {(each.namespace, each.name, frozenset(each.dimensions)) for each in named}
    assert looked_at - emitted - of_aws == set()
    assert len(looked_at) > 15


def test_every_metric_is_that_of_this_environment_and_of_a_function_or_queue_that_there_is(named: list[Named]) -> None:
    essentials = _loaded(ESSENTIALS)["Resources"]
    functions = {name.replace("sosw-", "${Prefix}-", 1) for name in Names("sosw").functions}
    queue = essentials["WakeQueue"]["Properties"]["QueueName"]["Fn::Sub"]
    there_are = {"environment": {"${Prefix}"}, "service": {"scavenger"}}
    there_are |= {"FunctionName": functions, "QueueName": {queue}}
    values = {(name, value) for each in named for name, value in each.dimensions.items() if value}
    assert {pair for pair in values if pair[1] not in there_are[pair[0]]} == set()


def test_every_metric_of_the_environment_has_its_place_on_the_dashboard(widgets: list[dict[str, Any]]) -> None:
    shown = {metric.name for widget in widgets for metric in _of_widget(widget)}
    told = {each.name for each in everything() if "service" not in each.dimensions}
    assert told - shown == set()


def test_every_alarm_says_what_silence_means_what_is_wrong_and_whom_it_tells(
    alarms: dict[str, dict[str, Any]],
) -> None:
    topic = {"Fn::If": ["TellsSomebody", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for alarm in alarms.values():
        assert alarm["TreatMissingData"] in {"breaching", "notBreaching", "ignore"}
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (topic, topic)
        assert " - " in alarm["AlarmDescription"]  # what is wrong - what to do
        assert alarm["AlarmName"]["Fn::Sub"].startswith("${Prefix}-")


def test_an_essential_that_says_nothing_raises_an_alarm_and_nothing_else_does(
    alarms: dict[str, dict[str, Any]],
) -> None:
    silent = {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"}
    assert silent == {"OrchestratorSilentAlarm", "ScavengerSilentAlarm"}


def test_what_the_silence_alarms_wait_for_is_said_each_minute_by_default_and_also_when_there_is_nothing_to_do() -> None:
    level = EssentialSettings.from_mapping({}).metrics
    assert level is Level.ENVIRONMENT
    for role, metric in (("orchestrator", "queued"), ("scavenger", "running")):
        assert metric in _said_by(role, level)
        assert _said_by(role, Level.NONE) == set()


def _said_by(role: str, level: Level) -> set[str]:

    world, metrics = World(), Metered()
    world.config["task_config"] = {"labourers": {}}
    if role == "orchestrator":
        world.orchestrator(metrics=metrics)({})
    else:
        world.scavenger(metrics=metrics).sweep()
    return {each.name for each in metrics.published(level)}


def test_every_threshold_that_is_a_matter_of_taste_is_a_parameter_with_a_default(
    template: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    fixed = {name for name, alarm in alarms.items() if not isinstance(alarm["Threshold"], dict)}
    assert fixed == {"OrchestratorSilentAlarm", "ScavengerSilentAlarm", "ArchiveAlarm", "UntoldAlarm"}
    for name, parameter in template["Parameters"].items():
        assert "Default" in parameter, name
        assert parameter["Description"], name


def test_the_dashboard_shows_every_alarm(alarms: dict[str, dict[str, Any]], widgets: list[dict[str, Any]]) -> None:
    (shown,) = (widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm")
    assert sorted(shown) == sorted(f"${{{name}.Arn}}" for name in alarms)


def test_the_dashboard_is_of_one_region_for_an_account_has_each_name_once(template: dict[str, Any]) -> None:
    dashboard = template["Resources"]["Dashboard"]["Properties"]
    assert dashboard["DashboardName"] == {"Fn::Sub": "${Prefix}-${AWS::Region}"}
    assert template["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"].endswith("/${Dashboard}")


def test_no_widget_lies_upon_another(widgets: list[dict[str, Any]]) -> None:
    taken = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
