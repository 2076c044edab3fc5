"""The health of labourers: measured every minute, written when it changed, and never the end of a tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from sosw.domain.health import OnMissing, Query, Reading
from sosw.domain.records import of_labourer
from tests.regulation import Plant, a_labourer, a_metric, a_resource

SYNC = of_labourer("sync")


def a_plant(**metric: Any) -> Plant:
    return Plant(a_labourer(health_metrics=(a_metric(**metric),)))


def test_the_health_scales_the_limit_and_says_which_metric_decided() -> None:
    plant = a_plant()
    plant.tick(cpu=60)
    limit = plant.limit()
    assert (limit.value, limit.why) == (50, "cpu is at 60: moderate")
    plant.tick(cpu=20)
    assert (plant.limit().value, plant.limit().why) == (100, "")


def test_a_health_is_written_when_its_status_changes_and_not_with_every_number() -> None:
    plant = a_plant()
    for cpu in (60, 61, 62):
        plant.tick(cpu=cpu)
    assert plant.records.calls.count("write") == 1
    plant.tick(cpu=91)
    plant.tick(cpu=20)
    assert plant.sentences(SYNC) == [
        "health 2 (moderate): cpu is at 60: moderate",
        "health 2 → 0 (bad): cpu is at 91: bad",
        "health 0 → 4 (high): cpu is at 20: high",
    ]
    assert plant.standing().health.since == plant.clock.now()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("policy", "limit", "why"),
    [
        (OnMissing.HOLD, 50, "cpu is missing: no data; it counts as before, moderate"),
        (OnMissing.FLOOR, 0, "cpu is missing: no data; it counts as bad"),
        (OnMissing.IGNORE, 100, ""),
    ],
)
def test_a_missing_metric_counts_by_its_policy(policy: OnMissing, limit: int, why: str) -> None:
    plant = a_plant(on_missing=policy)
    plant.tick(cpu=60)
    plant.tick()
    assert (plant.limit().value, plant.limit().why) == (limit, why)


def test_what_is_missing_is_noted_once_and_its_return_too() -> None:
    plant = a_plant()
    for values in ({"cpu": 60.0}, {}, {}, {"cpu": 60.0}):
        plant.tick(**values)
    assert plant.sentences(SYNC)[1:] == [
        "health stays 2 (moderate): cpu is missing: no data",
        "health stays 2 (moderate): every metric is measured again",
    ]


def test_a_wrong_name_and_a_missing_permission_are_told_apart_and_stop_no_other() -> None:
    plant = Plant(*(a_labourer(name, health_metrics=(a_metric(name),)) for name in ("wrong", "forbidden", "well")))
    plant.readings.problems = {"wrong": "test wrong has no data", "forbidden": "it needs cloudwatch:GetMetricData"}
    plant.tick(well=60)
    assert plant.limits() == {"wrong": 100, "forbidden": 100, "well": 50}
    assert plant.standing("wrong").health.problem == "wrong is missing: test wrong has no data"  # type: ignore[union-attr]
    assert plant.sentences(of_labourer("forbidden")) == ["health 4 (high): no metric counts"]
    assert "cloudwatch:GetMetricData" in plant.standing("forbidden").health.problem  # type: ignore[union-attr]


def test_one_reading_serves_all_who_ask_for_the_same() -> None:
    shared = a_metric("cpu")
    plant = Plant(
        a_labourer("a", health_metrics=(shared,)),
        a_labourer("b", health_metrics=(shared,), draws={a_resource().name: 1}),
        a_labourer("c", health_metrics=(a_metric("memory"),)),
        resources=[a_resource()],
    )
    plant.tick(cpu=60, memory=10, rds_orders=70)
    (asked,) = plant.readings.asked
    assert len(asked) == len(set(asked)) == 3
    assert plant.records.calls.count("read") == 1


def test_labourers_without_metrics_and_draws_cost_nothing() -> None:
    plant = Plant(*(a_labourer(f"plain-{n}") for n in range(9)), resources=[a_resource()])
    plant.tick()
    assert (plant.records.calls, plant.slots.calls, plant.tasks.calls, plant.readings.asked) == ([], 0, 0, [])


def test_a_source_that_raises_all_the_same_ends_nothing_but_the_tick() -> None:
    class Raising:
        def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
            raise RuntimeError(queries, now)

    plant = a_plant()
    plant.another(sources=Raising()).tick()
    assert plant.records.records == {}


def test_a_source_that_leaves_a_query_out_leaves_a_missing_metric() -> None:
    class Silent:
        def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
            del queries, now
            return {}

    plant = Plant(a_labourer(health_metrics=(a_metric(),), draws={a_resource().name: 1}), resources=[a_resource()])
    plant.another(sources=Silent()).tick()
    assert plant.standing().health.problem == "cpu is missing: nobody has measured it"  # type: ignore[union-attr]
    assert plant.budget().problem == "its source has not answered"


def test_records_that_cannot_be_read_leave_everything_as_it_is() -> None:
    plant = a_plant()
    plant.records.broken = {"read"}
    plant.tick(cpu=60)
    assert plant.records.records == {}


def test_two_ticks_at_once_note_a_change_once() -> None:
    plant = a_plant()
    plant.records.rival = lambda: plant.another().tick()
    plant.tick(cpu=60)
    assert plant.sentences(SYNC) == ["health 2 (moderate): cpu is at 60: moderate"]


def test_a_health_keeps_what_others_wrote_meanwhile() -> None:
    plant = a_plant()
    plant.records.rival = lambda: plant.pause(SYNC)
    plant.tick(cpu=60)
    assert (plant.standing().control.is_paused, plant.standing().health.status) == (True, 2)  # type: ignore[union-attr]


def test_a_record_that_is_always_written_by_others_is_left_for_the_next_minute() -> None:
    plant = a_plant()
    plant.records.always_stale = True
    plant.tick(cpu=60)
    plant.records.always_stale = False
    plant.tick(cpu=60)
    assert plant.standing().health.status == 2  # type: ignore[union-attr]


def test_a_labourer_whose_record_is_no_record_stops_no_other() -> None:
    plant = Plant(*(a_labourer(name, health_metrics=(a_metric(name),)) for name in ("odd", "well")))
    record = plant.records.read([of_labourer("odd")])[of_labourer("odd")]
    plant.records.write(type(record)(key=record.key, value={"health": [1], "decision": "?"}))
    plant.tick(odd=60, well=60)
    assert plant.limits() == {"odd": 0, "well": 50}


def test_a_metric_that_is_no_longer_declared_no_longer_counts() -> None:
    plant = a_plant()
    plant.tick(cpu=91)
    assert plant.limit().value == 0
    plant.labourers.update({name: a_labourer() for name in plant.labourers})
    assert plant.limit().value == 100


def test_a_line_of_the_log_that_is_lost_costs_nothing_else() -> None:
    plant = a_plant()
    plant.records.broken = {"note"}
    plant.tick(cpu=60)
    assert (plant.standing().health.status, plant.limit().value) == (2, 50)  # type: ignore[union-attr]
