"""Refills slots as attempts end, without waiting to be told: who has just filled them lingers for a while, and looks.

Short tasks would else spend more time between attempts than in them: an end takes its way over the report, the stream
and the Scavenger. Whoever lingers has just won every write of the labourer's rows, and goes on from the rows as it left
them: it reads none. When somebody else has written them meanwhile, its own write fails, and it leaves: so two never
linger over one labourer for longer than a write, and the one that leaves is the one that was late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.pace import Pace
from sosw.domain.seen import Seen
from sosw.domain.slots import is_over
from sosw.domain.task import TaskId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sosw.domain.settings import Labourer
    from sosw.domain.slots import Name, SlotRow
    from sosw.domain.task import LabourerName, Task
    from sosw.ports import Clock, TaskStore


@dataclass(frozen=True, slots=True)
class Wave:
    """What came of a turn."""

    count: int
    """Attempts that were started."""
    rows: Sequence[SlotRow] = ()
    """All rows of the labourer as it left them; none when others were at them too."""
    may_refill: bool = False
    """Whether it left no slot free, and nobody else was at it."""
    next_at: datetime | None = None
    """When more may be started in its free slots, though nothing ends: tokens of a rate will have come."""

    @property
    def seen(self) -> Seen | None:
        """What the next wave may go on from."""
        return Seen(self.rows) if self.rows else None


class Refilling:
    """Of any labourer, also by several threads at once. It remembers how long attempts live."""

    def __init__(
        self, *, tasks: TaskStore, clock: Clock, wait: Callable[[timedelta], None] | None, linger: timedelta
    ) -> None:
        """`wait(t)` lets the time t pass; without it, nobody lingers. `linger`: so long it waits for the next end."""
        self.tasks, self.clock, self.wait, self.linger = tasks, clock, wait, linger
        self._paces: dict[LabourerName, Pace] = {}

    def follow(
        self,
        labourer: Labourer,
        wave: Wave,
        again: Callable[[Mapping[TaskId, int], Sequence[SlotRow]], Wave],
        is_time: Callable[[], bool],
    ) -> None:
        """After a `wave` that filled every slot: look for ends, and start the next wave by `again`, as long as it pays.

        `again(ended, rows)` gets the versions at which tasks were seen not running, and the rows as the last wave left
        them.
        """
        pace = self._paces.setdefault(labourer.name, Pace())
        pace.begin(wave.count)
        while wave.may_refill and self.wait and is_time() and pace.pays_within(self.linger):
            ended = self._ended(pace, wave.rows, self.wait, is_time)
            if not ended:
                return
            wave = again(ended, wave.rows)
            pace.earn(wave.count)

    def _ended(
        self,
        pace: Pace,
        rows: Sequence[SlotRow],
        wait: Callable[[timedelta], None],
        is_time: Callable[[], bool],
    ) -> dict[TaskId, int]:
        """Versions at which named tasks were seen not running; empty when none was to be seen in time."""
        names = {task: name for row in rows for task, name in row.names.items()}
        begun = now = self.clock.now()
        while is_time():
            pause = pace.pause(names, now, begun)
            if now + pause > begun + self.linger:
                break
            wait(pause)
            now = self.clock.now()
            ended = self._look(pace, names, now)
            if ended:
                return ended
            if not pace.affords(1):
                break
        pace.wait_longer(self.linger)
        return {}

    def _look(self, pace: Pace, names: Mapping[TaskId, Name], now: datetime) -> dict[TaskId, int]:
        """A few first; the other ripe ones as well while at least half of what was read had ended."""
        sample, ended = pace.sample(names, now), dict[TaskId, int]()
        while sample:
            found = self.tasks.get_many(sample, is_consistent=False)
            over = {task: names[task] for task in sample if task in found and is_over(names[task], found[task])}
            ended |= {task: name.version + 1 for task, name in over.items()}
            pace.learn(sample, [_end(found[task], now) - name.since for task, name in over.items()], now)
            unread = [task for task in pace.ripe(names, now) if task not in ended]
            sample = unread[: pace.affords(len(unread))] if 2 * len(over) >= len(sample) else []
        return ended


def _end(task: Task, now: datetime) -> datetime:
    """When the attempt that was seen over has ended, as far as its task tells."""
    if task.closed_at:
        return task.closed_at
    last = task.failures[-1] if task.failures else None
    return last.at if last and last.attempt == task.attempt else now  # a snoozed attempt leaves no failure
