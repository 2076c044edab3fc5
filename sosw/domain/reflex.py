"""The fast loop of a budget's controller: what Workers signal, each second, before any metric shows it.

Signals are collected in windows of a few seconds (as Netflix's concurrency-limits does). At the end of one:

- *Errors that mean overload* cut: the more of them, the deeper (DCTCP, RFC 8257: by the share of marked packets).
- *Latency over `TOLERANCE` × what is usual* cuts to `TOLERANCE × usual / latency` of the budget: Gradient2 of Netflix's
  concurrency-limits (github.com/Netflix/concurrency-limits), which has it from TCP Vegas (Brakmo, Peterson, 1995).
- *What is usual* is learnt from windows that are well: slowly upwards, faster downwards.

After a cut nothing changes until it can show: attempts are not ended by force, so the load falls as they end. The
next cut waits until as many have ended as the budget lost, but not for ever.

While no metric steers the budget (there is none, or it is missing), this loop raises it, too: additive, with a ramp
up to where the last cut was, as TCP's slow start and congestion avoidance (RFC 5681).
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from sosw.domain import usage
from sosw.domain.health import OnMissing
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.overload import is_overload
from sosw.domain.pulse import Pulse
from sosw.domain.resources import Resource
from sosw.domain.shares import lowered
from sosw.domain.signals import Signals
from sosw.domain.standing import Budget

WARM = 1.15
"""From so many times the usual latency on, nothing is raised by this loop."""
DEEPEST_SHARE = 0.2
"""If so many of the uses fail by overload, the cut is the deepest: `decrease`."""
FEW = 10
"""A share of errors is never taken of fewer uses: one error among three is no catastrophe."""
APART = timedelta(seconds=5)
"""The least between two cuts."""
PATIENCE = timedelta(seconds=60)
"""The most that a cut waits for attempts to end."""
CALM = timedelta(seconds=30)
"""After signs of overload the slow loop raises nothing for so long."""
AT_ONCE = 1.3
"""So far the fast loop raises what the slow one has set, until the next reading."""
RISE_EVERY = timedelta(seconds=15)
RISE_PART = 0.2
"""A step of this loop is at most such a part of the budget, or one `increase`."""
AHEAD = 2.0
"""It is raised to at most so many times what was last seen in use."""


def limit_of(resource: Resource, budget: Budget) -> float:
    """The budget in force, within the floor and ceiling of today."""
    start = resource.floor if resource.start is None else resource.start
    limit = float(start) if budget.limit is None else budget.limit
    return min(max(limit, float(resource.floor)), float(resource.ceiling))


def react(resource: Resource, budget: Budget, signals: Signals, now: datetime) -> Budget:
    """The fast loop: the budget after `signals` of its users, all that came since it was last called.

    A cut lowers the shares along with the budget: it holds with the next start. In between it only remembers what
    it was told: the budget that comes back is to be kept whenever it differs. Without signals nothing changes.
    """
    if not signals.count and not signals.ended:
        return budget
    bad = sum(count for name, count in signals.errors.items() if is_overload(name))
    pulse = Pulse.of(budget.memory, now).with_signals(signals, bad)
    budget = replace(budget, memory=usage.timed(budget.memory, signals, now) | pulse.kept())
    return budget if not pulse.is_ripe(now) else _judged(resource, budget, pulse, signals, now)


def _judged(resource: Resource, budget: Budget, pulse: Pulse, signals: Signals, now: datetime) -> Budget:
    """At the end of a window."""
    is_blind = _is_blind(resource, budget)
    share, why = _strain(resource, pulse, signals)
    is_hot = share < 1
    rest = pulse.having_learnt(now, is_hot=is_hot, is_blind=is_blind).opened_anew(now)
    budget = replace(budget, memory=budget.memory | rest.kept() | ({"hot": float(to_ms(now))} if is_hot else {}))
    if is_hot:
        return _cut(resource, budget, rest, share, why, now) if _may_cut(budget, pulse, now) else budget
    if not _may_rise(budget, pulse, now):
        return budget
    if is_blind:
        return _recovered(resource, budget, pulse, now)
    return _relieved(resource, budget, pulse, now)


def _strain(resource: Resource, pulse: Pulse, signals: Signals) -> tuple[float, str]:
    """What a window leaves of the budget, and the cause; 1 when nothing strains."""
    failing = min(1.0, pulse.bad / max(FEW, pulse.count) / DEEPEST_SHARE)
    by_errors = 1 - (1 - resource.decrease) * failing
    by_latency = max(resource.decrease, 1 / math.sqrt(pulse.heat)) if pulse.is_hot else 1.0
    if by_errors < 1 and by_errors <= by_latency:
        worst = max(filter(is_overload, signals.errors), key=lambda name: signals.errors[name], default="overload")
        return by_errors, f"{resource.name}: {pulse.bad:.0f} of {pulse.count:.0f} uses failed by {worst}"
    if by_latency < 1:
        slow, usual = _seconds(pulse.latency), _seconds(pulse.usual)
        return by_latency, f"{resource.name} latency {slow}, usually {usual}"
    return 1.0, ""


def _seconds(value: float) -> str:
    return f"{value * 1000:,.3g} ms" if value < 1 else f"{value:,.3g} s"


def _may_cut(budget: Budget, pulse: Pulse, now: datetime) -> bool:
    if budget.cut_at is None:
        return True
    since = now - budget.cut_at
    return since >= APART and (pulse.ended >= pulse.excess or since >= PATIENCE)


def _cut(resource: Resource, budget: Budget, pulse: Pulse, share: float, why: str, now: datetime) -> Budget:
    limit = limit_of(resource, budget)
    lower = max(float(resource.floor), limit * share)
    if lower >= limit:
        return budget
    memory = usage.noted(budget.memory | pulse.after_cut(limit, lower).kept(), limit, now) | {"reflex": float(to_ms(now))}
    shares = lowered(budget.shares, int(lower))
    return replace(
        budget, limit=lower, why=why, changed_at=now, cut_at=now, rising=0, memory=memory, shares=shares
    )


def _is_blind(resource: Resource, budget: Budget) -> bool:
    """Whether no metric steers the budget now."""
    return resource.query is None or bool(budget.problem)


def _most(resource: Resource, budget: Budget) -> float:
    """So far this loop may raise: while a metric is missing and what held holds, not beyond that."""
    used = usage.last(budget.memory)
    seen = float(resource.ceiling) if used is None else max(AHEAD * used, float(resource.increase))
    most = min(float(resource.ceiling), seen)
    if not budget.problem or resource.on_missing is OnMissing.IGNORE:
        return most
    if resource.on_missing is OnMissing.FLOOR:
        return float(resource.floor)
    return min(most, budget.memory.get("held", limit_of(resource, budget)))


def _may_rise(budget: Budget, pulse: Pulse, now: datetime) -> bool:
    """Not before the last change can show, nor soon after signs of overload."""
    hot = budget.memory.get("hot")
    is_settled = budget.changed_at is None or now - budget.changed_at >= RISE_EVERY
    is_drained = pulse.ended >= pulse.excess or (budget.cut_at is not None and now - budget.cut_at >= PATIENCE)
    return is_settled and is_drained and (hot is None or now - from_ms(int(hot)) >= RISE_EVERY)


def _recovered(resource: Resource, budget: Budget, pulse: Pulse, now: datetime) -> Budget:
    """Without a metric. Additive increase: a ramp while below the last cut, single steps from there on."""
    if pulse.heat >= WARM:
        return budget
    limit = limit_of(resource, budget)
    ramp = 2 ** min(budget.rising, 6) if limit < pulse.crest or not pulse.crest else 1
    step = min(resource.increase * ramp, max(float(resource.increase), RISE_PART * limit))
    why = f"{resource.name} latency {_seconds(pulse.latency)}, as usual" if pulse.usual else f"{resource.name} is quiet"
    return _raised(resource, budget, limit + step, why, now)


def _relieved(resource: Resource, budget: Budget, pulse: Pulse, now: datetime) -> Budget:
    """With a metric, before it shows: what is much faster than it was at the target has room for more."""
    if not pulse.is_cool or (budget.reading or 0.0) > resource.target + 2 * resource.band:
        return budget
    limit = limit_of(resource, budget)
    step = min(limit * (1 / math.sqrt(pulse.heat) - 1), max(float(resource.increase), RISE_PART * limit))
    most = AT_ONCE * budget.memory.get("held", 0.0)
    why = f"{resource.name} latency {_seconds(pulse.latency)}, usually {_seconds(pulse.usual)}"
    return _raised(resource, budget, min(most, limit + step), why, now)


def _raised(resource: Resource, budget: Budget, limit: float, why: str, now: datetime) -> Budget:
    """Within all bounds. Shares rise in proportion, where none is over its share any more."""
    was, higher = limit_of(resource, budget), min(_most(resource, budget), limit)
    if higher <= was:
        return budget
    memory = usage.sampled(budget.memory, higher, now) | {"relief": float(to_ms(now))}
    return replace(budget, limit=higher, why=why, changed_at=now, rising=budget.rising + 1, memory=memory)
