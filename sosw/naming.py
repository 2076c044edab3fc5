"""Takes slots: names due tasks in a labourer's rows, each by one write on the row's version. Why: `domain.slots`."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError, StaleRow, UnknownLimit
from sosw.domain.seen import HINT, Hint, Seen
from sosw.domain.slots import Name, SlotRow, resized, to_size
from sosw.domain.task import Task, TaskId, TaskState
from sosw.gates import looked_at
from sosw.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sosw.domain.settings import Labourer
    from sosw.limits import LimitBook
    from sosw.ports import Admission, Clock, InParallel, Limit, TaskStore
    from sosw.slot_keeper import SlotKeeper

log = logging.getLogger(__name__)

WAVE = 64
"""Attempts of a labourer that are named, claimed and invoked at a time: to die in between costs so many leases."""
INDEX_LAG = timedelta(seconds=5)
"""Tasks named within this time may still be seen in the index: so many more candidates are asked for."""
NAMING_ROUNDS = 8
"""Tries to size and write the rows while other Orchestrators write them too."""


@dataclass(slots=True)
class Named:
    """What came of it."""

    tasks: list[tuple[Task, int]] = field(default_factory=list)
    """What we named, with the number of its row."""
    rows: list[SlotRow] = field(default_factory=list)
    """All rows of the labourer as we left them."""
    is_won: bool = True
    """Whether nobody was faster, and nothing went wrong."""
    is_cut: bool = False
    """Whether there may be more to name at once, when what was named is on its way."""

    @property
    def is_full(self) -> bool:
        """Whether every slot is taken: there may be more to start when something ends."""
        return bool(self.rows) and not any(row.free for row in self.rows)


class Naming:
    """Of any labourer, also by several threads at once."""

    def __init__(
        self, *, tasks: TaskStore, slots: SlotKeeper, clock: Clock, in_parallel: InParallel,
        pause: Callable[[int], None],
    ) -> None:  # fmt: skip
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self.tasks, self.line, self.slots = tasks, Line(tasks), slots
        self.clock, self.in_parallel, self.pause = clock, in_parallel, pause

    def name(
        self, labourer: Labourer, ended: Mapping[TaskId, int], limits: LimitBook, admission: Admission,
        seen: Seen | None = None,
    ) -> Named:  # fmt: skip
        """Name due tasks in free slots, a wave of them at most.

        `ended`: versions at which tasks were seen not running: their names are left out. `seen`: how the labourer's
        rows were read or left a moment ago; they are read again when they are not so any more.
        """
        named = Named()
        for number in range(NAMING_ROUNDS):
            try:
                if self._name(labourer, ended, limits, admission, seen or self.look(labourer, limits), named):
                    return named
            except SoswError as error:
                if not self._is_tried_again(labourer, error, named, number):
                    return named
            seen = None
        log.info("slots.contended", extra={"labourer": labourer.name})
        self.slots.drop(labourer.name, ended)
        return named

    def _is_tried_again(self, labourer: Labourer, error: SoswError, named: Named, number: int) -> bool:
        """After a pause; but what is named already need not wait for the rest. Raises `error` when nothing is."""
        named.is_won = False  # another Orchestrator, or the sweep, was faster; or something is wrong
        if isinstance(error, StaleRow):
            named.is_cut = bool(named.tasks)
            if number and not named.is_cut:
                self.pause(number - 1)
            return not named.is_cut
        if not named.tasks:
            raise error
        log.warning("naming.cut", extra={"labourer": labourer.name, "why": str(error)})
        return False

    def look(self, labourer: Labourer, limits: LimitBook) -> Seen:
        """All that is read before tasks are chosen, at once, for a free slot waits for it."""
        rows: list[SlotRow] = []
        places: list[TaskId] = []
        looks: tuple[Callable[[], object], ...] = (
            lambda: limits.of(labourer),
            lambda: rows.extend(self.slots.rows(labourer.name)),
            lambda: places.extend(self.due(labourer, HINT)),
        )
        self.in_parallel(_call, looks)
        return Seen(rows, Hint(places, labourer.shards))

    def _name(
        self, labourer: Labourer, ended: Mapping[TaskId, int], limits: LimitBook, admission: Admission,
        seen: Seen, named: Named,
    ) -> bool:  # fmt: skip
        """False when the rows had to be sized: they must be read again before anything may be named."""
        stored = seen.rows
        limit = self._limit(labourer, limits, stored)
        rows = resized((r.without(ended) for r in stored), labourer.name, limit.value, limit.version)
        unsized = to_size(rows, stored)
        for row in unsized:
            self.slots.write(row)
        if unsized:
            return False
        named.rows = list(rows)
        self._write(rows, stored, self._candidates(labourer, rows, ended, admission, limit.shards, seen.hint), named)
        return True

    def _limit(self, labourer: Labourer, limits: LimitBook, stored: Sequence[SlotRow]) -> Limit:
        """That by which the rows may be sized: read again when a later version has sized one.

        One that is still older then was never the rows' own: its record was lost, or is back from a backup, and its
        versions begin anew.
        """
        limit, sized = limits.of(labourer), max((row.sized for row in stored), default=0)
        if limit.version >= sized:
            return limit
        latest = limits.again(labourer)
        if latest.version < sized:
            if not latest.is_read:
                raise UnknownLimit(labourer.name)
            told = {"labourer": labourer.name, "version": latest.version, "sized": sized}
            log.warning("limit.began_anew", extra=told)
        return latest

    def due(self, labourer: Labourer, limit: int, *, shards: int = 1) -> list[TaskId]:
        """At most so many that may start now, the first ones first, as far as the index shows."""
        return self.line.due(labourer, self.clock.now(), limit, shards=shards)

    def _candidates(
        self, labourer: Labourer, rows: Sequence[SlotRow], ended: Mapping[TaskId, int], admission: Admission,
        shards: int, hint: Hint | None,
    ) -> list[Task]:  # fmt: skip
        """Tasks to start: due, and not named yet. Read without a lock or a promise: the claim decides."""
        free = min(WAVE, sum(row.free for row in rows))
        if not free:
            return []
        names = {task: name for row in rows for task, name in row.names.items()}
        wanted = looked_at(labourer, free)
        seen = hint.unnamed(names, wanted, shards) if hint else None
        ids = self._unnamed(labourer, names, wanted, shards) if seen is None else seen
        found = self.tasks.get_many(ids, is_consistent=False)
        now = self.clock.now()
        waiting = [found[i] for i in ids if i in found]
        fresh = [task for task in waiting if task.version >= ended.get(task.id, 0)]
        ready = [task for task in fresh if task.state is TaskState.QUEUED and task.greenfield <= now]
        return self._admitted(admission, ready, free)

    def _admitted(self, admission: Admission, candidates: list[Task], free: int) -> list[Task]:
        """Those that may be named in the free slots: what else they must pass is asked here, and nowhere else."""
        return admission.admit(candidates, free)

    def _unnamed(self, labourer: Labourer, names: Mapping[TaskId, Name], wanted: int, shards: int) -> list[TaskId]:
        """At most `wanted` due tasks without a name.

        What was named a moment ago may still stand in the index: so many more are asked for. What an Orchestrator that
        died has named stands there until the sweep: where such names fill the answer, all names are looked past.
        """
        limit = wanted + sum(name.since > self.clock.now() - INDEX_LAG for name in names.values())
        due = self.due(labourer, limit, shards=shards)
        if len(due) == limit and sum(task not in names for task in due) < wanted:
            due = self.due(labourer, wanted + len(names), shards=shards)
        return [task for task in due if task not in names][:wanted]

    def _write(self, rows: Sequence[SlotRow], stored: Sequence[SlotRow], tasks: list[Task], named: Named) -> None:
        """Write each row that changes, all at once; adds to `named` what is ours, then raises what went wrong."""
        before, now = {row.number: row for row in stored}, self.clock.now()
        chosen: dict[int, list[Task]] = {}
        changed: list[tuple[int, SlotRow]] = []
        for at, row in enumerate(rows):
            chosen[at], tasks = tasks[: row.free], tasks[row.free :]
            wanted = row.named(chosen[at], now)
            if wanted != before.get(row.number):
                changed.append((at, wanted))
        written, failed = self._written(changed)
        for at, row in sorted(written.items()):
            named.rows[at] = row
            named.tasks += [(task, row.number) for task in chosen[at]]
        if failed:
            raise failed[0]

    def _written(self, rows: Sequence[tuple[int, SlotRow]]) -> tuple[dict[int, SlotRow], list[SoswError]]:
        """The rows as they are in the table now, by their position; and why the others are not there."""
        written: dict[int, SlotRow] = {}
        failed: list[SoswError] = []

        def write(numbered: tuple[int, SlotRow]) -> None:
            at, row = numbered
            try:
                written[at] = self.slots.write(row)
            except SoswError as error:
                failed.append(error)

        self.in_parallel(write, rows)
        return written, failed


def _call(what: Callable[[], object]) -> None:
    what()
