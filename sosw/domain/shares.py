"""Shares: how labourers divide the budget of a resource among them.

Weighted max-min fairness in whole slots: nobody gets more for its weight while somebody with work has less for its
own, and what one does not want is for the others (progressive filling: Bertsekas, Gallager: Data Networks, 1992, §6.5;
whole slots go one at a time to whoever has least for its weight, which is Adams' method of apportionment). Three rules
besides:

- *Room to begin.* A labourer that wants no more than it has keeps a slot above that, also where others want all: its
  next task starts at once instead of at the next sharing. Such slots are at most a tenth of the budget (one of a budget
  of 4 to 19, none of less) and never the first slot of one with work; those of the heaviest labourers come first.
- *Nothing is kept back.* What remains when all have what they want is room for what comes, by weight: with work for it
  or without, the shares fill the budget.
- *Rising waits for falling.* Nobody is evicted, so a share rises only as far as those who still run more than their
  share leave room: sum(max(share, running)) is at most the budget, or what runs already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

from sosw.domain.task import LabourerName

ROOM_PARTS = 10
"""One in so many slots may be kept as room to begin, against labourers that want it now."""
LEAST_WITH_ROOM = 4
"""The smallest budget that keeps such a slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One labourer's claim on a budget."""

    weight: float
    """> 0"""
    running: int
    """Attempts that run now."""
    wants: int
    """Attempts that it could have running now: those that run, and tasks that are due. Its own limits cap it."""


def water_fill(total: int, draws: Mapping[LabourerName, Draw]) -> dict[LabourerName, int]:
    """The share of each, in the order of `draws`. They sum to `total`, but for what waits for falling shares.

    Raises `ValueError` for a weight that is not above 0.
    """
    for name, draw in draws.items():
        if not draw.weight > 0:
            raise ValueError(f"weight of {name}: {draw.weight!r} must be above 0")
    fair = _fair(max(0, total), draws)
    over = {name for name, draw in draws.items() if draw.running > fair[name]}
    room = max(total, sum(draw.running for draw in draws.values())) - sum(draws[name].running for name in over)
    rising = {name: draw for name, draw in draws.items() if name not in over}
    held = {name: draw.running for name, draw in rising.items()}
    shares = _filled(room - sum(held.values()), rising, held, fair)
    return {name: fair[name] if name in over else shares[name] for name in draws}


def lowered(shares: Mapping[LabourerName, int], total: int) -> dict[LabourerName, int]:
    """The same shares in proportion, with a sum of at most `total`: no share rises."""
    if sum(shares.values()) <= total:
        return dict(shares)
    draws = {name: Draw(weight=share, running=0, wants=share) for name, share in shares.items() if share}
    some = _filled(max(0, total), draws, dict.fromkeys(draws, 0), shares)
    return {name: some.get(name, 0) for name in shares}


def _fair(total: int, draws: Mapping[LabourerName, Draw]) -> dict[LabourerName, int]:
    """As if nothing ran yet: what they want, with room to begin, and then what remains."""
    wanted = {name: max(0, draw.wants) for name, draw in draws.items()}
    shares = _filled(total, draws, dict.fromkeys(draws, 0), wanted)
    hungry = [name for name in draws if shares[name] < wanted[name]]
    if hungry:
        content = sorted(draws.keys() - set(hungry), key=lambda name: (-draws[name].weight, name))
        room = min(max(total // ROOM_PARTS, total >= LEAST_WITH_ROOM), max(0, total - len(hungry)))
        most = wanted | {name: wanted[name] + 1 for name in content[:room]}
        shares = _filled(total, draws, dict.fromkeys(draws, 0), most)
    return _filled(total - sum(shares.values()), draws, shares, dict.fromkeys(draws, total))


def _filled(
    slots: int, draws: Mapping[LabourerName, Draw], held: Mapping[LabourerName, int], most: Mapping[LabourerName, int]
) -> dict[LabourerName, int]:
    """`held`, and `slots` more: one at a time to whoever has least for its weight, of those below their `most`."""
    shares = dict(held)
    line = [
        (shares[name] / draw.weight, -draw.weight, name) for name, draw in draws.items() if shares[name] < most[name]
    ]
    heapify(line)
    for _ in range(slots):
        if not line:
            break
        _, heavy, name = line[0]
        shares[name] += 1
        if shares[name] < most[name]:
            heapreplace(line, (shares[name] / -heavy, heavy, name))
        else:
            heappop(line)
    return shares
