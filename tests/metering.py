"""What is published, read as CloudWatch reads it: from the lines of the log that are in the embedded metric format."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import Any, NamedTuple

from sosw.domain.metrics import Level
from sosw.log import EmfMetrics


class Published(NamedTuple):
    """The values of one metric in one line."""

    name: str
    unit: str
    dimensions: dict[str, str]
    values: list[float]


def published(log: str) -> list[Published]:
    """Of all such lines of the log, in their order."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"_aws"')]
    return [found for line in lines for found in _of(line)]


def _of(line: dict[str, Any]) -> list[Published]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "sosw"
    (names,) = directive["Dimensions"]
    dimensions = {name: line[name] for name in names}
    return [Published(each["Name"], each["Unit"], dimensions, line[each["Name"]]) for each in directive["Metrics"]]


class Metered(EmfMetrics):
    """Metrics of the environment `test`, which print what they publish as in Lambda."""

    def __init__(self) -> None:
        super().__init__("test")

    def published(self, level: Level = Level.ALL, service: str = "service", **counts: float) -> list[Published]:
        """Since the last time."""
        with redirect_stdout(io.StringIO()) as out:
            self.publish(level, counts, service)
        return published(out.getvalue())

    def told(self, level: Level = Level.ALL) -> dict[tuple[str, str], list[float]]:
        """The values by whose they are (`test` for the environment's) and the metric's name."""
        found = self.published(level)
        assert all(each.dimensions["environment"] == "test" for each in found)
        return {(list(each.dimensions.values())[-1], each.name): each.values for each in found}
