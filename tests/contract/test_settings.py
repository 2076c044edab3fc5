"""Settings are planned from what is stored, and applied to it, over every store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.client import Client, Service
from sosw.domain.errors import StaleConfig
from sosw.domain.lifecycle import claim
from sosw.domain.slots import Name, SlotRow
from sosw.settings import ESSENTIAL_CONFIG, Names
from sosw.testing import FakeClock
from tests.contract.backends import World
from tests.contract.moves import NOW


def client(world: World) -> Client:
    def call(_function: str, _event: Any) -> Any:
        pytest.fail("no function is called")

    stores: dict[str, Any] = {"jobs": world.jobs, "tasks": world.tasks, "slots": world.slots, "records": world.records}
    return Client(service=Service(names=Names(), call=call, config=world.config, clock=FakeClock(), **stores))


def test_settings_are_planned_and_applied_by_one_and_logged(world: World) -> None:
    sosw, name = client(world), world.labourer
    old = sosw.plan({"labourers": {name: {"max_simultaneous_invocations": 1}}, "resources": {}})
    sosw.apply({"labourers": {name: {"max_simultaneous_invocations": 2}}}, by="ann")
    with pytest.raises(StaleConfig):
        old.apply()
    assert world.config.get(ESSENTIAL_CONFIG) == {
        "task_config": {"labourers": {name: {"max_simultaneous_invocations": 2}}}
    }
    assert [entry.what for entry in world.records.log(f"labourer/{name}", 9)] == [
        {"why": f"labourer {name} added: max_simultaneous_invocations 2", "by": "ann"}
    ]

    waiting, later, running = world.created(3)
    world.tasks.apply(claim(running, row=0, now=NOW, lease=timedelta(seconds=60)))
    world.slots.write(SlotRow(labourer=name, number=0, capacity=1, names={running.id: Name(running.version, NOW)}))
    (said,) = sosw.plan({"labourers": {}}).at_work
    assert said == f"labourer {name} has 1 running and 2 waiting tasks, such as {running.id}"
    assert {waiting.labourer, later.labourer} == {name}
