"""When to look whether attempts have ended: what it costs, and when it pays.

Who has filled a labourer's slots with short attempts need not wait to be told of their ends: it looks. A look is a
cheap read of some of the named tasks, half a unit each, and a budget of units for every attempt that is started keeps
all looks together within what DESIGN §7 allows a task. So a look comes when an end is likely, begins with a few of
those that are ripe, and takes in the others only while most of what it has read had ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sosw.domain.slots import Name
    from sosw.domain.task import TaskId

HALF = 0.5
"""Units of a read that may be a moment old, of a small item or of a page of the index."""
UNITS = 1.5
"""Of reading that each started attempt brings: DESIGN §7."""
FIRST = 4.0
"""Units that the first wave may have cost besides its candidates: rows, limits, and a look into the index."""
CREDIT = 6.0
"""Units that may be spent before they are earned: what it takes to learn how long attempts live."""
SHORTEST_LOOK, LONGEST_LOOK = timedelta(milliseconds=50), timedelta(seconds=1)
"""Bounds of the time between two looks."""
MARGIN = timedelta(milliseconds=20)
"""So long after an end is likely it is looked for: cheap reads may be a moment old."""
SHARE = 5
"""One in so many of the ripe is read first."""


class Pace:
    """Of one labourer: how long its shortest attempts live, as far as is known, and what is left of the budget."""

    def __init__(self) -> None:
        self.shortest: timedelta | None = None
        """From the naming to the end, of attempts that ended lately; None while none was seen to end."""
        self.units = 0.0
        """Earned and not spent."""
        self._looked_at: dict[TaskId, datetime] = {}

    def begin(self, started: int) -> None:
        """A wave of so many was started, and its slots are full."""
        self.units = CREDIT - FIRST
        self._looked_at = {}
        self.earn(started)

    def earn(self, started: int) -> None:
        """So many more were started: what that cost is taken off, a look into the index and one at each candidate."""
        self.units += (UNITS - HALF) * started - HALF

    def affords(self, count: int) -> int:
        """How many of `count` tasks may be read."""
        return max(0, min(count, int(self.units / HALF)))

    def spend(self, tasks: Iterable[TaskId], now: datetime) -> None:
        """These were read."""
        for task in tasks:
            self.units -= HALF
            self._looked_at[task] = now

    def learn(self, lives: Sequence[timedelta]) -> None:
        """So long lived attempts that were just seen to have ended. What is shorter counts at once, else by and by."""
        least = max(SHORTEST_LOOK, min(lives))
        if self.shortest is None or least < self.shortest:
            self.shortest = least
        else:
            self.shortest += (least - self.shortest) / 4

    def pays_within(self, time: timedelta) -> bool:
        """Whether an end may be seen within that time, as far as is known."""
        return self.shortest is None or self.shortest + MARGIN <= time

    def wait_longer(self, time: timedelta) -> None:
        """Nothing was seen to end within that time: what lives as long is not waited for again."""
        if self.shortest is None:
            self.shortest = time

    def pause(self, names: Mapping[TaskId, Name], now: datetime, since: datetime) -> timedelta:
        """Until the next look. `since`: when it was last seen that something ended, or begun."""
        if self.shortest is None:
            return min(LONGEST_LOOK, max(2 * SHORTEST_LOOK, now - since))
        ripe = min(name.since for name in names.values()) + self.shortest + MARGIN - now
        return ripe if ripe > timedelta() else min(LONGEST_LOOK, max(SHORTEST_LOOK, self.shortest / 3))

    def sample(self, names: Mapping[TaskId, Name], now: datetime) -> list[TaskId]:
        """Some of the ripe, those first that were not looked at for the longest: as many as can be afforded."""
        ripe = self.ripe(names, now)
        ripe.sort(key=lambda task: (self._looked_at.get(task, names[task].since), names[task].since))
        return ripe[: self.affords(-(-len(ripe) // SHARE))]

    def ripe(self, names: Mapping[TaskId, Name], now: datetime) -> list[TaskId]:
        """Those that are old enough to have ended."""
        age = self.shortest or timedelta()
        return [task for task, name in names.items() if name.since + age <= now]
