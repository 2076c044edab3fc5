"""Everything that the roles publish: a story in which each of them does all that it measures."""

from __future__ import annotations

from typing import NamedTuple

from tests.factories import LABOURER
from tests.metering import Metered, Published
from tests.regulation import ORDERS, Plant, a_labourer, a_metric, a_resource
from tests.unit.archiving import MINUTE, a_world, end
from tests.unit.dead_world import Watched


class Emitted(NamedTuple):
    """A metric that CloudWatch can show."""

    name: str
    unit: str
    dimensions: frozenset[str]
    """Their names."""


def everything() -> set[Emitted]:
    """In the namespace `sosw`, with the setting `all`."""
    told = [*_of_a_day(), *_of_health_and_budgets(), *_of_an_archive_that_is_late()]
    return {Emitted(each.name, each.unit, frozenset(each.dimensions)) for each in told}


def _of_a_day() -> list[Published]:
    world, metrics = Watched(), Metered()
    world.queue(3)
    world.clock.advance(seconds=1)
    world.orchestrator(metrics=metrics)({})
    world.report("complete", 0)
    world.report("fail", 1, error="ValueError", message="no", is_retryable=False)
    scavenger = world.scavenger(metrics=metrics, deaths=world.notices(metrics=metrics))
    scavenger.pass_on(world.tasks.changes, token="t")
    world.refuse = True
    scavenger.sweep()
    world.refuse = False
    world.clock.advance(seconds=60)
    scavenger.sweep()
    return metrics.published()


def _of_health_and_budgets() -> list[Published]:
    metrics = Metered()
    labourer = a_labourer(LABOURER, health_metrics=(a_metric(),), draws={ORDERS: 1})
    plant = Plant(labourer, resources=[a_resource()])
    plant.regulator = plant.another(metrics=metrics)
    plant.tick(cpu=60, rds_orders=70)
    return metrics.published()


def _of_an_archive_that_is_late() -> list[Published]:
    world = a_world(tasks=1)
    end(world, 0)
    world.clock.advance(seconds=(90 * 24 * 60 * MINUTE).total_seconds())
    scavenger = world.scavenger(archivist=world.archivist())
    scavenger.sweep()
    return Metered().published(service="scavenger", **scavenger.get_stats())
