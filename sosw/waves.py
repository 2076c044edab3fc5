"""Dispatches labourers in waves: each in its turn, several at once, none held up by another."""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from sosw.domain.seen import Seen
from sosw.limits import LimitBook
from sosw.naming import NAMING_ROUNDS, WAVE
from sosw.refilling import Wave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sosw.backlogs import Backlogs
    from sosw.domain.settings import Labourer
    from sosw.domain.slots import SlotRow
    from sosw.domain.task import LabourerName, Task, TaskId
    from sosw.naming import Naming
    from sosw.ports import Admission, Clock, Gates, InParallel, Limits
    from sosw.refilling import Refilling
    from sosw.starting import Starting

log = logging.getLogger(__name__)

Result = TypeVar("Result")

LANES = 8
"""Labourers dispatched at once: a function that hangs holds up its own lane."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A labourer that waits for its wave."""

    labourer: Labourer
    ended: Mapping[TaskId, int] | None
    """Versions at which tasks were seen not running; None if nobody woke it."""
    seen: Seen | None = None
    """Its rows as they were just read, or left by the wave before."""


class Ran:
    """What an invocation has done, and what it has not come to. Lanes share it."""

    def __init__(self, turns: Sequence[Turn], limits: LimitBook, is_time: Callable[[], bool]) -> None:
        self.limits, self.is_time = limits, is_time
        self.started: Counter[LabourerName] = Counter()
        self.full: list[tuple[Labourer, Wave]] = []
        """Labourers of which something was started, and more might be as soon as something ends."""
        self.later: dict[LabourerName, datetime] = {}
        """Labourers of which more might be started at a moment, though nothing ends."""
        self._waiting, self._lock = deque(turns), Lock()

    @property
    def left(self) -> list[Turn]:
        """Turns for which there was no time."""
        return list(self._waiting)

    def take(self) -> Turn | None:
        """Whose turn it is; None when it is nobody's, or there is no time for a wave."""
        with self._lock:
            return self._waiting.popleft() if self._waiting and self.is_time() else None

    def count(self, labourer: Labourer, wave: Wave) -> None:
        """So many more were started."""
        with self._lock:
            self.started[labourer.name] += wave.count
            self.later.pop(labourer.name, None)
            if wave.next_at:
                self.later[labourer.name] = wave.next_at

    def note(self, labourer: Labourer, wave: Wave) -> None:
        """What became of its turn. Where there may be more to start, its next one comes after the others."""
        self.count(labourer, wave)
        with self._lock:
            if wave.count >= WAVE:
                self._waiting.append(Turn(labourer, {}, wave.seen))
            elif wave.may_refill and self.started[labourer.name]:
                self.full.append((labourer, replace(wave, count=self.started[labourer.name])))


class Open:
    """`Gates` through which every task passes."""

    def entry(self, labourer: Labourer, ended: Mapping[TaskId, int]) -> Admission:
        """See `Gates.entry`."""
        del labourer, ended
        return self

    def admit(self, candidates: Sequence[Task], limit: int) -> list[Task]:
        """See `Admission.admit`."""
        return list(candidates[:limit])

    def close(self, started: AbstractSet[TaskId]) -> None:
        """See `Admission.close`."""

    @property
    def next_at(self) -> datetime | None:
        """See `Admission.next_at`."""
        return None


