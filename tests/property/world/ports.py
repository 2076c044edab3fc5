"""The ports as a stepped role sees them: every item is asked for by a call of its own, as no call of AWS is one moment.

A batch of DynamoDB or of PartiQL is many writes, a query many reads: what others do may fall between any two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sosw.domain.job import Job, JobMove, Totals
from sosw.domain.lifecycle import Transition
from sosw.domain.messages import Wake
from sosw.domain.ranks import Place
from sosw.domain.records import Entry, Record, RecordKey
from sosw.domain.recount import Recount
from sosw.domain.settings import Labourer
from sosw.domain.slots import SlotRow
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.ports import Clock, Limit, Outcome
from tests.property.world.stepping import Call

Reach = Callable[[Call], Any]


class SteppedTasks:
    """A `TaskStore`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def create(self, tasks: Sequence[Task]) -> int:
        return sum(self._reach(Call("create", (task,))) for task in tasks)

    def get(self, task_id: TaskId) -> Task | None:
        found: Task | None = self._reach(Call("get", (task_id,)))
        return found

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        name = "get" if is_consistent else "get_lagging"
        found = {task_id: self._reach(Call(name, (task_id,))) for task_id in task_ids}
        return {task_id: task for task_id, task in found.items() if task is not None}

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        found: list[Place] = self._reach(Call("places", (queue, start, limit)))
        return found

    def apply(self, transition: Transition) -> Task:
        task: Task = self._reach(Call("apply", (transition,)))
        return task

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        return [self._reach(Call("apply_one", (transition,))) for transition in transitions]


class SteppedSlots:
    """A `SlotStore`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        """Each is read before the next is looked for, as by a query: a new row may be found at the end."""
        rows: list[SlotRow] = []
        while row := self._reach(Call("next_row", (labourer, len(rows) and rows[-1].number + 1))):
            rows.append(row)
        return rows

    def write(self, row: SlotRow) -> SlotRow:
        written: SlotRow = self._reach(Call("write", (row,)))
        return written


class SteppedLimits:
    """`Limits`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def tick(self) -> None:
        """Nothing is measured in this world: its limits change when they like."""

    def limits(self, labourers: Sequence[Labourer]) -> dict[LabourerName, Limit]:
        return {labourer.name: self._reach(Call("limit")) for labourer in labourers}


class SteppedRecords:
    """A `RecordStore`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        return {key: self._reach(Call("record", (key,))) for key in keys}

    def write(self, record: Record) -> Record:
        written: Record = self._reach(Call("write_record", (record,)))
        return written

    def note(self, entry: Entry) -> None:
        self._reach(Call("note", (entry,)))

    def log(self, owner: str, limit: int) -> list[Entry]:
        found: list[Entry] = self._reach(Call("log", (owner, limit)))
        return found


class SteppedJobs:
    """A `JobStore`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def open(self, job: Job) -> Job:
        known: Job = self._reach(Call("open", (job,)))
        return known

    def get(self, job_id: JobId) -> Job | None:
        job: Job | None = self._reach(Call("get_job", (job_id,)))
        return job

    def apply(self, move: JobMove) -> Job:
        job: Job = self._reach(Call("move_job", (move,)))
        return job

    def left(self, now: datetime, limit: int) -> list[JobId]:
        found: list[JobId] = self._reach(Call("left", (now, limit)))
        return found

    def recent(self, limit: int, *, before: datetime) -> list[Job]:
        found: list[Job] = self._reach(Call("recent", (limit, before)))
        return found

    def count(self, job_id: JobId, totals: Totals, *, token: str, again: datetime) -> None:
        """As `uncounted`: nobody checks them again."""
        del again
        self._reach(Call("count", (job_id, totals, token)))

    def uncounted(self, now: datetime, limit: int) -> list[JobId]:
        """Nobody checks totals in this world: they are for people, and decide nothing."""
        del now, limit
        return []

    def recount(self, job_id: JobId) -> Recount | None:
        del job_id
        return None

    def keep(self, seen: Recount, then: Recount) -> None:
        """See `uncounted`."""

    def count_again(self, job_id: JobId, at: datetime) -> None:
        """See `uncounted`."""


class SteppedInvoker:
    """An `Invoker`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        self._reach(Call("start", (function, event)))


class SteppedReminder:
    """A `Reminder`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def remind(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        self._reach(Call("remind", (wakes,)))


class SkewedClock:
    """The clock of a machine that runs ahead of the others, or behind."""

    def __init__(self, clock: Clock, ahead: timedelta) -> None:
        self._clock, self._ahead = clock, ahead

    def now(self) -> datetime:
        return self._clock.now() + self._ahead
