"""The ports as roles see them in a simulation: every call takes its time, and may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import TypeVar

from sosw.domain.errors import SoswError
from sosw.domain.job import Job, JobMove, Totals
from sosw.domain.lifecycle import Transition
from sosw.domain.ranks import Place
from sosw.domain.records import Entry, Record, RecordKey
from sosw.domain.recount import Recount
from sosw.domain.slots import SlotRow
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.ports import Outcome
from sosw.testing.memory import InMemorySlotStore, InMemoryTaskStore
from sosw.testing.memory_jobs import InMemoryJobStore
from sosw.testing.memory_lines import Lines
from sosw.testing.memory_records import InMemoryRecordStore
from sosw.testing.simulation.engine import Engine
from sosw.testing.simulation.profile import Faults, Profile

Value = TypeVar("Value")
Seen = Callable[[Task | None, Task], None]

STATEMENTS, KEYS = 25, 100
"""What goes into one call."""


class CallLost(SoswError):
    """A call without a good answer: it may have taken effect, or may yet."""


class Calls:
    """Makes calls: half of their time passes before they take effect, half after."""

    def __init__(self, engine: Engine, profile: Profile, faults: Faults, die: Random) -> None:
        self.engine, self.profile, self.faults, self.die = engine, profile, faults, die

    def lasting(self, middle: timedelta) -> timedelta:
        """What is drawn around the middle of a range."""
        return middle * self.die.uniform(0.5, 1.5)

    def make(self, effect: Callable[[], Value], middle: timedelta | None = None) -> Value:
        """The effect's value or error; raises `CallLost` where that gets lost."""
        half = self.lasting(middle or self.profile.call) / 2
        self.engine.sleep(half)
        if self.die.random() < self.faults.crash:
            if self.die.random() < 0.5:  # noqa: PLR2004  (as often before as after)
                _attempt(effect)
            self.engine.die()
        if self.die.random() < self.faults.lost:
            self._lose(effect)
        value = effect()
        self.engine.sleep(half)
        return value

    def _lose(self, effect: Callable[[], object]) -> None:
        chance = self.die.randrange(3)
        if chance == 0:
            _attempt(effect)
        elif chance == 1:
            self.engine.after(self.faults.late * self.die.random(), lambda: _attempt(effect))
        raise CallLost("no answer")


def _attempt(effect: Callable[[], object]) -> None:
    """Nobody hears of what becomes of it."""
    try:
        effect()
    except SoswError:
        return


class ObservedTasks(InMemoryTaskStore):
    """Tells of every write, in `listeners`, how its task was before and is after."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: list[Seen] = []

    def _put(self, given: Task) -> Task:
        before = self.tasks.get(given.id)
        after = super()._put(given)
        self.changes.clear()
        for listener in self.listeners:
            listener(before, after)
        return after


class Lagging:
    """The tasks as an index and cheap reads show them: each write some time after, in the order of the versions."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.seen, self.lines = InMemoryTaskStore(), Lines()

    def note(self, _before: Task | None, after: Task) -> None:
        """A write took effect."""
        lag = self._calls.profile.index * self._calls.die.random()
        if lag:
            self._calls.engine.after(lag, lambda: self._show(after))
        else:
            self._show(after)

    def _show(self, task: Task) -> None:
        known = self.seen.tasks.get(task.id)
        if known is None or known.version < task.version:
            self.seen.tasks[task.id] = task
            self.lines.move(known, task)


