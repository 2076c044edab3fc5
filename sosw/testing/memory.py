"""The stores in memory: as strict as the tables, for tests of roles and for simulations."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext, lifecycle
from sosw.domain.errors import StaleRow, StaleTask
from sosw.domain.messages import Change, change
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.ports import Outcome
from sosw.testing.memory_lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sosw.domain.lifecycle import Transition
    from sosw.domain.ranks import Place


class InMemoryTaskStore:
    """A `TaskStore`; `changes` is its stream: what every write made of its task, oldest first."""

    def __init__(self) -> None:
        self.tasks = {}
        self.changes: list[Change] = []

    @property
    def tasks(self) -> dict[TaskId, Task]:
        """The table. A test may take tasks out of it, or give it another one; `create` and `apply` put them in."""
        return self._tasks

    @tasks.setter
    def tasks(self, tasks: dict[TaskId, Task]) -> None:
        self._tasks, self._lines = tasks, Lines(tasks.values())

    def create(self, tasks: Sequence[Task]) -> int:
        """See `TaskStore.create`."""
        before = len(self.tasks)
        for task in tasks:
            if task.id not in self.tasks:
                self._put(task)
        return len(self.tasks) - before

    def get(self, task_id: TaskId) -> Task | None:
        """See `TaskStore.get`."""
        return self.tasks.get(task_id)

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        """See `TaskStore.get_many`."""
        del is_consistent
        return {task_id: self.tasks[task_id] for task_id in task_ids if task_id in self.tasks}

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        """See `TaskStore.places`."""
        standing = (place for place in self._lines.places(queue, start) if self._stands(queue, place))
        return list(islice(standing, max(0, limit)))

    def apply(self, transition: Transition) -> Task:
        """See `TaskStore.apply`."""
        return self._put(lifecycle.apply(transition, self.tasks.get(transition.task_id)))

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        """See `TaskStore.apply_all`."""
        return [self._outcome(transition) for transition in transitions]

    def _stands(self, queue: str, place: Place) -> bool:
        task = self.tasks.get(place.task)  # a test may have taken it out
        return task is not None and (task.queue, task.rank) == (queue, place.rank)

    def _outcome(self, transition: Transition) -> Outcome:
        try:
            self.apply(transition)
        except StaleTask:
            return Outcome.STALE
        return Outcome.APPLIED

    def _put(self, given: Task) -> Task:
        before, task = self.tasks.get(given.id), _as_stored(given)
        self.tasks[task.id] = task
        self._lines.move(before, task)
        self.changes.append(change(before, task))
        return task


def _as_stored(task: Task) -> Task:
    """As the table gives it back: JSON by its text, moments by the millisecond, the end of its life by the second."""
    expires = task.expires_at and task.expires_at.replace(microsecond=0)
    return replace(
        task,
        payload=_json(task.payload),
        result=_json(task.result),
        stats=_json(task.stats),
        created_at=_ms(task.created_at),
        greenfield=_ms(task.greenfield),
        started_at=task.started_at and _ms(task.started_at),
        closed_at=task.closed_at and _ms(task.closed_at),
        expires_at=expires,
        failures=tuple(
            replace(failure, at=_ms(failure.at), started_at=failure.started_at and _ms(failure.started_at))
            for failure in task.failures
        ),
    )


def _json(value: Any) -> Any:
    return None if value is None else jsontext.load(jsontext.dump(value))


def _ms(moment: datetime) -> datetime:
    return from_ms(to_ms(moment))


class InMemorySlotStore:
    """A `SlotStore`."""

    def __init__(self) -> None:
        self._rows: dict[tuple[LabourerName, int], SlotRow] = {}

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        """See `SlotStore.rows`."""
        return [row for (name, _), row in sorted(self._rows.items()) if name == labourer]

    def write(self, row: SlotRow) -> SlotRow:
        """See `SlotStore.write`."""
        key = (row.labourer, row.number)
        if row.version != (self._rows[key].version if key in self._rows else 0):
            raise StaleRow(row)
        names = {task: replace(name, since=_ms(name.since)) for task, name in row.names.items()}
        expires = row.expires_at and row.expires_at.replace(microsecond=0)
        self._rows[key] = replace(row, version=row.version + 1, names=names, expires_at=expires)
        return self._rows[key]
