"""At most so many attempts at once of the tasks of one concurrency key, by slot rows of the key's own.

A key's rows stand under the name of a labourer that does not exist (`key_owner`). A task is named there, at the version
at which it was seen, before it is named in the rows of its labourer and claimed: so while an attempt runs, its name is
in both, and the argument of `sosw.domain.slots` holds for the key as it holds for the labourer. Never act on a name
that another wrote.

Nobody sweeps a key's rows: who finds no room there drops what is over. A name whose task waits at that very version was
left by an Orchestrator that died, or sleeps: when it is old, the task is fenced first. A row leaves the table when
nobody has named a task in it for `KEY_LIFE`, which is longer than any attempt lives.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain import lifecycle
from sosw.domain.errors import SoswError, StaleRow, StaleTask
from sosw.domain.slots import CLAIM_GRACE, Name, SlotRow, is_over, is_unclaimed, resized
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.slot_keeper import SlotKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sosw.domain.settings import Labourer
    from sosw.ports import Clock, SlotStore, TaskStore

log = logging.getLogger(__name__)

ROUNDS = 5
"""Tries to write a key's rows while other Orchestrators write them too."""
KEY_LIFE = timedelta(days=7)
"""A name outlives its attempt: a lease is at most 6 h 15 min, and a Lambda's heartbeats prolong it by 15 min more."""


def key_owner(labourer: LabourerName, key: str) -> LabourerName:
    """Whose rows those of the key are. No function's name has a `|`."""
    return LabourerName(f"{labourer}|{key}")


class KeyGate:
    """The slots of concurrency keys."""

    def __init__(
        self, slots: SlotStore, tasks: TaskStore, clock: Clock, pause: Callable[[int], None] = lambda _number: None
    ) -> None:
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self.slots, self.tasks, self.clock, self.pause = SlotKeeper(slots, pause), tasks, clock, pause

    def ring(self, labourer: Labourer, key: str, limit: int, ended: Mapping[TaskId, int]) -> Ring:
        """For one dispatch. `ended`: versions at which tasks were seen not running, as a wake tells them."""
        return Ring(self, key_owner(labourer.name, key), limit, ended)


