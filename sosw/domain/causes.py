"""Why a labourer's limit is what it is, and how a resource stands, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sosw.domain.controller import limit_of
from sosw.domain.health import OnMissing
from sosw.domain.moments import told
from sosw.domain.orders import limited, paused
from sosw.domain.standing import Budget, Control, Standing

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.facts import LabourerFacts
    from sosw.domain.records import ResourceName
    from sosw.domain.resources import Resource
    from sosw.domain.settings import Labourer
    from sosw.domain.standing import Decision, Health

FEELINGS = ("bad", "poor", "moderate", "good", "high")


def pauses(facts: LabourerFacts) -> Iterator[str]:
    """What pauses the labourer: everything's order, its own, those of its resources."""
    now = facts.now
    if facts.everything.is_paused:
        yield f"everything is paused {paused(facts.everything, now)}"
    if facts.standing.control.is_paused:
        yield f"paused {paused(facts.standing.control, now)}"
    for name, budget in facts.budgets.items():
        if budget.control.is_paused:
            yield f"{name} is paused {paused(budget.control, now)}"


def limit(facts: LabourerFacts, labourer: Labourer) -> str:
    """`limit 40`, or `limit 40 of 100 because …`, of a labourer that is not paused."""
    decision = facts.decision(labourer)
    if decision.limit >= decision.of:
        return f"limit {decision.of:,}"
    return f"limit {decision.limit:,} of {decision.of:,} because {_cause(facts, labourer, decision)}"


def _cause(facts: LabourerFacts, labourer: Labourer, decision: Decision) -> str:
    """That part of the facts which by itself makes the same decision."""
    nothing = replace(facts, standing=Standing(), everything=Control(), budgets={})

    def decides(**part: object) -> bool:
        alone = replace(nothing, **part).decision(labourer)  # type: ignore[arg-type]  # parts of the facts
        return (alone.limit, alone.why) == (decision.limit, decision.why)

    everything, own = facts.everything, facts.standing.control
    if everything.limit is not None and decides(everything=everything):
        return f"everything is limited {limited(everything, facts.now)}"
    if own.limit is not None and decides(standing=Standing(control=own)):
        return f"it is limited {limited(own, facts.now)}"
    if facts.standing.health is not None and decides(standing=Standing(health=facts.standing.health)):
        return f"its {health(facts.standing.health)}"
    for name, budget in facts.budgets.items():
        if decides(budgets={name: budget}):
            return _share(facts, labourer, name, budget)
    return decision.why


def health(found: Health) -> str:
    """`health is 2 of 4, moderate: CPUUtilization is at 60`."""
    return f"health is {found.status} of 4, {FEELINGS[found.status]}" + f": {found.why}" * bool(found.why)


def _share(facts: LabourerFacts, labourer: Labourer, name: ResourceName, budget: Budget) -> str:
    """Of a resource whose budget decides."""
    resource = facts.resources.get(name)
    if labourer.name not in budget.shares:
        return f"it has no share of {name} yet: shares are made every minute"
    share, most = budget.shares[labourer.name], attempts(resource, budget)
    ordered = budget.control.limit
    if ordered is not None and sum(budget.shares.values()) <= ordered <= most:
        return (
            f"its share of {name} is {share:,} of {ordered:,}: {name} is limited {limited(budget.control, facts.now)}"
        )
    is_high = resource and budget.reading is not None and budget.reading > resource.target + resource.band
    if resource and (budget.problem or is_high):
        return load(resource, budget, facts.now)
    measured = f" ({load(resource, budget, facts.now)})" if resource else ""
    return f"its share of {name} is {share:,} of {most:,}{measured}"


def attempts(resource: Resource | None, budget: Budget) -> int:
    """How many attempts may use the resource at once, by its budget: before the first tick, by its settings."""
    return int(limit_of(resource, budget)) if resource else int(budget.limit or 0)


def load(resource: Resource, budget: Budget, now: datetime) -> str:
    """`rds:orders CPU is at 83 %, target 70 ± 5`, or that there is no such measurement, and what holds instead.

    Of a resource that is steered by signals alone, its last change by them.
    """
    if is_signalled(resource, budget):
        return last_change(budget, now) or f"Workers have signalled no trouble with {resource.name} yet"
    what = f"{resource.name} {resource.label}"
    target = f"target {resource.target:g} ± {resource.band:g}"
    if budget.problem:
        since = f"has no data since {told(budget.read_at, now)}" if budget.read_at else "has never had data"
        return f"{what} {since}: {_held(resource, budget)} ({budget.problem})"
    if budget.reading is None:
        return f"{what} has not been measured yet, {target}"
    unit = f" {resource.unit}" if resource.unit else ""
    return f"{what} is at {budget.reading:.3g}{unit}, {target}"


def is_signalled(resource: Resource, budget: Budget) -> bool:
    """Whether nothing measures it: what Workers signal is all that is known."""
    return resource.query is None and budget.reading is None and not budget.problem


def last_change(budget: Budget, now: datetime) -> str:
    """`api:shop: 2 of 9 uses failed by 429, since 12:00:04 UTC`, or what held it; empty before the first."""
    return budget.why + (f", since {told(budget.changed_at, now)}" if budget.why and budget.changed_at else "")


def _held(resource: Resource, budget: Budget) -> str:
    """What the policy for missing data makes of the budget."""
    count = attempts(resource, budget)
    match resource.on_missing:
        case OnMissing.HOLD:
            return f"holding at {count:,}"
        case OnMissing.FLOOR if count > resource.floor:
            return f"at {count:,}, to fall to its floor, {resource.floor:,}"
        case OnMissing.FLOOR:
            return f"at its floor, {count:,}"
        case _:
            return f"it is left out, at {count:,}"