class SimulatedTasks:
    """A `TaskStore`."""

    def __init__(self, calls: Calls, store: ObservedTasks, lagging: Lagging) -> None:
        self._calls, self._store, self._lagging = calls, store, lagging

    def create(self, tasks: Sequence[Task]) -> int:
        """See `TaskStore.create`."""
        parts = [tasks[start : start + STATEMENTS] for start in range(0, len(tasks), STATEMENTS)]
        return sum(self._calls.make(partial(self._store.create, part)) for part in parts)

    def get(self, task_id: TaskId) -> Task | None:
        """See `TaskStore.get`."""
        return self._calls.make(lambda: self._store.get(task_id))

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        """See `TaskStore.get_many`."""
        store = self._store if is_consistent else self._lagging.seen
        ids, found = list(task_ids), dict[TaskId, Task]()
        for start in range(0, len(ids), KEYS):
            part = ids[start : start + KEYS]
            found |= self._calls.make(partial(store.get_many, part))
        return found

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        """See `TaskStore.places`."""
        return self._calls.make(lambda: list(islice(self._lagging.lines.places(queue, start), max(0, limit))))

    def apply(self, transition: Transition) -> Task:
        """See `TaskStore.apply`."""
        return self._calls.make(lambda: self._store.apply(transition))

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        """See `TaskStore.apply_all`."""
        outcomes: list[Outcome] = []
        for start in range(0, len(transitions), STATEMENTS):
            part = transitions[start : start + STATEMENTS]
            try:
                outcomes += self._calls.make(partial(self._store.apply_all, part))
            except CallLost:
                outcomes += [Outcome.UNCERTAIN] * len(part)
        return outcomes


class SimulatedSlots:
    """A `SlotStore`."""

    def __init__(self, calls: Calls, store: InMemorySlotStore) -> None:
        self._calls, self._store = calls, store

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        """See `SlotStore.rows`."""
        return self._calls.make(lambda: self._store.rows(labourer))

    def write(self, row: SlotRow) -> SlotRow:
        """See `SlotStore.write`."""
        return self._calls.make(lambda: self._store.write(row))


class SimulatedRecords:
    """A `RecordStore`."""

    def __init__(self, calls: Calls, store: InMemoryRecordStore) -> None:
        self._calls, self._store = calls, store

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        """See `RecordStore.read`."""
        wanted = list(keys)
        return self._calls.make(lambda: self._store.read(wanted))

    def write(self, record: Record) -> Record:
        """See `RecordStore.write`."""
        return self._calls.make(lambda: self._store.write(record))

    def note(self, entry: Entry) -> None:
        """See `RecordStore.note`."""
        self._calls.make(lambda: self._store.note(entry))

    def log(self, owner: str, limit: int) -> list[Entry]:
        """See `RecordStore.log`."""
        return self._calls.make(lambda: self._store.log(owner, limit))


class SimulatedJobs:
    """A `JobStore`."""

    def __init__(self, calls: Calls, store: InMemoryJobStore) -> None:
        self._calls, self._store = calls, store

    def open(self, job: Job) -> Job:
        """See `JobStore.open`."""
        return self._calls.make(lambda: self._store.open(job))

    def get(self, job_id: JobId) -> Job | None:
        """See `JobStore.get`."""
        return self._calls.make(lambda: self._store.get(job_id))

    def apply(self, move: JobMove) -> Job:
        """See `JobStore.apply`."""
        return self._calls.make(lambda: self._store.apply(move))

    def left(self, now: datetime, limit: int) -> list[JobId]:
        """See `JobStore.left`."""
        return self._calls.make(lambda: self._store.left(now, limit))

    def recent(self, limit: int, *, before: datetime) -> list[Job]:
        """See `JobStore.recent`."""
        return self._calls.make(lambda: self._store.recent(limit, before=before))

    def count(self, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        """See `JobStore.count`."""
        self._calls.make(lambda: self._store.count(job_id, totals, token=token, again=again))

    def uncounted(self, now: datetime, limit: int) -> list[JobId]:
        """See `JobStore.uncounted`."""
        return self._calls.make(lambda: self._store.uncounted(now, limit))

    def recount(self, job_id: JobId) -> Recount | None:
        """See `JobStore.recount`."""
        return self._calls.make(lambda: self._store.recount(job_id))

    def keep(self, seen: Recount, then: Recount) -> None:
        """See `JobStore.keep`."""
        self._calls.make(lambda: self._store.keep(seen, then))

    def count_again(self, job_id: JobId, at: datetime) -> None:
        """See `JobStore.count_again`."""
        self._calls.make(lambda: self._store.count_again(job_id, at))
