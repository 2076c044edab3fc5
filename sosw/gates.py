"""What a due task must pass besides a free slot of its labourer: the rate of starts, and the limits of its key.

One dispatch of a labourer has one `Entry`. It lets tasks in before they are named in the labourer's rows, and is told
at the end which of them were started: the tokens and the slots of the others are given back. An Orchestrator that dies
in between loses its tokens, and its names in the keys' rows are cleared by who next finds no room there.

Reads come first, then tokens, then names: a labourer whose tasks are all held up by their keys costs no write, and one
that waits for tokens a write for each wake that it asks for.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol, TypeVar

from sosw.domain.errors import SoswError
from sosw.domain.records import of_labourer
from sosw.key_gate import KeyGate, Ring
from sosw.rate_gate import RateGate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sosw.domain.settings import Labourer
    from sosw.domain.task import Task, TaskId
    from sosw.ports import Clock, RecordStore, SlotStore, TaskStore

log = logging.getLogger(__name__)

Item = TypeVar("Item")

LOOK_PAST = 192
"""Due tasks of a labourer with limits by key that are looked at besides those for which it has slots: where so many at
the head of its line are held up by their keys, those behind them wait until a key has room."""


class InParallel(Protocol):
    """Calls `call` for each item, at once or one after the other, and returns when all have."""

    def __call__(self, call: Callable[[Item], None], items: Iterable[Item], /) -> object: ...


def one_by_one(call: Callable[[Item], None], items: Iterable[Item]) -> None:
    """The plainest `InParallel`."""
    for item in items:
        call(item)


def are_keys_limited(labourer: Labourer) -> bool:
    """Whether the concurrency key of a task matters."""
    return labourer.max_per_key is not None or labourer.rate_per_key is not None


def looked_at(labourer: Labourer, free: int) -> int:
    """How many due tasks to offer to an `Entry` in order to fill so many free slots."""
    return free + LOOK_PAST if are_keys_limited(labourer) else free


class Gates:
    """The gates of all labourers. One without limits by rate or key costs nothing here."""

    def __init__(
        self, *, records: RecordStore, slots: SlotStore, tasks: TaskStore, clock: Clock,
        in_parallel: InParallel = one_by_one, pause: Callable[[int], None] = lambda _number: None,
    ) -> None:  # fmt: skip
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self.rates = RateGate(records, clock, pause)
        self.keys = KeyGate(slots, tasks, clock, pause)
        self.in_parallel = in_parallel

    def entry(self, labourer: Labourer, ended: Mapping[TaskId, int]) -> Entry:
        """For one dispatch. `ended`: versions at which tasks were seen not running, as a wake tells them."""
        return Entry(self, labourer, ended)


class Entry:
    """One dispatch of a labourer at the gates."""

    def __init__(self, gates: Gates, labourer: Labourer, ended: Mapping[TaskId, int]) -> None:
        self._gates, self._labourer, self._ended = gates, labourer, ended
        rate = labourer.rate
        bucket = of_labourer(labourer.name, "bucket")
        self._purse = None if rate is None else gates.rates.purse(bucket, rate, leaves=False)
        self._doors: dict[str, _Door] = {}
        self._inside: dict[TaskId, Task] = {}

    def admit(self, candidates: Sequence[Task], limit: int) -> list[Task]:
        """Of the queued, due `candidates`, in their order, at most `limit` that may be started, each at this version.

        What it has let in before stays in, as long as it is offered at the same version. Raises `SoswError` where the
        rate of the labourer cannot be read; a key whose records or rows cannot be reached holds up its own tasks alone.
        """
        inside = [task for task in candidates if self._is_inside(task)][:limit]
        outside = [task for task in candidates if not self._is_inside(task)]
        chosen: Sequence[Task] = self._possible(outside, limit - len(inside))
        if self._purse and chosen:
            chosen = _paid(self._purse.hold, self._inside.keys(), chosen)
        entered = {task.id: task for task in self._entered(chosen)}
        self._inside |= entered
        let_in = entered.keys() | {task.id for task in inside}
        return [task for task in candidates if task.id in let_in]

    def close(self, started: AbstractSet[TaskId]) -> None:
        """End the dispatch: `started` were, or may have been; all others that were let in were not, and will not be.

        Never raises: what cannot be given back now is lost (tokens), or found over by others (names).
        """
        if self._purse:
            self._purse.give_back(len(self._inside.keys() & started))
            self._purse.see_to_wake()
        for door in self._doors.values():
            door.close(started)

    @property
    def next_at(self) -> datetime | None:
        """After `close`: when we must be woken, for tokens will have come. None where another has seen to that."""
        purses = [self._purse, *(door.purse for door in self._doors.values())]
        moments = [purse.next_at for purse in purses if purse and purse.next_at]
        return min(moments, default=None)

    def _is_inside(self, task: Task) -> bool:
        known = self._inside.get(task.id)
        return known is not None and known.version == task.version

    def _possible(self, tasks: Sequence[Task], wanted: int) -> list[Task]:
        """The first `wanted` tasks for which their keys have room. Looks at no more keys than it must."""
        of_door = self._by_door(tasks)
        looked: set[_Door] = set()
        chosen: list[Task] = []
        for start in range(0, len(tasks) if wanted > 0 else 0, max(1, wanted)):
            part = tasks[start : start + wanted]
            new = self._by_door(part).keys() - looked
            self._gates.in_parallel(lambda door: door.look(of_door[door][:wanted]), new)
            looked |= new
            chosen += [task for task in part if self._is_open_to(task)]
            if len(chosen) >= wanted:
                break
        return chosen[:wanted]

    def _is_open_to(self, task: Task) -> bool:
        door = self._door(task)
        return door is None or door.is_open_to(task)

    def _entered(self, tasks: Sequence[Task]) -> list[Task]:
        of_door = self._by_door(tasks)
        entered = [task for task in tasks if self._door(task) is None]
        self._gates.in_parallel(lambda door: entered.extend(door.enter(of_door[door])), list(of_door))
        return entered

    def _by_door(self, tasks: Sequence[Task]) -> dict[_Door, list[Task]]:
        """Those that have a key, in their order, by its door."""
        of_door: defaultdict[_Door, list[Task]] = defaultdict(list)
        for task in tasks:
            door = self._door(task)
            if door is not None:
                of_door[door].append(task)
        return of_door

    def _door(self, task: Task) -> _Door | None:
        if task.key is None or not are_keys_limited(self._labourer):
            return None
        if task.key not in self._doors:
            self._doors[task.key] = _Door(self._gates, self._labourer, task.key, self._ended)
        return self._doors[task.key]


def _paid(tokens: Callable[[int], int], inside: AbstractSet[TaskId], tasks: Sequence[Task]) -> Sequence[Task]:
    """Those of the tasks for which there are `tokens`, besides one for each that is inside: it may be named already."""
    needed = len(inside | {task.id for task in tasks})
    return tasks[: max(0, len(tasks) - needed + tokens(needed))]


class _Door:
    """The rate and the slots of one key, for one dispatch. Its trouble holds up no other key."""

    def __init__(self, gates: Gates, labourer: Labourer, key: str, ended: Mapping[TaskId, int]) -> None:
        self._labourer, self._key = labourer, key
        rate, limit = labourer.rate_per_key, labourer.max_per_key
        bucket = of_labourer(labourer.name, f"bucket#{key}")
        self.purse = None if rate is None else gates.rates.purse(bucket, rate, leaves=True)
        self._ring: Ring | None = None if limit is None else gates.keys.ring(labourer, key, limit, ended)
        self._may_enter: set[TaskId] = set()
        self._inside: set[TaskId] = set()

    def look(self, tasks: Sequence[Task]) -> None:
        """Which of the due tasks might enter now: see `is_open_to`."""
        try:
            may = tasks if self._ring is None else self._ring.open_to(tasks)
            if self.purse and may:
                may = _paid(self.purse.room, self._inside, may)
        except SoswError as error:
            self._tell(error)
            may = []
        self._may_enter = {task.id for task in may}

    def is_open_to(self, task: Task) -> bool:
        """By the last look."""
        return task.id in self._may_enter

    def enter(self, tasks: Sequence[Task]) -> list[Task]:
        """Those of the tasks that may start: with a token and a slot each."""
        try:
            if self.purse:
                tasks = _paid(self.purse.hold, self._inside, tasks)
            entered = list(tasks) if self._ring is None else self._ring.enter(tasks)
        except SoswError as error:
            self._tell(error)
            return []
        self._inside |= {task.id for task in entered}
        return entered

    def close(self, started: AbstractSet[TaskId]) -> None:
        """All others that have entered were not started."""
        if self.purse:
            self.purse.give_back(len(self._inside & started))
            self.purse.see_to_wake()
        if self._ring is not None:
            self._ring.release(started)

    def _tell(self, error: SoswError) -> None:
        log.warning("key.failed", extra={"labourer": self._labourer.name, "key": self._key, "why": str(error)})
