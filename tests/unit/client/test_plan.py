"""Plans: what settings would change, and that they are stored as one or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sosw.client import Client, LabourersAtWork, Plan, SettingsRefused
from sosw.domain.errors import InvalidInput, SoswError, StaleConfig
from sosw.domain.lifecycle import queued
from sosw.domain.records import Entry, Record, of_labourer
from sosw.domain.standing import Standing
from sosw.domain.stored import StoredConfig
from sosw.settings import ESSENTIAL_CONFIG
from sosw.testing import DictConfigSource, InMemoryRecordStore
from tests.factories import NOW, a_task
from tests.unit.client.conftest import ClientWorld

SALES = {"max_simultaneous_invocations": 2}
API = {"target": 70, "band": 5, "ceiling": 100}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:sales"


def settings(**labourers: Any) -> dict[str, Any]:
    return {"labourers": labourers}


def stored(world: ClientWorld) -> Any:
    return world.stored.get(ESSENTIAL_CONFIG)


class Broken(SoswError):
    """What a table says when it does not answer."""


class Lossy(DictConfigSource):
    """Writes, or not, and never says so."""

    def __init__(self, *, does_write: bool) -> None:
        super().__init__()
        self._does_write = does_write

    def replace(self, seen: StoredConfig, config: Mapping[str, Any]) -> None:
        if self._does_write:
            super().replace(seen, config)
        raise Broken("no answer")


class NoLog(InMemoryRecordStore):
    """Its log cannot be written to."""

    def note(self, entry: Entry) -> None:
        raise Broken(f"no answer for {entry.owner}")


def test_a_plan_writes_nothing_and_applying_it_stores_it_whole(world: ClientWorld) -> None:
    plan = world.client.plan({"labourers": {"sales": {**SALES, "draws": ["api"]}}, "resources": {"api": API}})
    assert stored(world) is None
    assert str(plan) == (
        'labourer sales added: max_simultaneous_invocations 2, draws ["api"]\n'
        "resource api added: target 70, band 5, ceiling 100"
    )
    assert plan.apply() == ()
    assert stored(world) == {
        "task_config": {"labourers": {"sales": {**SALES, "draws": ["api"]}}},
        "resources": {"api": API},
    }


def test_every_owner_is_told_in_its_log_who_changed_what(world: ClientWorld) -> None:
    world.client.apply({**settings(sales=SALES, other=SALES), "resources": {"api": API}}, by="ann")
    world.clock.advance(seconds=60)
    world.client.apply(
        {**settings(sales={"max_simultaneous_invocations": 9}, other=SALES), "job_schema_variants": {"s": {}}}, by="bob"
    )
    (changed, added), (other,) = world.records.log("labourer/sales", 9), world.records.log("labourer/other", 9)
    assert changed.at == NOW + timedelta(seconds=60)
    assert changed.what == {"why": "labourer sales changed: max_simultaneous_invocations 2 → 9", "by": "bob"}
    assert added.what["by"] == other.what["by"] == "ann"
    assert [entry.what["why"] for entry in world.records.log("resource/api", 9)] == [
        "resource api added: target 70, band 5, ceiling 100"
    ]
    assert [entry.what["why"] for entry in world.records.log("everything", 9)] == ["job schema s added"]


def test_applying_the_same_again_changes_nothing(world: ClientWorld) -> None:
    world.client.apply(settings(sales=SALES))
    plan = world.client.apply(settings(sales=SALES))
    assert (str(plan), plan.changes, [each.name for each in plan.unchanged]) == ("nothing changes", (), ["sales"])
    assert len(world.records.entries) == 1


def test_all_that_is_wrong_is_refused_together_and_nothing_is_stored(world: ClientWorld) -> None:
    world.client.apply(settings(sales=SALES))
    wrong = {"labourers": {"sales": SALES, "bad": {}}, "resources": {"api": {**API, "floor": 101}}}
    with pytest.raises(SettingsRefused) as refused:
        world.client.apply(wrong)
    assert str(refused.value) == (
        "2 mistakes in the settings, nothing was applied:\n"
        "  resources.api.floor: 101 is above the ceiling, 100\n"
        "  labourers.bad.max_simultaneous_invocations: None must be a whole number from 0 to 10,000, and has no default"
    )
    assert stored(world) == {"task_config": {"labourers": {"sales": SALES}}}
    with pytest.raises(SettingsRefused, match="1 mistake in the settings"):
        world.client.plan(settings(bad={}))


def test_a_file_is_taken_by_its_path_and_told_by_its_lines(world: ClientWorld, tmp_path: Path) -> None:
    file = tmp_path / "labourers.yaml"
    file.write_text("labourers:\n  sales:\n    max_simultaneous_invocations: 2\n")
    world.client.apply(str(file))
    assert stored(world) == {"task_config": {"labourers": {"sales": SALES}}}
    file.write_text("labourers:\n  sales:\n    max_simultaneous_invocations: 2\n    cooldwon: 3\n")
    with pytest.raises(SettingsRefused, match=r"labourers\.yaml:4: labourers\.sales\.cooldwon: 3 is not a setting"):
        world.client.plan(file)


def test_what_changed_since_the_plan_was_made_is_not_written_over(world: ClientWorld) -> None:
    world.client.apply(settings(sales=SALES))
    plan = world.client.plan(settings(sales={"max_simultaneous_invocations": 3}))
    world.client.apply(settings(sales={"max_simultaneous_invocations": 4}))
    with pytest.raises(StaleConfig, match="was changed by somebody else meanwhile: nothing was written, begin anew"):
        plan.apply()
    assert stored(world)["task_config"]["labourers"]["sales"] == {"max_simultaneous_invocations": 4}
    assert len(world.records.entries) == 2


def test_a_write_whose_answer_was_lost_is_looked_behind(world: ClientWorld) -> None:
    for does_write in (True, False):
        config = Lossy(does_write=does_write)
        plan = Client(service=replace(world.service, config=config)).plan(settings(sales=SALES))
        if does_write:
            assert plan.apply() == ()
            assert [entry.owner for entry in world.records.entries] == ["labourer/sales"]
        else:
            with pytest.raises(Broken):
                plan.apply()
            assert len(world.records.entries) == 1


def test_a_log_that_cannot_be_written_to_is_told_and_the_settings_hold(world: ClientWorld) -> None:
    plan = Client(service=replace(world.service, records=NoLog())).plan(settings(sales=SALES))
    assert plan.apply() == ("the log of labourer/sales misses a line: no answer for labourer/sales",)
    assert stored(world) == {"task_config": {"labourers": {"sales": SALES}}}


def removal(world: ClientWorld) -> Plan:
    world.client.apply(settings(sales=SALES, other=SALES))
    return world.client.plan(settings(other=SALES))


def test_a_labourer_without_tasks_may_be_removed(world: ClientWorld) -> None:
    plan = removal(world)
    assert plan.at_work == ()
    plan.apply()
    assert list(stored(world)["task_config"]["labourers"]) == ["other"]


def test_a_labourer_with_tasks_is_removed_by_force_alone(world: ClientWorld) -> None:
    world.queue(3, greenfield=NOW + timedelta(days=400))
    plan = removal(world)
    assert plan.at_work == ("labourer sales has 0 running and 3 waiting tasks, such as job#0",)
    with pytest.raises(LabourersAtWork, match="3 waiting tasks, such as job#0: nothing was applied"):
        plan.apply()
    assert list(stored(world)["task_config"]["labourers"]) == ["sales", "other"]
    plan.apply(force=True)
    assert list(stored(world)["task_config"]["labourers"]) == ["other"]


def test_what_waits_in_shards_that_the_settings_no_longer_name_is_counted(world: ClientWorld) -> None:
    world.tasks.create([queued(a_task(n), tag=n, shards=8) for n in range(40)])
    world.records.write(Record(key=of_labourer("sales"), value=Standing(shards=8).to_json()))
    assert removal(world).at_work == ("labourer sales has 0 running and 40 waiting tasks, such as job#5",)


def test_what_runs_is_counted_by_the_slots_and_what_they_hold_beside_is_not(world: ClientWorld) -> None:
    first, second = world.queue(2)
    world.orchestrator()({}, remaining=lambda: timedelta(seconds=60))
    assert world.names() == {0: [first, second]}
    assert removal(world).at_work == ("labourer sales has 2 running and 0 waiting tasks, such as job#0",)
    world.report("complete", 0)
    assert world.names() == {0: [first, second]}
    assert removal(world).at_work == ("labourer sales has 1 running and 0 waiting tasks, such as job#1",)


def test_a_crowd_is_not_counted_to_its_end(world: ClientWorld) -> None:
    world.queue(1001)
    assert removal(world).at_work == ("labourer sales has 0 running and 1,000 or more waiting tasks, such as job#0",)


def test_a_function_of_another_region_is_refused_when_the_region_is_known(world: ClientWorld) -> None:
    given = settings(sales={**SALES, "arn": ARN})
    abroad = Client(service=replace(world.service, region=lambda: "us-east-1"))
    with pytest.raises(
        SettingsRefused, match="is a function of eu-west-1, and this environment of sosw is in us-east-1"
    ):
        abroad.plan(given)
    assert len(world.client.plan(given).changes) == 1


def test_shards_are_raised_and_never_lowered(world: ClientWorld) -> None:
    world.client.apply(settings(sales={**SALES, "shards": 4}))
    with pytest.raises(SettingsRefused, match=r"sales\.shards: 2 must not be lowered: it is 4, and tasks may wait in"):
        world.client.plan(settings(sales={**SALES, "shards": 2}))
    with pytest.raises(SettingsRefused, match=r"sales\.shards: 1 must not be lowered"):
        world.client.plan(settings(sales=SALES))
    assert world.client.apply(settings(sales={**SALES, "shards": 5})).changes


def test_what_was_wrong_before_is_a_warning(world: ClientWorld) -> None:
    world.stored.stored[ESSENTIAL_CONFIG] = {"theirs": 1}
    plan = world.client.apply(settings(sales=SALES))
    assert [each.split(" (")[0] for each in plan.warnings] == ["theirs: 1 is not a setting"]
    assert stored(world)["theirs"] == 1


def test_more_than_a_row_can_hold_is_refused_before_it_is_written(world: ClientWorld) -> None:
    world.stored.stored[ESSENTIAL_CONFIG] = {
        "job_schema_variants": {f"s{n}": {"chunkable_attrs": []} for n in range(6000)}
    }
    many = settings(**{f"worker-{n}": SALES for n in range(2500)})
    with pytest.raises(InvalidInput, match=r"sosw_essential_config: .* over the limit of 262,144"):
        world.client.plan(many)


def test_a_plan_in_json_has_keys_that_stay(world: ClientWorld) -> None:
    world.client.apply(settings(sales=SALES, other=SALES))
    assert world.client.plan(settings(sales={"max_simultaneous_invocations": 3}, other=SALES)).to_json() == {
        "changes": [
            {
                "kind": "labourer",
                "name": "sales",
                "how": "changed",
                "fields": [{"field": "max_simultaneous_invocations", "old": 2, "new": 3}],
            }
        ],
        "unchanged": [{"kind": "labourer", "name": "other"}],
        "warnings": [],
        "at_work": [],
    }
