"""How labourers and resources stand, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sosw.domain import causes, dead_orders
from sosw.domain.dead_orders import DeadKind
from sosw.domain.facts import LabourerFacts, ResourceFacts
from sosw.domain.orders import line_said
from sosw.domain.records import Entry
from sosw.domain.tally import Tally
from sosw.domain.why import Answer, Reason, why_labourer, why_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class LabourerStatus:
    """How a labourer stood when it was looked at."""

    labourer: str
    reason: Reason
    """Why it runs no more than it does, as a word."""
    why: str
    """The same as a sentence."""
    more: tuple[str, ...]
    """What else is known, a sentence each."""
    running: int
    """Slots that are taken: by attempts that run, are about to start, or ended a moment ago."""
    due: int
    """Tasks that could start now, at most 1,000."""
    due_is_more: bool
    """More are due than were counted."""
    limit: int | None
    """How many may run at once; None where its settings are missing or wrong."""
    max: int | None
    """How many its settings allow."""
    health: int | None
    """0 bad … 4 high; None where no metric was judged."""
    is_paused: bool
    """By an order about it, about everything, or about a resource that it draws on."""
    totals: Tally
    """What became of its tasks since it was first used, a moment late; never decided on."""

    @classmethod
    def of(cls, facts: LabourerFacts) -> LabourerStatus:
        """By the facts."""
        answer, health = why_labourer(facts), facts.standing.health
        decision = facts.decision(facts.labourer) if facts.labourer else None
        return cls(
            labourer=facts.name,
            **_answer(answer),
            running=facts.running,
            due=facts.counted_due,
            due_is_more=facts.is_more,
            limit=decision.limit if decision else None,
            max=decision.of if decision else None,
            health=health.status if health and facts.labourer and facts.labourer.health_metrics else None,
            is_paused=any(causes.pauses(facts)),
            totals=facts.tally,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {**_plain(self), "totals": self.totals.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceStatus:
    """How a resource stood when it was looked at."""

    resource: str
    reason: Reason
    why: str
    """Its load and its budget, or what holds it, as a sentence."""
    more: tuple[str, ...]
    """What else is known, a sentence each."""
    attempts: int
    """How many attempts may use it at once, by its budget."""
    reading: float | None
    """Its load when it was last measured."""
    shares: Mapping[str, int]
    """What each labourer that draws on it may run at once."""
    is_paused: bool
    """By an order about it, or about everything."""

    @classmethod
    def of(cls, facts: ResourceFacts) -> ResourceStatus:
        """By the facts."""
        return cls(
            resource=facts.name,
            **_answer(why_resource(facts)),
            attempts=causes.attempts(facts.resource, facts.budget),
            reading=facts.budget.reading,
            shares={str(name): share for name, share in facts.budget.shares.items()},
            is_paused=facts.budget.control.is_paused or facts.everything.is_paused,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A change that was made to a labourer, a resource or everything: by an operator, or by the regulation."""

    at: datetime
    said: str
    """A sentence."""
    what: Mapping[str, Any]
    """As it was noted: of an order `order`, `from`, `to`, `by`, `why`."""

    @classmethod
    def of(cls, entry: Entry) -> LogLine:
        """Of a line of the log."""
        is_of_dead = entry.what.get("order") in list(DeadKind)
        said = dead_orders.line_said(entry.what) if is_of_dead else line_said(entry.what)
        return cls(at=entry.at, said=said, what=entry.what)

    def to_json(self) -> dict[str, Any]:
        """Plain values, under keys that stay."""
        return {"at": self.at.isoformat(), "said": self.said, "what": dict(self.what)}


def _answer(answer: Answer) -> dict[str, Any]:
    return {"reason": answer.reason, "why": answer.headline, "more": answer.more}


def _plain(status: LabourerStatus | ResourceStatus) -> dict[str, Any]:
    plain = {each.name: getattr(status, each.name) for each in fields(status)}
    return {**plain, "reason": status.reason.value, "more": list(status.more)}
