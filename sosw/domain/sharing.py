"""What a resource's budget comes to: how many attempts it allows now, for what cause, and who may run how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sosw.domain.controller import limit_of
from sosw.domain.shares import Draw, water_fill

if TYPE_CHECKING:
    from sosw.domain.resources import Resource
    from sosw.domain.standing import Budget
    from sosw.domain.task import LabourerName


def allowed(resource: Resource, budget: Budget) -> int:
    """The attempts that may use it at once: what its controller allows, or an operator where that is less."""
    if budget.control.is_paused:
        return 0
    limit = int(limit_of(resource, budget))
    return limit if budget.control.limit is None else min(limit, budget.control.limit)


def cause(resource: Resource, budget: Budget) -> str:
    """Why it allows so many, for people."""
    control = budget.control
    if control.is_paused:
        return f"{resource.name} is paused by {control.paused_by}: {control.paused_why}"
    if control.limit is not None and control.limit < int(limit_of(resource, budget)):
        return f"{control.limit_by} has limited {resource.name} to {control.limit}: {control.limit_why}"
    return budget.why or f"{resource.name} by its settings"


def shared_out(resource: Resource, budget: Budget, draws: Mapping[LabourerName, Draw], now: datetime) -> Budget:
    """With shares of what it allows for those who draw on it, and for nobody else."""
    return replace(budget, shares=water_fill(allowed(resource, budget), draws), shared_at=now)


def is_overdrawn(resource: Resource, budget: Budget) -> bool:
    """Whether the shares are of a budget that was larger."""
    return sum(budget.shares.values()) > allowed(resource, budget)


def changes(resource: Resource, before: Budget, after: Budget) -> list[str]:
    """A sentence for a change of the budget in whole attempts, and one for each labourer whose share it changed."""
    was, limit = allowed(resource, before), allowed(resource, after)
    if was == limit:
        return []
    why = cause(resource, after)
    moved = [
        f"{why}: {name} {before.shares.get(name, 0)} → {share}"
        for name, share in after.shares.items()
        if share != before.shares.get(name, 0)
    ]
    return [f"{why}: {was} → {limit}", *moved]
