"""Whatever happens to loads, lines and orders: attempts on a resource never exceed its budget by what was started."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sosw.domain.records import ResourceName, of_everything, of_labourer, of_resource
from sosw.domain.sharing import allowed
from sosw.domain.task import LabourerName
from sosw.line import Line
from tests.regulation import ORDERS, Plant, a_labourer, a_metric, a_resource

STOCK = ResourceName("rds:stock")
NAMES = ("a", "b", "c", "d")
names = st.sampled_from(NAMES)
resources = st.sampled_from([ORDERS, STOCK])
owners = st.sampled_from([of_everything(), of_labourer("a"), of_labourer("b"), of_resource(ORDERS)])


class Regulated(RuleBasedStateMachine):
    """Orchestrators that ask before each start, over resources that two or four labourers share."""

    @initialize(
        limits=st.lists(st.sampled_from([3, 30]), min_size=4, max_size=4),
        weights=st.lists(st.sampled_from([0.5, 1, 3]), min_size=4, max_size=4),
        ceiling=st.integers(1, 20),
        floor=st.integers(0, 3),
    )
    def build(self, limits: list[int], weights: list[float], ceiling: int, floor: int) -> None:
        draws: list[dict[ResourceName, float]] = [{ORDERS: weight} for weight in weights]
        draws[0][STOCK] = draws[1][STOCK] = 1
        metrics: list[Any] = [(a_metric("cpu"),), (), (), ()]
        self.plant = Plant(
            *(
                a_labourer(name, limit, draws=draw, health_metrics=metric)
                for name, limit, draw, metric in zip(NAMES, limits, draws, metrics, strict=True)
            ),
            resources=[
                a_resource(ceiling=ceiling, floor=min(floor, ceiling), start=ceiling),
                a_resource(STOCK, ceiling=10, start=5),
            ],
        )
        self.running = dict.fromkeys(NAMES, 0)

    @rule(load=st.sampled_from([None, 5.0, 70.0, 83.0, 150.0]), cpu=st.sampled_from([None, 10.0, 60.0, 99.0]))
    def tick(self, load: float | None, cpu: float | None) -> None:
        values = {"rds_orders": load, "rds_stock": load, "cpu": cpu}
        self.plant.tick(**{name: value for name, value in values.items() if value is not None})

    @rule(name=names, count=st.integers(0, 50), seconds=st.sampled_from([0.5, 2.0]))
    def start(self, name: str, count: int, seconds: float) -> None:
        """As an Orchestrator does, when so many more wait: the limit first, then what waits, in free slots."""
        self.plant.clock.advance(seconds=seconds)
        self.plant.queue(name, count)
        before = {resource: self.used(resource) for resource in (ORDERS, STOCK)}
        limit = self.plant.limits(name)[name]
        labourer = self.plant.labourers[LabourerName(name)]
        due = Line(self.plant.tasks).due(labourer, self.plant.clock.now(), 100)
        started = due[: max(0, limit - self.running[name])]
        for task in started:
            del self.plant.tasks.tasks[task]
        self.run(name, self.running[name] + len(started))
        assert self.running[name] <= max(limit, self.running[name] - len(started))
        for resource in labourer.draws:
            budget = allowed(self.plant.settings.resources[resource], self.plant.budget(resource))
            assert self.used(resource) <= max(budget, before[resource])

    @rule(name=names, part=st.floats(0, 1))
    def end(self, name: str, part: float) -> None:
        self.run(name, int(self.running[name] * part))

    @rule(owner=owners, kind=st.sampled_from(["limit", "lift", "pause", "resume"]), limit=st.integers(0, 20))
    def order(self, owner: Any, kind: str, limit: int) -> None:
        plant = self.plant
        match kind:
            case "limit":
                plant.order(owner, limit=limit, limit_by="ann", limit_why="a test", limit_at=plant.clock.now())
            case "lift":
                plant.order(owner, limit=None, limit_by=None, limit_why=None, limit_at=None)
            case "pause":
                plant.pause(owner)
            case _:
                plant.resume(owner)

    @invariant()
    def shares_are_within_the_ceiling(self) -> None:
        for resource in getattr(self, "plant", Plant()).settings.resources.values():
            if of_resource(resource.name) in self.plant.records.records:
                assert sum(self.plant.budget(resource.name).shares.values()) <= resource.ceiling

    def run(self, name: str, count: int) -> None:
        self.running[name] = count
        self.plant.run(name, count)

    def used(self, resource: str) -> int:
        return sum(
            self.running[name]
            for name, labourer in self.plant.labourers.items()
            if ResourceName(resource) in labourer.draws
        )


Regulated.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
test_what_is_started_stays_within_the_budgets = Regulated.TestCase
