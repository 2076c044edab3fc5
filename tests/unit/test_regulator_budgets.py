"""Budgets: steered every minute, shared out among those who draw on them, never given out twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain.records import Record, of_labourer, of_resource
from tests.regulation import ORDERS, Plant, a_labourer, a_resource

KEY = of_resource(ORDERS)


def a_plant(*names: str, limit: int = 100, **resource: Any) -> Plant:
    labourers = [a_labourer(name, limit, draws={ORDERS: 1}) for name in names or ("sync", "stats")]
    return Plant(*labourers, resources=[a_resource(**resource)])


def test_a_budget_is_shared_out_before_anybody_asks() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    assert plant.shares() == {"sync": 20, "stats": 20}


def test_who_wants_more_gets_what_the_others_leave() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.queue("sync", 100)
    plant.clock.advance(seconds=2)
    assert plant.limits("sync")["sync"] > 30
    assert sum(plant.shares().values()) <= 40


def test_shares_are_not_made_anew_more_often_than_every_two_seconds() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.queue("sync", 100)
    plant.clock.advance(seconds=1)
    assert plant.limits("sync") == {"sync": 20}


def test_who_has_enough_changes_nothing() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.queue("sync", 5)
    plant.clock.advance(seconds=9)
    writes = plant.records.calls.count("write")
    assert plant.limits("sync") == {"sync": 20}
    assert plant.records.calls.count("write") == writes + 1  # its first decision, and no budget


def test_who_asks_in_vain_does_not_ask_again_at_once() -> None:
    plant = a_plant()
    for name in ("sync", "stats"):
        plant.queue(name, 100)
        plant.run(name, 16)
    plant.tick(rds_orders=70)
    plant.limits()
    plant.clock.advance(seconds=2)
    plant.limits()
    calls = plant.slots.calls
    plant.clock.advance(seconds=1)
    plant.limits()
    assert plant.slots.calls == calls


def test_a_labourer_without_a_share_gets_one_when_it_first_asks() -> None:
    plant = a_plant("sync")
    plant.tick(rds_orders=70)
    newcomer = a_labourer("new", draws={ORDERS: 1})
    plant.labourers[newcomer.name] = newcomer
    plant.queue("new", 5)
    assert plant.limits("new")["new"] >= 5
    assert sum(plant.shares().values()) <= 40


def test_a_rising_share_waits_for_what_still_runs() -> None:
    plant = a_plant()
    plant.run("sync", 36)
    plant.queue("stats", 100)
    plant.queue("sync", 100)
    plant.tick(rds_orders=70)
    plant.clock.advance(seconds=2)
    limits = plant.limits()
    assert limits["sync"] == 20
    assert limits["stats"] <= 4
    plant.run("sync", 20)
    plant.clock.advance(seconds=2)
    assert plant.limits() == {"sync": 20, "stats": 20}


def test_a_load_over_target_lowers_the_budget_and_says_so() -> None:
    plant = a_plant("orders-sync")
    plant.run("orders-sync", 40)
    plant.tick(rds_orders=70)
    plant.limits()
    plant.tick(rds_orders=83)
    lower = int(plant.budget().limit or 0)
    assert lower < 40
    assert plant.sentences(KEY)[-2:] == [
        f"rds:orders CPU 83 % > 75 %: 40 → {lower}",
        f"rds:orders CPU 83 % > 75 %: orders-sync 40 → {lower}",
    ]
    assert plant.limits() == {"orders-sync": lower}
    assert plant.sentences(of_labourer("orders-sync"))[-1] == f"limit 40 → {lower} of 100: rds:orders CPU 83 % > 75 %"


def test_a_missing_load_holds_the_budget_and_its_reason_is_kept() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.tick()
    assert (plant.budget().problem, plant.limits()) == ("no data", {"sync": 20, "stats": 20})
    plant.tick(rds_orders=70)
    assert plant.budget().problem == ""


def test_what_nobody_draws_on_is_not_written() -> None:
    plant = Plant(a_labourer(draws={ORDERS: 1}), resources=[a_resource(), a_resource("rds:idle")])
    plant.tick(rds_orders=70, rds_idle=70)
    assert of_resource("rds:idle") not in plant.records.records
    assert len(plant.readings.asked[0]) == 1


def test_a_resource_that_nothing_measures_is_shared_out_all_the_same() -> None:
    plant = a_plant(query=None)
    plant.tick()
    assert plant.shares() == {"sync": 20, "stats": 20}
    assert plant.readings.asked == [[]]


def test_one_resources_trouble_does_not_stop_another() -> None:
    plant = Plant(
        a_labourer("a", draws={ORDERS: 1}),
        a_labourer("b", draws={a_resource("rds:b").name: 1}),
        resources=[a_resource(), a_resource("rds:b")],
    )
    plant.slots.broken = {"a"}
    plant.tick(rds_orders=70, rds_b=70)
    assert plant.shares("rds:b") == {"b": 40}
    assert plant.limits() == {"a": 0, "b": 40}


def test_an_operators_limit_of_a_resource_holds_with_the_next_wave() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.limits()
    plant.order(KEY, limit=10, limit_by="ann", limit_why="a migration", limit_at=plant.clock.now())
    assert plant.limits() == {"sync": 5, "stats": 5}
    assert plant.limit().why == "ann has limited rds:orders to 10: a migration"


def test_an_operators_limit_holds_although_the_rows_cannot_be_read() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.limits()
    plant.order(KEY, limit=10, limit_by="ann", limit_why="a migration", limit_at=plant.clock.now())
    plant.slots.broken = {"sync", "stats"}
    assert plant.limits() == {"sync": 5, "stats": 5}


def test_a_paused_resource_gives_nothing_and_comes_back_when_it_is_resumed() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.pause(KEY)
    assert plant.limits() == {"sync": 0, "stats": 0}
    plant.tick(rds_orders=10)
    assert plant.limit().why == "rds:orders is paused by ann: a deploy"
    plant.resume(KEY)
    plant.queue("sync", 50)
    plant.queue("stats", 50)
    plant.clock.advance(seconds=2)
    assert plant.limits() == {"sync": 20, "stats": 20}


def test_a_lower_ceiling_in_the_settings_holds_with_the_next_wave() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    lower = a_resource(ceiling=8, start=8)
    settings = replace(plant.settings, resources={lower.name: lower})
    limits = plant.another(settings=settings).limits(list(plant.labourers.values()))
    assert sum(limit.value for limit in limits.values()) == 8


def test_a_labourer_that_its_own_limits_stop_leaves_its_share_to_others() -> None:
    plant = a_plant()
    plant.pause(of_labourer("sync"))
    plant.queue("sync", 100)
    plant.queue("stats", 100)
    plant.tick(rds_orders=70)
    plant.clock.advance(seconds=2)
    assert plant.limits()["stats"] >= 36


def test_a_labourer_whose_record_is_no_record_leaves_its_share_to_others() -> None:
    plant = a_plant()
    plant.records.write(Record(key=of_labourer("sync"), value={"health": [1], "decision": "?"}))
    plant.queue("stats", 100)
    plant.tick(rds_orders=70)
    plant.clock.advance(seconds=2)
    limits = plant.limits()
    assert limits["sync"] == 0
    assert limits["stats"] >= 36


def test_two_ticks_at_once_change_a_budget_once() -> None:
    plant = a_plant("sync")
    plant.run("sync", 40)
    plant.tick(rds_orders=70)
    plant.records.rival = lambda: plant.another().tick()
    plant.tick(rds_orders=83)
    assert len([line for line in plant.sentences(KEY) if " → " in line and "sync" not in line]) == 1


def test_a_budget_that_others_always_write_is_left_as_it_is() -> None:
    plant = a_plant()
    plant.tick(rds_orders=70)
    plant.records.always_stale = True
    plant.tick(rds_orders=99)
    plant.records.always_stale = False
    assert plant.budget().reading == 70


def test_an_idle_labourer_that_draws_costs_one_call_a_minute() -> None:
    plant = a_plant("sync")
    plant.tick(rds_orders=70)
    plant.tick(rds_orders=70)
    assert (plant.slots.calls, plant.tasks.calls) == (2, 0)


def test_a_labourer_of_two_resources_is_looked_at_once() -> None:
    both = {ORDERS: 1.0, a_resource("rds:b").name: 1.0}
    plant = Plant(a_labourer(draws=both), resources=[a_resource(), a_resource("rds:b", ceiling=10, start=10)])
    plant.run("sync", 5)
    plant.queue("sync", 50)
    plant.tick(rds_orders=70, rds_b=70)
    assert (plant.slots.calls, plant.tasks.calls) == (1, 2)  # its line by two queries: there is more than was asked for
    assert plant.limit().value == 10


@pytest.mark.parametrize("count", [1, 3])
def test_a_weight_decides_who_gets_more(count: int) -> None:
    labourers = [a_labourer("light", draws={ORDERS: 1}), a_labourer("heavy", draws={ORDERS: count})]
    plant = Plant(*labourers, resources=[a_resource()])
    for name in ("light", "heavy"):
        plant.queue(name, 100)
    plant.tick(rds_orders=70)
    plant.clock.advance(seconds=2)
    limits = plant.limits()
    assert limits["heavy"] == count * limits["light"]
