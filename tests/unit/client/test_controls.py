"""Labourers and resources as the client sees them, why, and orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.aws.call_errors import FunctionFailed
from sosw.client import (
    Client,
    LabourerStatus,
    LogLine,
    Ordered,
    OrderRefused,
    Reason,
    UnknownLabourer,
    UnknownResource,
)
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.facts import COUNTED
from sosw.domain.records import Entry, Record, of_labourer, of_resource
from sosw.domain.settings import EssentialSettings
from sosw.domain.standing import Budget, Health, Standing
from sosw.settings import ESSENTIAL_CONFIG
from sosw.testing import DictConfigSource
from tests.factories import LABOURER, NOW, a_task
from tests.unit.client.conftest import SHOPS, ClientWorld, configured
from tests.unit.domain.why_facts import DATABASE, RESOURCE, settings


def client_of(world: ClientWorld, call: Any) -> Client:
    return Client(service=replace(world.service, call=call))


@pytest.fixture
def world() -> ClientWorld:
    return configured()


@pytest.fixture
def drawn(world: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> ClientWorld:
    """A world whose labourer of 100 draws on a database."""
    found = EssentialSettings(
        labourers={LABOURER: settings(draws={DATABASE: 1.0})}, resources={DATABASE: RESOURCE}
    )  # fmt: skip
    monkeypatch.setattr(EssentialSettings, "from_mapping", lambda _given: found)
    budget = Budget(limit=48, reading=83, read_at=NOW, shares={LABOURER: 1})
    world.records.write(Record(key=of_resource(DATABASE), value=budget.to_json()))
    return world


# --- labourers ---


def test_a_labourer_tells_what_runs_what_is_due_and_why_no_more(world: ClientWorld) -> None:
    world.client.submit("sales", **SHOPS, shops=["a", "b", "c"])
    world.orchestrator()({})
    (status,) = world.client.labourers()

    assert status == world.client.labourer("sales")
    assert (status.labourer, status.running, status.due, status.limit, status.max) == ("sales", 2, 1, 2, 2)
    assert (status.reason, status.why) == (Reason.FULL, "2 of 2 running; limit 2; 1 due")
    assert (status.health, status.is_paused, status.due_is_more) == (None, False, False)


def test_a_long_line_is_not_counted_to_its_end(world: ClientWorld) -> None:
    world.queue(COUNTED + 7)
    status = world.client.labourer("sales")
    assert (status.due, status.due_is_more) == (COUNTED, True)
    assert status.why.startswith("0 of 2 running, more than 1,000 due")


def test_all_labourers_are_told_also_those_with_wrong_settings() -> None:
    world = configured()
    world.config["task_config"]["labourers"] |= {
        "wrong": {"max_simultaneous_invocations": -1}, "a": {"max_simultaneous_invocations": 7},
    }  # fmt: skip
    found = world.client.labourers()

    assert [(each.labourer, each.reason, each.limit) for each in found] == [
        ("a", Reason.IDLE, 7), ("sales", Reason.IDLE, 2), ("wrong", Reason.MISTAKEN, None),
    ]  # fmt: skip
    assert "must be a whole number" in found[2].why
    world.config["task_config"]["labourers"] = {}
    assert world.client.labourers() == []


def test_what_the_orchestrator_is_configured_with_goes_over_what_all_share(world: ClientWorld) -> None:
    assert world.client.labourer("sales").max == 2
    own = {"task_config": {"labourers": {"sales": {"max_simultaneous_invocations": 9}}}}
    world.stored.stored["sosw-orchestrator_config"] = own
    assert world.client.labourer("sales").max == 9


def test_a_configuration_that_cannot_be_read_is_one_sentence(world: ClientWorld) -> None:
    class Broken(DictConfigSource):
        def get(self, name: str) -> dict[str, Any]:
            raise InvalidInput([]) from ValueError(name)

    with pytest.raises(SoswError, match="the stored configuration cannot be read"):
        Client(service=replace(world.service, config=Broken())).labourers()
    del world.stored.stored[ESSENTIAL_CONFIG]
    assert world.client.labourers() == []


def test_what_is_recorded_of_a_labourer_is_told(world: ClientWorld) -> None:
    health = Health(status=2, since=NOW, why="CPU is at 60", problem="Locks is missing: no data")
    world.records.write(Record(key=of_labourer("sales"), value=Standing(health=health).to_json()))
    assert world.client.labourer("sales").health is None, "no metric of it counts any more"

    query = {"Namespace": "AWS/RDS", "MetricName": "CPU", "Period": 60, "Statistics": ["Average"]}
    metric = {"details": query, "feelings": {3: 50, 4: 25}, "feeling_comparison_operator": "<="}
    world.config["task_config"]["labourers"]["sales"]["health_metrics"] = {"CPU": metric}
    status = world.client.labourer("sales")
    assert (status.health, status.limit) == (2, 1)
    assert status.more == (
        "limit 1 of 2 because its health is 2 of 4, moderate: CPU is at 60",
        "health is 2 of 4, moderate: CPU is at 60, since 12:00:00 UTC",
        "Locks is missing: no data",
    )


def test_a_budget_that_binds_is_told(drawn: ClientWorld) -> None:
    drawn.queue(2)
    drawn.orchestrator()({})
    drawn.tasks.create([a_task(7)])
    status = drawn.client.labourer("sales")
    (resource,) = drawn.client.resources()

    assert (status.limit, status.max) == (1, 100)
    assert "limit 1 of 100 because rds:orders CPU is at 83 %, target 70 ± 5" in status.why
    assert (resource.resource, resource.attempts, resource.reading, resource.shares) == (
        DATABASE, 48, 83, {"sales": 1},
    )  # fmt: skip
    assert drawn.client.why("resource/rds:orders").headline == resource.why
    assert resource.to_json()["reason"] == "running"


def test_resources_of_the_settings_are_told_also_wrong_ones(world: ClientWorld) -> None:
    world.config["resources"] = {"rds:orders": {"target": 70, "band": 5, "ceiling": 50}, "rds:x": {"target": "high"}}
    right, wrong = world.client.resources()

    assert (right.resource, right.reason, right.attempts, right.reading) == ("rds:orders", Reason.IDLE, 1, None)
    assert (wrong.resource, wrong.reason) == ("rds:x", Reason.MISTAKEN)
    assert "resources.rds:x.target: 'high' must be" in wrong.why
    assert world.client.why("resource/rds:x").headline == wrong.why


def test_an_unknown_labourer_is_answered_with_a_guess(world: ClientWorld) -> None:
    with pytest.raises(UnknownLabourer, match=r"there is no labourer 'slaes' \(did you mean 'sales'\?\)"):
        world.client.labourer("slaes")
    with pytest.raises(UnknownLabourer, match=r"known: sales"):
        world.client.why("labourer/")
    with pytest.raises(UnknownResource, match=r"there is no resource 'x' \(known: none\)"):
        world.client.why("resource/x")


def test_a_job_is_not_a_labourer_and_the_next_step_is_told(world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="delays")
    with pytest.raises(UnknownLabourer, match=r"it is a job: name one of its tasks, such as delays#0"):
        world.client.why("delays")


def test_a_labourer_that_was_removed_is_told_as_long_as_something_of_it_is_left(world: ClientWorld) -> None:
    world.queue(1)
    world.config["task_config"]["labourers"] = {"sale": {"max_simultaneous_invocations": 1}}
    answer = world.client.why("sales")

    assert answer.headline == "it is not registered (did you mean 'sale'?)"
    assert str(answer) == f"{answer.headline}\n  1 due: they wait, none is lost"


# --- tasks ---


def test_a_pause_is_ordered_shown_and_ended(world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k")
    done = world.client.pause("sales", why="migration", by="ann")
    paused = world.client.labourer("sales")
    again = world.client.pause("labourer/sales", why="also", by="bob")
    waits = world.client.why("k#0").headline
    resumed = world.client.resume("sales", by="ann")

    assert done == Ordered(
        target="labourer/sales",
        changed=True,
        said="labourer sales is paused: nothing of it starts, what runs may end",
        started={},
    )
    assert (paused.is_paused, paused.limit, paused.why) == (True, 0, "paused by ann since 12:00:00 UTC: migration")
    assert (again.changed, waits) == (False, paused.why)
    assert (resumed.said, resumed.started) == ("labourer sales is resumed", {"sales": 1})
    assert sorted(line.said for line in world.client.log("sales")) == ["paused by ann: migration", "resumed by ann"]


def test_a_limit_is_ordered_shown_and_lifted(world: ClientWorld) -> None:
    world.client.limit("everything", 1, why="an incident", by="ann")
    limited = world.client.labourer("sales")
    said = world.client.why("everything")
    world.client.limit("everything", None, why="over", by="ann")

    assert limited.more[0] == ("limit 1 of 2 because everything is limited to 1 by ann since 12:00:00 UTC: an incident")
    assert (said.reason, said.headline) == (
        Reason.LIMITED, "no labourer runs more: limited to 1 by ann since 12:00:00 UTC: an incident",
    )  # fmt: skip
    assert world.client.why("everything").headline == "neither paused nor limited"
    assert sorted(line.said for line in world.client.log("everything")) == [
        "limit 1 → none by ann: over", "limit none → 1 by ann: an incident",
    ]  # fmt: skip


def test_what_is_ordered_of_a_resource_is_shown(drawn: ClientWorld) -> None:
    drawn.client.pause("resource/rds:orders", why="vacuum", by="ann")
    (resource,) = drawn.client.resources()

    assert (resource.is_paused, resource.why) == (True, "paused by ann since 12:00:00 UTC: vacuum")
    assert drawn.client.why("sales").headline == "rds:orders is paused by ann since 12:00:00 UTC: vacuum"
    assert drawn.client.labourer("sales").is_paused


def test_who_orders_is_the_user_of_this_process_where_nobody_is_named(
    world: ClientWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, by in (("ada", "ada"), ("", "unknown")):
        monkeypatch.setattr("sosw.client.orchestrator.user", lambda name=name: name)
        world.client.pause("sales", why="x")
        assert world.calls[-1] == ("sosw-orchestrator", {"sosw": {"pause": "labourer/sales", "by": by, "why": "x"}})


def test_a_refusal_is_the_orchestrators_sentence(world: ClientWorld) -> None:
    said = "sosw.pause: 'sale' is not a registered labourer (did you mean 'sales'?); sosw.why: 'sosw.x' must tell"
    sentence = "pause: 'sale' is not a registered labourer (did you mean 'sales'?)"
    failed = FunctionFailed("sosw-orchestrator", "InvalidInput", said)

    def fail(_function: str, _event: Any) -> Any:
        raise failed

    with pytest.raises(OrderRefused) as refused:
        world.client.pause("sale", why="x")
    with pytest.raises(OrderRefused) as told:
        client_of(world, fail).pause("sale", why="x")
    assert (str(refused.value), str(told.value)) == (sentence, f"{sentence}; why: 'sosw.x' must tell")
    failed.error = "KeyError"
    with pytest.raises(FunctionFailed):
        client_of(world, fail).pause("sale", why="x")


def test_an_orchestrator_of_before_takes_no_orders_and_says_so(world: ClientWorld) -> None:
    older = client_of(world, lambda _function, _event: {"started": {}})
    with pytest.raises(SoswError, match="function sosw-orchestrator takes no orders: deploy this version of sosw"):
        older.pause("sales", why="x")


def test_the_log_tells_what_the_regulation_did_too(world: ClientWorld) -> None:
    what = {"why": "rds:orders CPU 83 % > 75 %: sales 40 → 24"}
    world.records.note(Entry(owner="labourer/sales", at=NOW, what=what))
    (line,) = world.client.log("sales")
    assert line == LogLine(at=NOW, said=what["why"], what=what)
    world.records.note(Entry(owner="labourer/sales", at=NOW, what={**what, "by": "ann"}))
    assert f"{what['why']} (ann)" in [line.said for line in world.client.log("sales")]


def test_statuses_are_plain_in_json(world: ClientWorld) -> None:
    plain = world.client.labourer("sales").to_json()
    assert plain.keys() == set(LabourerStatus.__dataclass_fields__)
    assert (plain["reason"], plain["more"]) == ("idle", ["limit 2"])
