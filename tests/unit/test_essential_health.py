"""What the Orchestrator's Lambda measures with."""

from __future__ import annotations

import pytest

from sosw.domain.health import Query
from sosw.domain.settings import EssentialSettings
from sosw.essential.orchestrator import OrchestratorWorld as World
from sosw.settings import Names
from tests.factories import NOW


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return World(Names("test"))


def test_every_source_that_is_built_in_is_there(world: World) -> None:
    queries = [Query(source=source, details="[]") for source in ("cloudwatch", "alarm", "signals", "none")]
    problems = [world.health.read(queries, NOW)[query].problem for query in queries]
    assert ["must be a JSON object" in problem for problem in problems] == [True, True, True, False]
    assert problems[3].startswith("there is no source none")


def test_what_a_container_knows_outlives_its_roles(world: World) -> None:
    first, second = world.regulator(EssentialSettings()), world.regulator(EssentialSettings())
    assert first is not second
    assert first._known is second._known
    assert first._sources is second._sources
    first.tick()
    assert first.limits([]) == {}