class Waves:
    """Of the labourers of one Orchestrator."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self, *, naming: Naming, starting: Starting, refilling: Refilling, backlogs: Backlogs, limits: Limits,
        gates: Gates, clock: Clock, in_parallel: InParallel,
    ) -> None:  # fmt: skip
        self.naming, self.starting, self.refilling, self.backlogs = naming, starting, refilling, backlogs
        self.limits, self.gates, self.clock, self.in_parallel = limits, gates, clock, in_parallel
        self.failed: Counter[LabourerName] = Counter()
        """How often a labourer could not be dispatched, since this was last cleared."""

    def run(self, turns: Sequence[Turn], is_time: Callable[[], bool], *, may_linger: bool = True) -> Ran:
        """A wave of each labourer that has something to do, in turn, until all are started for which there are slots.

        Then, if it `may_linger`, slots are refilled as attempts end, for a while. No wave begins when `is_time` says
        that there is none.
        """
        woken = self._book(turn for turn in turns if turn.ended is not None)
        busy = self._busy(turns, woken)
        ran = Ran(busy, woken if woken.labourers else self._book(busy), is_time)
        self.in_parallel(lambda _lane: self._take_turns(ran), range(min(LANES, len(busy))))
        self.in_parallel(lambda full: self._refill(ran, *full), ran.full if may_linger else [])
        return ran

    def _book(self, turns: Iterable[Turn]) -> LimitBook:
        return LimitBook(self.limits, [turn.labourer for turn in turns], self.clock)

    def _busy(self, turns: Sequence[Turn], limits: LimitBook) -> list[Turn]:
        """Those that have something to do, in their order."""
        found: dict[int, Turn] = {}

        def look(numbered: tuple[int, Turn]) -> None:
            number, turn = numbered
            seen = self._guarded(turn.labourer, lambda: self._looked_at(turn, limits))
            if seen:
                found[number] = seen

        self.in_parallel(look, list(enumerate(turns)))
        self.backlogs.tell()
        return [found[number] for number in sorted(found)]

    def _looked_at(self, turn: Turn, limits: LimitBook) -> Turn | None:
        """None when there is nothing to do: nothing due, or all known that it was woken with, and no slot free.

        Who was woken for ends that somebody else has seen before need not look further. Who was woken for nothing else
        must: the limit may have risen.
        """
        if turn.ended is None:
            return turn if self.backlogs.look(turn.labourer) else None
        seen = self.naming.look(turn.labourer, limits)
        rows = seen.rows
        is_full = bool(rows) and not any(row.free for row in rows)
        is_news = any(row.without(turn.ended) != row for row in rows)
        return None if turn.ended and is_full and not is_news else replace(turn, seen=seen)

    def _take_turns(self, ran: Ran) -> None:
        while turn := ran.take():
            self._take(ran, turn)

    def _take(self, ran: Ran, turn: Turn) -> None:
        wave = self._guarded(turn.labourer, lambda: self.wave(turn, ran.limits))
        if wave:
            ran.note(turn.labourer, wave)

    def wave(self, turn: Turn, limits: LimitBook) -> Wave:
        """Start a wave of the labourer at most."""
        labourer, ended, wave = turn.labourer, turn.ended or {}, Wave(count=0)
        admission, seen = self.gates.entry(labourer, ended), turn.seen
        started: set[TaskId] = set()
        try:
            for _ in range(NAMING_ROUNDS):
                named = self.naming.name(labourer, ended, limits, admission, seen)
                started |= {task.id for task, _ in named.tasks}
                done = self.starting.start(labourer, named.tasks)
                started -= done.not_started
                is_ours = named.is_won and done.is_clean and not wave.count
                wave = Wave(wave.count + done.count, tuple(named.rows) if is_ours else (), is_ours and named.is_full)
                if not named.is_cut or wave.count >= WAVE:
                    break
                seen = None
        finally:
            admission.close(started)
        return replace(wave, next_at=admission.next_at)

    def _refill(self, ran: Ran, labourer: Labourer, wave: Wave) -> None:
        def again(ended: Mapping[TaskId, int], rows: Sequence[SlotRow]) -> Wave:
            wave = self._counted(ran, Turn(labourer, ended, Seen(rows)))
            while wave.count >= WAVE and ran.is_time():
                wave = self._counted(ran, Turn(labourer, {}, wave.seen))
            return wave

        self._guarded(labourer, lambda: self.refilling.follow(labourer, wave, again, ran.is_time))

    def _counted(self, ran: Ran, turn: Turn) -> Wave:
        wave = self.wave(turn, ran.limits)
        ran.count(turn.labourer, wave)
        return wave

    def _guarded(self, labourer: Labourer, call: Callable[[], Result]) -> Result | None:
        """None when it failed: the next labourer must not wait for that, and the minute rule tries this one again."""
        try:
            return call()
        except Exception:
            log.exception("labourer.failed", extra={"labourer": labourer.name})
            self.failed[labourer.name] += 1
            return None
