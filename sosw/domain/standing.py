"""How a labourer, a resource or everything stands: what the records say, and the limit that follows from it.

A limit has one reason at a time: the lowest of what the settings, the operators, the labourer's health and the budgets
of its resources allow. Every `Decision` tells it in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sosw.domain.moments import from_ms, to_ms
from sosw.domain.task import LabourerName

if TYPE_CHECKING:
    from sosw.domain.records import ResourceName
    from sosw.domain.settings import Labourer


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What operators have ordered of a labourer, of a resource, or of everything."""

    paused_by: str | None = None
    paused_why: str | None = None
    paused_at: datetime | None = None
    """None while it is not paused."""
    limit: int | None = None
    """The most that an operator allows; it never raises what the settings allow. None: no such order."""
    limit_by: str | None = None
    limit_why: str | None = None
    limit_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Nothing is started."""
        return self.paused_at is not None

    def to_json(self) -> dict[str, Any]:
        """Without what is None."""
        return _plain(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Control:
        """Of `to_json`; keys of tomorrow are left out."""
        return cls(**_fields(cls, given))


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What was last made of a labourer's metrics."""

    status: int
    """0 bad … 4 high."""
    since: datetime
    why: str = ""
    """The metric that decided: "CPUUtilization is at 83: poor". Empty where none counts."""
    metrics: Mapping[str, int] = field(default_factory=dict)
    """How each metric felt by its name: what holds while it is missing. One that does not count is left out."""
    problem: str = ""
    """What is missing and why, for people; empty when nothing is."""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The limit in force, and why it is that."""

    limit: int
    of: int
    """What the settings allow."""
    why: str = ""
    """Why the limit is lower than that; empty when it is not."""
    at: datetime
    """Since when."""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The record `state` of a labourer."""

    control: Control = field(default_factory=Control)
    health: Health | None = None
    """None while no metric was ever judged."""
    decision: Decision | None = None
    """None before the first: then the settings alone hold."""
    shards: int = 1
    """The most shards that its line ever had: so many are looked through."""

    def to_json(self) -> dict[str, Any]:
        """The record's value."""
        parts = {"control": self.control, "health": self.health, "decision": self.decision}
        return {"shards": self.shards} | {name: part.to_json() for name, part in parts.items() if part is not None}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Standing:
        """Of a record's value; empty for one that was never written."""
        health, decision = given.get("health"), given.get("decision")
        return cls(
            control=Control.from_json(given.get("control", {})),
            health=Health(**_fields(Health, health)) if health else None,
            decision=Decision(**_fields(Decision, decision)) if decision else None,
            shards=given.get("shards", 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The record `state` of a resource: how many attempts may use it at once, and who may how many of them."""

    control: Control = field(default_factory=Control)
    limit: float | None = None
    """None before the first tick: then its `start` holds. Kept as a fraction, used rounded down."""
    reading: float | None = None
    """Its load when it was last measured."""
    read_at: datetime | None = None
    problem: str = ""
    """Why the last measurement is missing; empty when it is not."""
    changed_at: datetime | None = None
    """When the budget was last changed, by either loop."""
    cut_at: datetime | None = None
    """When it was last lowered."""
    why: str = ""
    """The sentence of its last change, or what holds it: "rds:orders CPU 83 % > 75 %"."""
    rising: int = 0
    """Rises in a row: the ramp."""
    memory: Mapping[str, float] = field(default_factory=dict)
    """What the controller remembers besides, by names of its own."""
    shares: Mapping[LabourerName, int] = field(default_factory=dict)
    """What each labourer that draws on it may run at once. One without a share has not asked yet."""
    shared_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The record's value."""
        plain = _plain(self)
        return plain | {"control": self.control.to_json(), "memory": dict(self.memory), "shares": dict(self.shares)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Budget:
        """Of a record's value; empty for one that was never written."""
        fields = _fields(cls, {**given, "control": None})
        return cls(**{**fields, "control": Control.from_json(given.get("control", {}))})


def decide(
    labourer: Labourer, standing: Standing, everything: Control, budgets: Mapping[ResourceName, Budget],
    coefficients: Mapping[int, float], *, now: datetime,
) -> Decision:  # fmt: skip
    """The labourer's limit by all that holds at `now`; the lowest bound decides, the first of equals.

    `budgets` are of the resources on which it draws. One without a share of it gets none until the shares are made.
    """
    of = labourer.max_simultaneous_invocations
    bounds = list(_bounds(labourer, standing, everything, budgets, coefficients))
    limit, why = min(bounds, key=lambda bound: bound[0], default=(of, ""))
    limit, why = (limit, why) if limit < of else (of, "")
    known = standing.decision
    at = known.at if known and (known.limit, known.of) == (limit, of) else now
    return Decision(limit=limit, of=of, why=why, at=at)


def _bounds(
    labourer: Labourer, standing: Standing, everything: Control, budgets: Mapping[ResourceName, Budget],
    coefficients: Mapping[int, float],
) -> Iterator[tuple[int, str]]:  # fmt: skip
    yield from _ordered(everything, "everything")
    yield from _ordered(standing.control, "it")
    for name, budget in budgets.items():
        if budget.control.is_paused:
            yield 0, f"{name} is paused by {budget.control.paused_by}: {budget.control.paused_why}"
    if labourer.health_metrics and standing.health is not None:
        share = coefficients.get(standing.health.status, 1.0)
        why = standing.health.why or f"its health is {standing.health.status}"
        yield int(labourer.max_simultaneous_invocations * share), why
    for name, budget in budgets.items():
        yield budget.shares.get(labourer.name, 0), _shared(name, budget)


def _shared(name: ResourceName, budget: Budget) -> str:
    if budget.control.limit is not None and sum(budget.shares.values()) >= budget.control.limit:
        control = budget.control
        return f"{control.limit_by} has limited {name} to {control.limit}: {control.limit_why}"
    return budget.why or f"its share of {name}"


def _ordered(control: Control, what: str) -> Iterator[tuple[int, str]]:
    if control.is_paused:
        yield 0, f"{what} is paused by {control.paused_by}: {control.paused_why}"
    if control.limit is not None:
        yield control.limit, f"{control.limit_by} has limited {what} to {control.limit}: {control.limit_why}"


def _plain(record: Any) -> dict[str, Any]:
    """The fields that have a value, moments as milliseconds."""
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return {n: to_ms(v) if isinstance(v, datetime) else v for n, v in values.items() if v is not None and v != ""}


_MOMENTS = ("at", "since", "paused_at", "limit_at", "read_at", "changed_at", "cut_at", "shared_at")


def _fields(cls: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of `_plain`: what `cls` has fields for."""
    known = {name: value for name, value in given.items() if name in cls.__dataclass_fields__}
    return {name: from_ms(value) if name in _MOMENTS else value for name, value in known.items()}
