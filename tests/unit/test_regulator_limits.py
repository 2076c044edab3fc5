"""Limits: one read before each wave, one version for one limit, and always a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sosw.domain.records import Record, of_everything, of_labourer, of_resource
from sosw.ports import Limit
from tests.regulation import ORDERS, Plant, a_labourer, a_metric, a_resource

SYNC = of_labourer("sync")


def test_without_anything_that_lowers_it_a_limit_is_that_of_the_settings() -> None:
    plant = Plant(a_labourer(limit=7))
    assert plant.limit() == Limit(7, 1)
    assert plant.limit() == Limit(7, 1)
    assert plant.records.calls == ["read", "write", "read"]
    assert plant.sentences(SYNC) == []


def test_limits_of_many_labourers_take_one_read() -> None:
    labourers = [a_labourer(f"l-{n}", draws={ORDERS: 1}) for n in range(5)]
    plant = Plant(*labourers, resources=[a_resource()])
    plant.tick(rds_orders=70)
    plant.limits()
    plant.records.calls.clear()
    plant.limits()
    assert plant.records.calls == ["read"]


def test_of_nobody_there_are_no_limits() -> None:
    plant = Plant(a_labourer())
    assert plant.regulator.limits([]) == {}
    assert plant.records.calls == []


@pytest.mark.parametrize("key", [of_everything(), SYNC])
def test_what_operators_pause_gets_nothing_until_it_is_resumed(key: object) -> None:
    plant = Plant(a_labourer())
    plant.limit()
    plant.pause(key)  # type: ignore[arg-type]
    assert plant.limit().value == 0
    assert "is paused by ann: a deploy" in plant.limit().why
    plant.resume(key)  # type: ignore[arg-type]
    assert plant.limit().value == 100
    first, second = plant.sentences(SYNC)
    assert first.startswith("limit 100 → 0 of 100: ")
    assert second == "limit 0 → 100 of 100"


def test_every_limit_has_a_version_of_its_own_that_rises() -> None:
    plant = Plant(a_labourer(health_metrics=(a_metric(),)))
    seen = []
    for cpu in (10, 60, 60, 91, 10):
        plant.tick(cpu=cpu)
        seen.append(plant.limit())
    assert [limit.value for limit in seen] == [100, 50, 50, 0, 100]
    assert [limit.version for limit in seen] == [2, 4, 4, 6, 8]


def test_the_settings_limit_may_change() -> None:
    plant = Plant(a_labourer(limit=5))
    plant.limit()
    plant.labourers.update({name: a_labourer(limit=9) for name in plant.labourers})
    assert plant.limit() == Limit(9, 2)
    assert plant.sentences(SYNC) == ["limit 5 → 9 of 9"]


def test_a_reason_that_changes_alone_is_written_and_not_noted() -> None:
    plant = Plant(a_labourer(health_metrics=(a_metric("cpu"), a_metric("memory"))))
    plant.tick(cpu=60, memory=10)
    plant.limit()
    before = plant.sentences(SYNC)
    plant.tick(cpu=10, memory=70)
    assert (plant.limit().value, plant.limit().why) == (50, "memory is at 70: moderate")
    assert plant.standing().decision.why == "memory is at 70: moderate"  # type: ignore[union-attr]
    assert plant.sentences(SYNC) == before


def test_two_regulators_that_decide_at_once_agree_on_limit_and_version() -> None:
    plant = Plant(a_labourer(health_metrics=(a_metric(),)))
    plant.tick(cpu=60)
    other = plant.another(known={})
    labourer = next(iter(plant.labourers.values()))
    seen: list[Limit] = []
    plant.records.rival = lambda: seen.extend(other.limits([labourer]).values())
    assert [plant.limit()] == seen == [Limit(50, 2, "cpu is at 60: moderate")]
    assert len(plant.sentences(SYNC)) == 2


def test_a_pause_that_comes_between_reading_and_writing_holds() -> None:
    plant = Plant(a_labourer())
    plant.records.rival = lambda: plant.pause(SYNC)
    assert plant.limit().value == 0


def test_while_the_records_cannot_be_read_the_last_known_limit_holds() -> None:
    plant = Plant(a_labourer(health_metrics=(a_metric(),)))
    plant.tick(cpu=60)
    known = plant.limit()
    plant.records.broken = {"read"}
    again = plant.another().limits(list(plant.labourers.values()))
    assert again == {"sync": replace(known, is_read=False)}


def test_without_a_known_limit_only_a_labourer_that_nothing_regulates_gets_its_own() -> None:
    plant = Plant(
        a_labourer("plain"),
        a_labourer("metric", health_metrics=(a_metric(),)),
        a_labourer("draw", draws={ORDERS: 1}),
        resources=[a_resource()],
    )
    plant.records.broken = {"read"}
    assert plant.limits() == {"plain": 100, "metric": 0, "draw": 0}
    assert "cannot be read" in plant.limit("draw").why


def test_a_limit_that_cannot_be_written_is_never_told_above_what_is_written() -> None:
    plant = Plant(a_labourer(health_metrics=(a_metric(),)))
    plant.records.broken = {"write"}
    assert plant.limit() == Limit(100, 0)
    plant.records.broken = set()
    plant.tick(cpu=60)
    low = plant.limit()
    plant.tick(cpu=10)
    plant.records.broken = {"write"}
    assert plant.limit() == Limit(50, low.version + 1, "cpu is at 60: moderate")
    plant.records.broken = set()
    assert plant.limit().value == 100
    plant.tick(cpu=91)
    plant.records.broken = {"write"}
    assert plant.limit().value == 0


def test_a_record_that_is_always_written_by_others_gives_the_lower_limit() -> None:
    plant = Plant(a_labourer())
    plant.limit()
    plant.pause()
    plant.records.always_stale = True
    assert plant.limit().value == 0


def test_a_labourer_that_draws_on_an_unknown_resource_gets_nothing_and_is_told_why() -> None:
    plant = Plant(a_labourer(draws={ORDERS: 1}), a_labourer("plain"))
    assert plant.limits() == {"sync": 0, "plain": 100}
    assert plant.limit().why == "rds:orders is no resource, or its settings are mistaken"


def test_while_a_resources_settings_are_mistaken_its_last_shares_hold() -> None:
    plant = Plant(a_labourer(draws={ORDERS: 1}), resources=[a_resource()])
    plant.tick(rds_orders=70)
    assert plant.limit().value == 40
    mistaken = Plant(*plant.labourers.values())
    mistaken.records = plant.records
    mistaken.regulator = mistaken.another()
    assert mistaken.limit().value == 40


def test_a_budget_that_is_no_budget_stops_those_who_draw_on_it_alone() -> None:
    plant = Plant(a_labourer(draws={ORDERS: 1}), a_labourer("plain"), resources=[a_resource()])
    plant.records.write(Record(key=of_resource(ORDERS), value={"control": "?"}))
    assert plant.limits() == {"sync": 0, "plain": 100}
