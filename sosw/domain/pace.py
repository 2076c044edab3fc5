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
CREDIT = 8.0
"""Units that may be spent before they are earned: what it takes to learn how long attempts live."""
SHORTEST_LOOK, LONGEST_LOOK = timedelta(milliseconds=50), timedelta(seconds=1)
"""Bounds of the time between two looks."""
MARGIN = timedelta(milliseconds=20)
"""So long after an end is likely it is looked for: cheap reads may be a moment old."""
SHARE = 5
"""One in so many of the ripe is read first."""
SPARE = 0.1
"""So much greater than it must be is the share of reads that shall find an end."""
STEP = 0.1
"""By so much of itself the age is changed by a read."""


class Pace:
    """Of one labourer: at which age its attempts are looked at, as far as is known, and what is left of the budget."""

    def __init__(self) -> None:
        self.age: timedelta | None = None
        """From the naming to an end that is likely enough to be looked for; None while none was seen to end."""
        self.units = 0.0
        """Earned and not spent."""
        self._shortest = SHORTEST_LOOK
        self._hits = 0.5
        self._looked_at: dict[TaskId, datetime] = {}

    def begin(self, started: int) -> None:
        """A wave of so many was started, and its slots are full."""
        self.units = CREDIT - FIRST
        self._looked_at = {}
        self.earn(started)

    def earn(self, started: int) -> None:
        """So many more were started: what that cost is taken off, a look into the index and one at each candidate."""
        self.units += (UNITS - HALF) * started - HALF
        reads = UNITS / HALF - 1 - 1 / max(1, started)
        self._hits = min(0.95, 1 / reads + SPARE)

    def affords(self, count: int) -> int:
        """How many of `count` tasks may be read."""
        return max(0, min(count, int(self.units / HALF)))

    def pays_within(self, time: timedelta) -> bool:
        """Whether an end may be seen within that time, as far as is known."""
        return self.age is None or self.age + MARGIN <= time

    def wait_longer(self, time: timedelta) -> None:
        """Nothing was seen to end within that time: what lives as long is not waited for again."""
        self.age = self.age or time

    def learn(self, read: Iterable[TaskId], lives: Sequence[timedelta], now: datetime) -> None:
        """These were read, and attempts were seen to have ended that had lived so long.

        The age rises with every read in vain, and falls with the others, until as many are in vain as can be afforded;
        but it never falls below what the shortest attempts live.
        """
        misses = -len(lives)
        for task in read:
            self.units -= HALF
            self._looked_at[task] = now
            misses += 1
        if lives:
            least = max(SHORTEST_LOOK, min(lives))
            self._shortest = least if self.age is None else min(least, self._shortest + (least - self._shortest) / 4)
        if self.age is None:
            self.age = self._shortest if lives else None
        else:
            change = STEP * (self._hits * misses - (1 - self._hits) * len(lives))
            self.age = max(self._shortest, self.age * min(2.0, max(0.5, 1 + change)))

    def pause(self, names: Mapping[TaskId, Name], now: datetime, since: datetime) -> timedelta:
        """Until the next look. `since`: when it was last seen that something ended, or begun."""
        if self.age is None:
            return min(LONGEST_LOOK, max(2 * SHORTEST_LOOK, now - since))
        return max(SHORTEST_LOOK, min(self._ripe_at(task, name) for task, name in names.items()) - now)

    def sample(self, names: Mapping[TaskId, Name], now: datetime) -> list[TaskId]:
        """Some of the ripe, the first that are so: one while nothing is known, and as many as can be afforded."""
        ripe = self.ripe(names, now)
        return ripe[: self.affords(1 if self.age is None else -(-len(ripe) // SHARE))]

    def ripe(self, names: Mapping[TaskId, Name], now: datetime) -> list[TaskId]:
        """Those that are old enough to have ended, and were not read a moment ago."""
        at = {task: self._ripe_at(task, name) for task, name in names.items()}
        return sorted((task for task in names if at[task] <= now), key=lambda task: at[task])

    def _ripe_at(self, task: TaskId, name: Name) -> datetime:
        age = self.age or timedelta()
        looked_at = self._looked_at.get(task)
        first = name.since + age + MARGIN
        return first if looked_at is None else max(first, looked_at + max(SHORTEST_LOOK, age / 4))
