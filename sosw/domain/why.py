"""Why a task waits, why a labourer runs no more than it does, how a resource stands: plain words from facts.

An answer says what the facts say, and no more: where they cannot tell the reason for certain, it tells what is known.
The tables are read one after the other, so facts may be a moment apart; what an index tells may lag.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sosw.domain import causes
from sosw.domain.errors import did_you_mean
from sosw.domain.facts import COUNTED
from sosw.domain.moments import told
from sosw.domain.orders import limited, paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sosw.domain.facts import LabourerFacts, RateFacts, ResourceFacts
    from sosw.domain.settings import Labourer
    from sosw.domain.standing import Control


class Reason(str, Enum):
    """The kind of an answer, for programs."""

    UNREGISTERED = "unregistered"
    MISTAKEN = "mistaken"
    """The settings are wrong."""
    PAUSED = "paused"
    NO_LIMIT = "limit_0"
    FULL = "full"
    """As many run as may."""
    RATE = "rate"
    KEY = "key"
    """As many of its concurrency key run as may."""
    BEHIND = "behind"
    """Others go first."""
    NEXT = "next"
    """Nothing holds it back."""
    STARTING = "starting"
    NOT_DUE = "not_due"
    RETRY = "retry"
    """It waits for its retry."""
    SNOOZED = "snoozed"
    """Its Worker has put it off."""
    RUNNING = "running"
    IDLE = "idle"
    """A labourer or a resource without work."""
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"
    LIMITED = "limited"
    """By an operator's order about everything."""
    FREE = "free"
    """Nothing is ordered of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why, in plain words."""

    reason: Reason
    headline: str
    """A sentence."""
    more: tuple[str, ...] = ()
    """What else is known, a sentence each."""

    def __str__(self) -> str:
        return "\n  ".join([self.headline, *self.more])


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What holds back the due tasks of a labourer."""

    reason: Reason
    sentence: str


WITHIN_A_MINUTE = "with the next wake, within a minute at most"


def hindrance(facts: LabourerFacts) -> Hindrance | None:
    """The first thing that keeps the labourer from starting anything; None when nothing does."""
    if facts.labourer is None:
        return _unknown(facts)
    if pause := next(causes.pauses(facts), None):
        return Hindrance(Reason.PAUSED, pause)
    return _full(facts, facts.labourer) or rated(facts.rate, facts)


def _unknown(facts: LabourerFacts) -> Hindrance:
    if facts.problems:
        return Hindrance(Reason.MISTAKEN, f"settings are wrong: {'; '.join(map(str, facts.problems))}")
    return Hindrance(Reason.UNREGISTERED, f"is not registered ({did_you_mean(facts.name, facts.known)})")


def _full(facts: LabourerFacts, labourer: Labourer) -> Hindrance | None:
    most, limit = facts.decision(labourer).limit, causes.limit(facts, labourer)
    if most == 0:
        return Hindrance(Reason.NO_LIMIT, f"nothing may start: {limit}")
    if facts.running > most:
        over = f"{facts.running:,} running, more than the limit: none starts until enough have ended"
        return Hindrance(Reason.FULL, f"{over}; {limit}")
    if facts.running == most:
        return Hindrance(Reason.FULL, f"{facts.running:,} of {most:,} running; {limit}")
    return None


def rated(rate: RateFacts | None, facts: LabourerFacts) -> Hindrance | None:
    """What holds back by a rate of starts; None where a token is left."""
    if rate is None or rate.next_at <= facts.now:
        return None
    of = f" of key {rate.key!r}" if rate.key is not None else ""
    limit = f"at most {rate.rate.per_second:g} starts{of} a second"
    return Hindrance(Reason.RATE, f"{limit}, and these are used up: the next at {told(rate.next_at, facts.now)}")


def why_labourer(facts: LabourerFacts) -> Answer:
    """Why a labourer runs what it runs, and no more."""
    if facts.labourer is None:
        held = _unknown(facts)
        it = "its" if held.reason is Reason.MISTAKEN else "it"
        return Answer(reason=held.reason, headline=f"{it} {held.sentence}", more=tuple(_left(facts)))
    reason, headline = _of_registered(facts, facts.labourer)
    more = list(_left(facts)) if reason is Reason.PAUSED else [causes.limit(facts, facts.labourer)]
    more += _more(facts, facts.labourer)
    return Answer(reason=reason, headline=headline, more=_news(headline, more))


def _of_registered(facts: LabourerFacts, labourer: Labourer) -> tuple[Reason, str]:
    held = hindrance(facts)
    most = facts.decision(labourer).limit
    over = f"{facts.running:,} running, more than the limit of {most:,}"
    running = f"{facts.running:,} of {most:,} running" if facts.running <= most else over
    if held and held.reason is Reason.PAUSED:
        return held.reason, held.sentence
    if not facts.due and facts.running:
        return Reason.RUNNING, f"{running}, nothing else is due{_later(facts)}"
    if not facts.due and facts.later:
        return Reason.NOT_DUE, f"nothing is due{_later(facts)}"
    if not facts.due:
        return Reason.IDLE, "idle: nothing waits"
    if held:
        return held.reason, f"{held.sentence}; {facts.counted} due"
    return Reason.NEXT, f"{running}, {facts.counted} due: more start {WITHIN_A_MINUTE}"


def _later(facts: LabourerFacts) -> str:
    """Of tasks that wait for a retry, were put off, or belong to a job that begins later."""
    if len(facts.later) > COUNTED:
        return f"; more than {COUNTED:,} for later"
    return f"; {len(facts.later):,} for later, the next at {told(facts.later[0], facts.now)}" if facts.later else ""


def _news(said: str, more: Iterable[str]) -> tuple[str, ...]:
    """Those that were not said already."""
    kept: list[str] = []
    for line in more:
        if not any(line in each for each in (said, *kept)):
            kept.append(line)
    return tuple(kept)


def _left(facts: LabourerFacts) -> Iterator[str]:
    """What there is of a labourer that starts nothing."""
    if facts.running:
        yield f"{facts.running:,} still running: they may end, and their results are taken"
    if facts.due:
        yield f"{facts.counted} due: they wait, none is lost"


def _more(facts: LabourerFacts, labourer: Labourer) -> Iterator[str]:
    """The parts of the limit, each with what is known of it."""
    decision, known, now = facts.decision(labourer), facts.standing.decision, facts.now
    if known and (known.limit, known.of) != (decision.limit, decision.of):
        last = f"the last wave had {known.limit:,} of {known.of:,}, since {told(known.at, now)}"
        yield f"{last}: the next has {decision.limit:,}"
    if facts.everything.limit is not None:
        yield f"everything is limited {limited(facts.everything, now)}"
    if facts.standing.control.limit is not None:
        yield f"it is limited {limited(facts.standing.control, now)}"
    if facts.standing.health is not None and labourer.health_metrics:
        health = facts.standing.health
        yield f"{causes.health(health)}, since {told(health.since, now)}"
        if health.problem:
            yield health.problem
    for name, budget in facts.budgets.items():
        resource = facts.resources.get(name)
        share = f"{name}: its share is {budget.shares.get(facts.name, 0):,} of {causes.attempts(resource, budget):,}"
        yield share + (f"; {causes.load(resource, budget, now)}" if resource else "")


def why_everything(control: Control, now: datetime) -> Answer:
    """What operators have ordered of everything."""
    limit = f"no labourer runs more: limited {limited(control, now)}" if control.limit is not None else ""
    if control.is_paused:
        more = (limit,) if limit else ()
        return Answer(reason=Reason.PAUSED, headline=f"everything is paused {paused(control, now)}", more=more)
    if limit:
        return Answer(reason=Reason.LIMITED, headline=limit)
    return Answer(reason=Reason.FREE, headline="neither paused nor limited")


def why_resource(facts: ResourceFacts) -> Answer:
    """How a resource stands, and who has how much of it."""
    resource, budget, now = facts.resource, facts.budget, facts.now
    if facts.problems:
        headline = f"its settings are wrong: {'; '.join(map(str, facts.problems))}"
        return Answer(reason=Reason.MISTAKEN, headline=headline)
    if resource is None:
        guess = did_you_mean(facts.name, facts.known)
        return Answer(reason=Reason.UNREGISTERED, headline=f"it is not a registered resource ({guess})")
    more = list(_of_budget(facts))
    if facts.everything.is_paused:
        headline = f"everything is paused {paused(facts.everything, now)}"
        return Answer(reason=Reason.PAUSED, headline=headline, more=tuple(more))
    if budget.control.is_paused:
        return Answer(reason=Reason.PAUSED, headline=f"paused {paused(budget.control, now)}", more=tuple(more))
    headline = f"{causes.load(resource, budget, now)}; {causes.attempts(resource, budget):,} attempts at once"
    reason = Reason.RUNNING if budget.shares else Reason.IDLE
    return Answer(reason=reason, headline=headline, more=tuple(more))


def _of_budget(facts: ResourceFacts) -> Iterator[str]:
    budget, now = facts.budget, facts.now
    if budget.control.limit is not None:
        yield f"it is limited {limited(budget.control, now)}"
    if budget.why and not (facts.resource and causes.is_signalled(facts.resource, budget)):
        yield causes.last_change(budget, now)
    for name, share in sorted(budget.shares.items()):
        yield f"{name}: {share:,}"
