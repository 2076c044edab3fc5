"""The controller of a budget: how many attempts may use a resource at once, so that its load stays at its target.

Two loops change one number, `Budget.limit`:

    CloudWatch, each minute, late ──► steer ──┐
                                              ├──► Budget.limit ──► shares ──► attempts ──► load
    Workers' signals, each second ──► react ──┘                                              │
          ▲                                                                                  │
          └──────────────────────────────────────────────────────────────────────────────────┘

Both are AIMD: additive increase, multiplicative decrease, which is fair and stable whoever else does the same (Chiu,
Jain: Analysis of the increase and decrease algorithms for congestion avoidance, 1989). `steer`, the slow loop, is here;
`react`, the fast loop, is in `sosw.domain.reflex`. docs/explanation/controller.md tells it for people.

*Who says what.* `Budget.why` is the cause: "rds:orders CPU 83 % > 75 %". Whoever shares the budget out adds who got
what of it: "rds:orders CPU 83 % > 75 %: orders-sync 40 → 24". It is the cause of the last change, and stays until the
next one; `measured` says how it is now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sosw.domain import usage
from sosw.domain.health import OnMissing, Reading
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.plant_model import PlantModel
from sosw.domain.pulse import FEW, Pulse
from sosw.domain.reflex import CALM, limit_of, react
from sosw.domain.resources import Resource
from sosw.domain.standing import Budget

__all__ = ["limit_of", "measured", "react", "steer"]

EARLY = timedelta(seconds=5)
"""A minute rule does not come to the second: so much earlier than `settle` counts as settled."""
USED = 0.8
"""A budget of which less is used is not raised: nothing says what more of it would do (RFC 7661)."""
SOON = timedelta(seconds=1)
"""Until what a budget gains is in use, where the rest of it was."""
DOUBLINGS = 6
"""So often the step of a rise doubles; then it stays."""
SURE_PART = 0.25
"""A step may be such a part of the budget from the first on, once the gain is well known."""
NEAR = 0.5
"""Of the band: a load that is foreseen to come so near to its target needs no change."""
CONFIRMED = 0.3
"""So much of what is usual comes from the latest minute that confirms it."""
_STEERED, _HELD = "steered", "held"


def steer(resource: Resource, budget: Budget, reading: Reading, *, in_use: int, now: datetime) -> Budget:
    """The slow loop: the budget after a reading of its load, with `in_use` attempts that draw on it running now.

    Call it every minute for every resource, with `Reading()` for one that nothing measures: then it notes what is in
    use, for the fast loop. A reading that was seen already, or one older than that, changes nothing.

    Within target ± band nothing changes. Above, the budget falls by what is too much, at once, to no less than
    `decrease` of it. Below, it rises by `increase`, twice that with the next rise, and so on, but by no more than the
    load has room for. Both count with what was changed since the reading was taken. At most once in `settle`.
    """
    if reading.at is not None and budget.read_at is not None and reading.at <= budget.read_at:
        return budget
    budget = replace(budget, limit=limit_of(resource, budget), memory=usage.sampled(budget.memory, in_use, now))
    if reading.value is None:
        return budget if resource.query is None else _missed(resource, budget, reading, now)
    at = min(now, reading.at or now - reading.over)
    until = min(now, at + reading.over)
    model = _learnt(resource, budget, reading.value, at, until)
    memory = {**budget.memory, **model.kept(), **_confirmed(resource, budget, reading.value, at, until)}
    memory[_HELD] = limit_of(resource, budget)
    budget = replace(budget, reading=reading.value, read_at=reading.at or now, problem="", memory=memory)
    load = model.load(min(limit_of(resource, budget), in_use))
    is_fresh = budget.changed_at is None or budget.changed_at <= at
    if not _is_settled(resource, budget, now) or (is_fresh and abs(reading.value - resource.target) <= resource.band):
        return budget
    if load > resource.target + NEAR * resource.band:
        return _fallen(resource, budget, model, in_use, at, now)
    if load < resource.target - NEAR * resource.band:
        return _risen(resource, budget, model, in_use, at, now)
    return replace(budget, rising=0)


def measured(resource: Resource, load: float) -> str:
    """For people: `rds:orders CPU 83 %`."""
    return f"{resource.name} {resource.label} {_number(load, resource)}"


def _number(load: float, resource: Resource) -> str:
    return f"{load:,.4g} {resource.unit}".rstrip()


def _learnt(
    resource: Resource, budget: Budget, load: float, since: datetime, until: datetime
) -> PlantModel:
    """The plant as known after a reading."""
    used, moved = usage.between(budget.memory, since, until)
    known = PlantModel.of(budget.memory)
    if known is None:
        typical = resource.target / max(1, resource.ceiling)
        return PlantModel.first(load, used, moved=moved, band=resource.band, typical=typical)
    return known.corrected(load, used, band=resource.band, moved=moved)


def _confirmed(resource: Resource, budget: Budget, load: float, since: datetime, until: datetime) -> dict[str, float]:
    """What the fast loop takes for usual: the latency of minutes whose load was in the band.

    Of a load that is not too high, the latency is not either; of one that is not too low, likewise.
    """
    latency, uses = usage.latency(budget.memory, since, until)
    pulse = Pulse.of(budget.memory, until)
    if uses < FEW or not pulse.usual:
        return {}
    is_bearable, is_due = load <= resource.target + resource.band, load >= resource.target - resource.band
    confirmed = 1.0 if is_bearable and is_due else pulse.confirmed
    if not (is_bearable if latency > pulse.usual else is_due):
        return {}
    way = CONFIRMED if pulse.confirmed else 1.0
    return replace(pulse, usual=pulse.usual + way * (latency - pulse.usual), confirmed=confirmed).kept()


def _missed(resource: Resource, budget: Budget, reading: Reading, now: datetime) -> Budget:
    """Without a measurement. It is said, and the fast loop goes on, as far as `on_missing` lets it."""
    budget = replace(budget, problem=reading.problem or "no value", rising=0)
    if resource.on_missing is not OnMissing.FLOOR or limit_of(resource, budget) <= resource.floor:
        return budget
    why = f"{resource.name} {resource.label} is missing: {budget.problem}"
    return _changed(budget, resource.floor, why, now)


def _is_settled(resource: Resource, budget: Budget, now: datetime) -> bool:
    steered = budget.memory.get(_STEERED)
    return steered is None or now - from_ms(int(steered)) >= resource.settle - EARLY


def _fallen(
    resource: Resource, budget: Budget, model: PlantModel, in_use: int, at: datetime, now: datetime
) -> Budget:
    """Multiplicative decrease, in proportion to the excess."""
    limit = limit_of(resource, budget)
    used = min(limit, in_use) or limit
    excess = model.load(used) - resource.target
    relief = budget.memory.get("relief")
    if excess <= NEAR * resource.band or (relief is not None and from_ms(int(relief)) > at):
        return replace(budget, rising=0)
    lowest = max(resource.floor, used * resource.decrease)
    lower = max(lowest, used - excess / model.gain)
    if lower >= limit:
        return replace(budget, rising=0)
    over = _number(resource.target + resource.band, resource)
    why = f"{measured(resource, budget.reading or 0.0)} > {over}"
    return _changed(budget, lower, why, now)


def _risen(
    resource: Resource, budget: Budget, model: PlantModel, in_use: int, at: datetime, now: datetime
) -> Budget:
    """Additive increase with a ramp, within what the load has room for."""
    limit = limit_of(resource, budget)
    room = resource.target - model.load(min(limit, in_use))
    is_used = in_use >= USED * int(limit)
    if room <= NEAR * resource.band or not is_used or not _is_calm(budget, at, now):
        return replace(budget, rising=budget.rising if is_used else 0)
    ramp = max(resource.increase * 2 ** min(budget.rising, DOUBLINGS), SURE_PART * limit * model.is_sure)
    step = min(ramp, room / model.most_gain)
    higher = min(resource.ceiling, limit + step)
    if higher <= limit:
        return budget
    under = _number(resource.target - resource.band, resource)
    why = f"{measured(resource, budget.reading or 0.0)} < {under}"
    risen = _changed(budget, higher, why, now)
    memory = usage.sampled(risen.memory, int(higher), now + SOON)
    return replace(risen, rising=budget.rising + 1, memory=memory)


def _is_calm(budget: Budget, at: datetime, now: datetime) -> bool:
    """Whether signals let it rise: none of overload lately, and no cut that the reading has not seen."""
    hot, reflex = budget.memory.get("hot"), budget.memory.get("reflex")
    is_quiet = hot is None or now - from_ms(int(hot)) >= CALM
    return is_quiet and (reflex is None or at >= from_ms(int(reflex)))


def _changed(budget: Budget, limit: float, why: str, now: datetime) -> Budget:
    was = budget.limit or 0.0
    cut_at = now if limit < was else budget.cut_at
    memory = {**budget.memory, _STEERED: float(to_ms(now))}
    return replace(budget, limit=limit, why=why, changed_at=now, cut_at=cut_at, memory=memory, rising=0)
