"""What holds for a budget whatever it is told."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain import jsontext
from sosw.domain.controller import limit_of, react, steer
from sosw.domain.health import OnMissing, Query, Reading
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.signals import Signals
from sosw.domain.standing import Budget
from sosw.domain.task import LabourerName
from tests.factories import NOW, seconds

BOUNDS = st.tuples(st.integers(0, 50), st.integers(0, 200)).map(lambda pair: (pair[0], pair[0] + pair[1]))
RESOURCES = st.builds(
    lambda bounds, **fields: Resource(floor=bounds[0], ceiling=bounds[1], start=bounds[0], **fields),
    BOUNDS,
    name=st.just(ResourceName("r")),
    query=st.sampled_from([None, Query(source="cloudwatch", details="{}")]),
    target=st.sampled_from([0.5, 70.0, 2000.0]),
    band=st.sampled_from([0.1, 5.0]),
    increase=st.integers(1, 50),
    decrease=st.sampled_from([0.1, 0.5, 0.9]),
    on_missing=st.sampled_from(OnMissing),
)
LOADS = st.one_of(st.none(), st.floats(0, 5000))
SIGNALS = st.builds(
    lambda good, bad, latency, ended: Signals(
        count=good + bad, timed=good, seconds=good * latency, errors={"429": bad}, ended=ended
    ),
    st.integers(0, 50),
    st.integers(0, 10),
    st.floats(0, 100),
    st.integers(0, 20),
)
EVENTS = st.lists(st.one_of(st.tuples(LOADS, st.integers(0, 300)), SIGNALS), max_size=30)
NAMES = [LabourerName("a"), LabourerName("b")]


def after(resource: Resource, budget: Budget, event: Signals | tuple[float | None, int], second: int) -> Budget:
    """One more reading or more signals."""
    now = NOW + seconds(second)
    if isinstance(event, Signals):
        return react(resource, budget, event, now)
    load, in_use = event
    return steer(resource, budget, Reading(value=load, at=now - seconds(90)), in_use=in_use, now=now)


@given(RESOURCES, EVENTS)
def test_a_budget_stays_within_its_bounds_and_moves_at_most_as_declared(
    resource: Resource, events: list[Signals | tuple[float | None, int]]
) -> None:
    budget = Budget(shares={NAMES[0]: resource.floor, NAMES[1]: 0})
    for number, event in enumerate(events):
        before = limit_of(resource, budget)
        budget = after(resource, budget, event, number * 30)
        now = limit_of(resource, budget)
        assert resource.floor <= now <= resource.ceiling
        assert budget.limit is None or budget.limit == now
        assert now == before or budget.changed_at == NOW + seconds(number * 30)
        assert now == before or budget.why
        assert all(map(math.isfinite, budget.memory.values()))


@given(RESOURCES, EVENTS)
def test_a_cut_of_the_fast_loop_leaves_shares_that_fit(
    resource: Resource, events: list[Signals | tuple[float | None, int]]
) -> None:
    budget = Budget(limit=float(resource.ceiling), shares={NAMES[0]: resource.ceiling, NAMES[1]: 0})
    for number, event in enumerate(events):
        before = budget
        budget = after(resource, budget, event, number * 30)
        if isinstance(event, Signals) and budget.limit != before.limit:
            assert sum(budget.shares.values()) <= max(int(limit_of(resource, budget)), sum(before.shares.values()))
            if limit_of(resource, budget) < limit_of(resource, before):
                assert sum(budget.shares.values()) <= limit_of(resource, budget)


@given(RESOURCES, EVENTS)
def test_a_budget_is_remembered_exactly(resource: Resource, events: list[Signals | tuple[float | None, int]]) -> None:
    budget = Budget()
    for number, event in enumerate(events):
        budget = after(resource, budget, event, number * 30)
    assert Budget.from_json(jsontext.load(jsontext.dump(budget.to_json()))) == replace(budget, control=budget.control)