class Ring:
    """The slots of one key, for one dispatch."""

    def __init__(self, gate: KeyGate, owner: LabourerName, limit: int, ended: Mapping[TaskId, int]) -> None:
        self._gate, self._owner, self._limit, self._ended = gate, owner, limit, dict(ended)
        self._stored: list[SlotRow] | None = None
        """The rows as we last read or wrote them; None where we do not know."""
        self._held: dict[TaskId, tuple[Task, int]] = {}
        """What we named and have not let go, and the row in which it is."""

    def open_to(self, tasks: Sequence[Task]) -> list[Task]:
        """Which of the due `tasks` could be named now; raises `SoswError` where the rows cannot be read."""
        rows = self._rows(tasks)
        return self._unnamed(tasks, rows)[: sum(row.free for row in rows)]

    def enter(self, tasks: Sequence[Task]) -> list[Task]:
        """Name them where there is room; those that we have named. Raises where a row cannot be read or written."""
        for number in range(ROUNDS):
            rows = self._rows(tasks)
            try:
                self._write(rows, self._unnamed(tasks, rows))
            except StaleRow:
                self._stored = None  # another Orchestrator was faster: what we named in other rows stays ours
                self._gate.pause(number)
            except SoswError:
                self._stored = None  # what may be written there is as another's: it is dropped as such when it is old
                raise
            else:
                break
        return [task for task in tasks if self.holds(task)]

    def holds(self, task: Task) -> bool:
        """Whether we have named the task, at this version, and not let it go."""
        return task.id in self._held and self._held[task.id][0].version == task.version

    def release(self, kept: Collection[TaskId]) -> None:
        """Let go of all but `kept`: what still waits is fenced first, so that its name can never be claimed.

        What runs keeps its name, whatever the caller thinks of it. What cannot be let go now is dropped as another's.
        """
        names = {task: held for task, held in self._held.items() if task not in kept}
        self._held = {task: held for task, held in self._held.items() if task in kept}
        try:
            over = self._let_go(names)
            if over:
                self._gate.slots.free(self._owner, over)
        except SoswError as error:
            log.warning("key.not_freed", extra={"owner": self._owner, "why": str(error)})
        self._stored = None

    def _let_go(self, names: Mapping[TaskId, tuple[Task, int]]) -> dict[int, dict[TaskId, int]]:
        """Of each row, the names that may be dropped now, as versions at which their tasks do not run."""
        over: defaultdict[int, dict[TaskId, int]] = defaultdict(dict)
        found = self._gate.tasks.get_many(names) if names else {}
        for task_id, (task, row) in names.items():
            if self._ends(Name(task.version, self._gate.clock.now()), found.get(task_id), grace=timedelta()):
                over[row][task_id] = task.version + 1
        return over

    def _rows(self, tasks: Sequence[Task]) -> list[SlotRow]:
        """The rows as they may be written: at the key's limit, without what is over where room is short."""
        seen = {task.id: task.version for task in tasks}  # they wait: no attempt of an earlier version runs
        rows = self._resized(row.without(self._ended).without(seen) for row in self._read())
        is_short = sum(row.free for row in rows) < len(self._unnamed(tasks, rows))
        if is_short or any(self._is_left(task, rows) for task in tasks):
            self._ended |= self._over(rows)
            rows = self._resized(row.without(self._ended) for row in rows)
        return rows

    def _is_left(self, task: Task, rows: Sequence[SlotRow]) -> bool:
        """Whether another has named the waiting task so long ago that it will not claim it any more."""
        names = [row.names[task.id] for row in rows if task.id in row.names]
        is_ours = task.id in self._held
        return not is_ours and any(name.since + CLAIM_GRACE <= self._gate.clock.now() for name in names)

    def _read(self) -> list[SlotRow]:
        if self._stored is None:
            self._stored = self._gate.slots.rows(self._owner)
        return self._stored

    def _resized(self, rows: Iterable[SlotRow]) -> list[SlotRow]:
        return resized(rows, self._owner, self._limit)

    def _over(self, rows: Sequence[SlotRow]) -> dict[TaskId, int]:
        """Of what others have named: versions at which the attempts are over, or can never begin."""
        names = {(task, name) for row in rows for task, name in row.names.items() if task not in self._held}
        found = self._gate.tasks.get_many({task for task, _ in names})
        ended: dict[TaskId, int] = {}
        for task, name in names:
            if self._ends(name, found.get(task), grace=CLAIM_GRACE):
                ended[task] = max(name.version + 1, ended.get(task, 0))
        return ended

    def _ends(self, name: Name, task: Task | None, *, grace: timedelta) -> bool:
        """Whether `name` may be dropped: its attempt is over, or is fenced now as nobody claimed it for so long."""
        if is_over(name, task) or task is None:
            return True
        if not is_unclaimed(name, task) or name.since + grace > self._gate.clock.now():
            return False
        try:
            self._gate.tasks.apply(lifecycle.fence(task))
        except StaleTask:
            return False  # it was claimed after all, or moved on: the next look tells
        return True

    def _unnamed(self, tasks: Sequence[Task], rows: Sequence[SlotRow]) -> list[Task]:
        fresh = [task for task in tasks if task.version >= self._ended.get(task.id, 0)]
        return [task for task in fresh if not any(task.id in row.names for row in rows)]

    def _write(self, rows: Sequence[SlotRow], tasks: Sequence[Task]) -> None:
        """Write each row that gets a name, or loses capacity or names, those that lose capacity first."""
        before = {row.number: row for row in self._read()}
        now = self._gate.clock.now()
        waiting = list(tasks)
        for row in sorted(rows, key=lambda r: r.number not in before or r.capacity >= before[r.number].capacity):
            chosen, waiting = waiting[: row.free], waiting[row.free :]
            known = before.get(row.number)
            if not chosen and (known is None or (known.names == row.names and row.capacity >= known.capacity)):
                continue
            wanted = replace(row.named(chosen, now), expires_at=now + KEY_LIFE)
            before[row.number] = self._gate.slots.write(wanted)
            self._stored = [before[number] for number in sorted(before)]
            self._held |= {task.id: (task, row.number) for task in chosen}
