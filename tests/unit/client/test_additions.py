"""What is added to the stored settings: nothing is removed, and of several who add at once nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sosw.client import Client, SettingsRefused
from sosw.domain.errors import StaleConfig
from sosw.domain.stored import StoredConfig
from sosw.settings import ESSENTIAL_CONFIG
from sosw.testing import DictConfigSource
from tests.unit.client.conftest import ClientWorld
from tests.unit.client.test_plan import API, SALES, settings, stored


class Overtaken(DictConfigSource):
    """Somebody writes before each of the first writes."""

    def __init__(self, *others: Any) -> None:
        super().__init__()
        self.others = list(others)

    def replace(self, seen: StoredConfig, config: Mapping[str, Any]) -> None:
        if self.others:
            super().replace(self.look(ESSENTIAL_CONFIG), self.others.pop(0))
        super().replace(seen, config)


def test_what_is_added_leaves_all_else_and_is_applied_as_one(world: ClientWorld) -> None:
    world.client.apply({**settings(sales=SALES, other=SALES), "resources": {"api": API}})
    plan = world.client.apply({**settings(sales={**SALES, "draws": ["api"]}, new=SALES)}, adds=True)
    assert [(each.name, each.how.value) for each in plan.changes] == [("new", "added"), ("sales", "changed")]
    assert {each.name for each in plan.unchanged} == {"other", "api"}
    labourers = stored(world)["task_config"]["labourers"]
    assert (sorted(labourers), labourers["sales"]) == (["new", "other", "sales"], {**SALES, "draws": ["api"]})


def test_shards_are_not_lowered_by_an_addition(world: ClientWorld) -> None:
    world.client.apply(settings(sales={**SALES, "shards": 2}))
    with pytest.raises(SettingsRefused, match="must not be lowered"):
        world.client.plan(settings(sales=SALES), adds=True)


def overtaken(world: ClientWorld, *others: Any) -> tuple[Client, Overtaken]:
    config = Overtaken(*({"task_config": {"labourers": each}} for each in others))
    return Client(service=replace(world.service, config=config)), config


def test_two_who_add_at_the_same_time_lose_nothing(world: ClientWorld) -> None:
    client, config = overtaken(world, {"theirs": SALES}, {"theirs": SALES, "more": SALES})
    client.apply(settings(ours=SALES), adds=True)
    assert sorted(config.stored[ESSENTIAL_CONFIG]["task_config"]["labourers"]) == ["more", "ours", "theirs"]


@pytest.mark.parametrize(
    "theirs",
    [
        {"ours": {**SALES, "cooldown": 9}},  # it would be changed, not added
        {"ours": {**SALES, "shards": 3}},  # it would be refused
    ],
)
def test_an_addition_that_would_no_longer_change_what_was_shown_is_refused(world: ClientWorld, theirs: Any) -> None:
    client, config = overtaken(world, theirs)
    with pytest.raises(StaleConfig):
        client.apply(settings(ours=SALES), adds=True)
    assert config.stored[ESSENTIAL_CONFIG] == {"task_config": {"labourers": theirs}}


def test_who_is_overtaken_each_time_gives_up(world: ClientWorld) -> None:
    crowd = [{f"other{number}": SALES} for number in range(99)]
    client, config = overtaken(world, *crowd)
    with pytest.raises(StaleConfig):
        client.apply(settings(ours=SALES), adds=True)
    assert "ours" not in config.stored[ESSENTIAL_CONFIG]["task_config"]["labourers"]
