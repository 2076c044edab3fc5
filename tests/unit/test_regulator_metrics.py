"""What the Regulator publishes of healths, budgets and loads, as CloudWatch reads it."""

from __future__ import annotations

import pytest

from sosw.domain.errors import StaleRecord
from sosw.domain.metrics import Level
from sosw.domain.records import Record, of_resource
from tests.metering import Metered
from tests.regulation import ORDERS, Plant, a_labourer, a_metric, a_resource


@pytest.fixture
def metrics() -> Metered:
    return Metered()


def _metered(plant: Plant, metrics: Metered) -> Plant:
    plant.regulator = plant.another(metrics=metrics)
    return plant


def test_each_health_is_told_every_minute_and_the_worst_is_the_environments(metrics: Metered) -> None:
    well = a_labourer("stats", health_metrics=(a_metric("queue"),))
    plant = _metered(Plant(a_labourer(health_metrics=(a_metric(),)), well), metrics)
    for _ in range(2):
        plant.tick(cpu=60, queue=20)
        told = metrics.told()
        assert [told[owner, "health"] for owner in ("sync", "stats", "test")] == [[2.0], [4.0], [2.0]]


def test_a_labourer_without_health_metrics_has_no_health(metrics: Metered) -> None:
    plant = _metered(Plant(a_labourer()), metrics)
    plant.tick()
    assert metrics.told() == {}


def test_a_health_that_could_not_be_written_the_first_time_is_not_told(
    metrics: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = _metered(Plant(a_labourer(health_metrics=(a_metric(),))), metrics)

    def busy(record: Record) -> Record:
        raise StaleRecord(record)

    monkeypatch.setattr(plant.records, "write", busy)
    plant.tick(cpu=60)
    assert metrics.told() == {}


def test_a_budget_and_its_load_are_the_resources_alone(metrics: Metered) -> None:
    drawer = a_labourer(draws={ORDERS: 1})
    plant = _metered(Plant(drawer, resources=[a_resource()]), metrics)
    plant.tick(rds_orders=70)
    told = metrics.told()
    assert told == {(ORDERS, "budget"): [float(sum(plant.shares().values()))], (ORDERS, "load"): [70.0]}
    plant.pause(of_resource(ORDERS))
    plant.tick(rds_orders=70)
    assert metrics.told()[ORDERS, "budget"] == [0.0]


def test_a_load_that_is_missing_is_not_told_and_neither_is_one_that_nobody_measures(metrics: Metered) -> None:
    drawer = a_labourer(draws={ORDERS: 1})
    plant = _metered(Plant(drawer, resources=[a_resource()]), metrics)
    plant.tick()
    assert [name for _, name in metrics.told()] == ["budget"]
    plant = _metered(Plant(drawer, resources=[a_resource(query=None)]), metrics)
    plant.tick(rds_orders=70)
    assert [name for _, name in metrics.told()] == ["budget"]
    plant.tick(rds_orders=70)
    assert metrics.told(Level.ENVIRONMENT) == {}
