"""A job's tasks, read by their numbers: what the totals say late or wrong, they say exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from sosw.domain.task import JobId, Task, TaskState, task_id
from sosw.ports import TaskStore

BATCH = 200
"""Tasks that are held in memory at a time."""
LOOKED_THROUGH = 25
"""Batches in which open tasks are looked for, to name some."""


class Census:
    """Counts the tasks of a job whose number is known. What it found closed it does not read again."""

    def __init__(self, tasks: TaskStore, job_id: JobId, total: int) -> None:
        self._tasks, self._job_id, self.total = tasks, job_id, total
        self._frontier = 0
        self.counts: Counter[str] = Counter()
        """Of the tasks before the frontier, by state; and `failed` (attempts) and `gone`."""

    def advance(self) -> bool:
        """Go on to the first batch with a task that is open; whether there is none, and all are counted."""
        for batch in batches(self._tasks, self._job_id, range(self._frontier, self.total)):
            if any(task is not None and not task.state.is_closed for _, task in batch):
                return False
            self._add(batch)
            self._frontier += len(batch)
        return True

    def count(self) -> Counter[str]:
        """All of its tasks as they stand, open ones too."""
        rest = Census(self._tasks, self._job_id, self.total)
        for batch in batches(self._tasks, self._job_id, range(self._frontier, self.total)):
            rest._add(batch)
        return self.counts + rest.counts

    def some_open(self, limit: int) -> list[Task]:
        """At most `limit` open tasks, of those that are not far behind the first one."""
        numbers = range(self._frontier, min(self.total, self._frontier + LOOKED_THROUGH * BATCH))
        found = (task for batch in batches(self._tasks, self._job_id, numbers) for _, task in batch if task)
        return list(islice((task for task in found if not task.state.is_closed), limit))

    def _add(self, batch: list[tuple[int, Task | None]]) -> None:
        self.counts.update("gone" if task is None else task.state.value for _, task in batch)
        self.counts["failed"] += sum(len(task.failures) for _, task in batch if task)


def batches(tasks: TaskStore, job_id: JobId, numbers: range) -> Iterator[list[tuple[int, Task | None]]]:
    """The tasks of those numbers in their order, some hundred at a time; None where there is none."""
    for begin in range(numbers.start, numbers.stop, BATCH):
        ids = {number: task_id(job_id, number) for number in range(begin, min(begin + BATCH, numbers.stop))}
        found = tasks.get_many(ids.values())
        yield [(number, found.get(each)) for number, each in ids.items()]


def is_done(task: Task | None) -> bool:
    """It ended well."""
    return task is not None and task.state is TaskState.DONE
