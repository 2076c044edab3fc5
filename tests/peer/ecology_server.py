"""sosw 0.7.51's own EcologyManager and Orchestrator, asked for health and limit: JSON lines in, JSON lines out.

Runs in the peer's environment alone (`.sosw/peer`), where `sosw` is that package. Its classes are the real ones; only
the constructors, which would reach for AWS, and CloudWatch itself are put aside.

    {"metrics": {name: {"details": {...}, "feelings": {"4": 10}, "feeling_comparison_operator": "le"}},
     "points": {name: [values]}, "most": 20, "coefficients": {"4": 1}}
    ->  {"status": 3, "limit": 15} or {"error": "..."}
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
from types import SimpleNamespace
from typing import Any

ECOLOGY: Any = importlib.import_module("sosw.managers.ecology")
ORCHESTRATOR: Any = importlib.import_module("sosw.orchestrator")


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """The status of a labourer with these metrics, and how many of its tasks the peer would start if none ran."""
    manager = ecology_manager(asked)
    metrics = {name: numbered(metric) for name, metric in asked["metrics"].items()}
    labourer = Labourer(id="sales", health_metrics=metrics)
    orchestrator = ORCHESTRATOR.Orchestrator.__new__(ORCHESTRATOR.Orchestrator)
    coefficients = {int(status): share for status, share in asked["coefficients"].items()}
    orchestrator.config = {"invocation_number_coefficient": coefficients}
    orchestrator.task_client = SimpleNamespace(ecology_client=manager)
    labourer.get_attr = {"max_simultaneous_invocations": asked["most"]}.get
    limit = orchestrator.get_desired_invocation_number_for_labourer(labourer)
    return {"status": manager.get_labourer_status(labourer), "limit": limit}


class Labourer(SimpleNamespace):
    """What the peer asks of one."""


def numbered(metric: dict[str, Any]) -> dict[str, Any]:
    """With the statuses as numbers, as in a config written in Python."""
    return {**metric, "feelings": {int(status): value for status, value in metric["feelings"].items()}}


def ecology_manager(asked: dict[str, Any]) -> Any:
    """As its constructor would leave it, over a CloudWatch that has these points for each metric's name."""

    def get_metric_statistics(**query: Any) -> dict[str, Any]:
        points = asked["points"][query["MetricName"]]
        return {"Datapoints": [{query["Statistics"][0]: value} for value in points]}

    manager = ECOLOGY.EcologyManager.__new__(ECOLOGY.EcologyManager)
    manager.config = ECOLOGY.EcologyManager.DEFAULT_CONFIG
    manager.cloudwatch_client = SimpleNamespace(get_metric_statistics=get_metric_statistics)
    manager.health_metrics = {}
    manager.count_running_tasks_for_labourer = lambda _labourer: 0
    return manager


def main() -> None:
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:  # noqa: BLE001  (whatever the peer raises is its answer)
            said = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
