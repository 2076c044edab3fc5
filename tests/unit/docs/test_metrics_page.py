"""docs/reference/metrics.md lists exactly what the roles publish, and reckons what it costs as AWS does."""

from __future__ import annotations

import re

import pytest

from sosw.domain.backlog import COUNTED
from sosw.domain.metrics import METRICS, TROUBLES, Level
from sosw.domain.settings import EssentialSettings
from tests.metered_world import Emitted, everything
from tests.unit.docs import markdown as md

PAGE = md.page("docs/reference/metrics.md")
(LEVELS,) = md.tables(PAGE, under="Which are published")
(TOLD,) = md.tables(PAGE, under="The metrics")
(TROUBLE,) = md.tables(PAGE, under="What tells of trouble")
(COSTS,) = md.tables(PAGE, under="What they cost")
OF_A_MONTH = 0.30


@pytest.fixture(scope="module")
def emitted() -> set[Emitted]:
    return everything()


def _sets(cell: str) -> set[frozenset[str]]:
    """Of dimensions: that of the environment is part of all."""
    return {frozenset({"environment", owner}) for owner in md.codes(cell)}


def test_the_page_lists_exactly_the_metrics_with_their_units_and_dimensions(emitted: set[Emitted]) -> None:
    said = {
        Emitted(row["metric"].strip("`"), row["unit"], owners) for row in TOLD for owners in _sets(row["dimensions"])
    }
    assert said == {each for each in emitted if "service" not in each.dimensions}
    assert {each.name for each in said} == {metric.name for metric in METRICS}


def test_the_page_lists_exactly_the_counts_that_tell_of_trouble_and_who_counts_them() -> None:
    assert {row["metric"].strip("`") for row in TROUBLE} == set(TROUBLES)
    sources = {
        "orchestrator": ["orchestrator.py"],
        "scavenger": ["scavenger.py", "slot_sweep.py", "archivist.py"],
        "worker-assistant": ["worker_assistant.py", "signal_desk.py"],
    }
    for row in TROUBLE:
        for service in md.codes(row["service"]):
            texts = [(md.ROOT / "sosw" / name).read_text("utf-8") for name in sources[service]]
            assert any(f'"{row["metric"].strip("`")}"' in text for text in texts), row


def test_the_page_lists_exactly_the_levels_and_the_default_of_the_setting() -> None:
    (column,) = (name for name in LEVELS[0] if name.startswith("`metrics`"))
    assert {md.codes(row[column])[0] for row in LEVELS} == {level.value for level in Level}
    (default,) = (md.codes(row[column])[0] for row in LEVELS if "by default" in row[column])
    assert default == EssentialSettings.from_mapping({}).metrics.value


def test_the_costs_are_those_of_as_many_metrics_as_there_are(emitted: set[Emitted]) -> None:
    of = {
        owner: len([each for each in emitted if each.dimensions == {"environment", owner}])
        for owner in ("environment", "labourer", "resource")
    }
    numbers = [sum(map(int, re.findall(r"\d+", row["metrics"]))) for row in COSTS]
    assert numbers == [4, of["environment"], 2, of["labourer"], of["resource"], 0]
    told = [float(row["$ a month, at most"]) for row in COSTS]
    assert told == pytest.approx([number * OF_A_MONTH for number in numbers])


def test_the_page_says_how_many_are_counted() -> None:
    assert f"{COUNTED} are counted" in PAGE.read_text("utf-8")
