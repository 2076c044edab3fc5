"""The same operations on memory and on a server give the same answers and the same states, whatever they are."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sosw.domain import lifecycle
from sosw.domain.errors import StaleRow, StaleTask
from sosw.domain.moments import to_ms
from sosw.domain.ranks import NUMBERS
from sosw.domain.slots import Name, SlotRow
from sosw.domain.task import JobId, LabourerName, Task, TaskId, task_id
from sosw.ports import SlotStore, TaskStore
from sosw.testing import InMemorySlotStore, InMemoryTaskStore
from tests.contract.backends import DynamoWorld
from tests.contract.moves import MOVES, NOW

_runs = itertools.count()

TASKS = 4
MOMENTS = st.integers(0, 3_000_000).map(lambda ms: NOW + timedelta(microseconds=ms * 1003))
STEPS = st.one_of(
    st.tuples(st.just("create"), st.lists(st.integers(0, TASKS - 1), min_size=1, max_size=5), MOMENTS),
    st.tuples(st.just("move"), st.integers(0, TASKS - 1), st.sampled_from(sorted(MOVES)), st.integers(0, 3), MOMENTS),
    st.tuples(
        st.just("batch"),
        st.lists(
            st.tuples(st.integers(0, TASKS - 1), st.sampled_from(sorted(MOVES)), st.integers(0, 2), MOMENTS), max_size=6
        ),
    ),
    st.tuples(st.just("due"), st.sampled_from(["queue", "dead"]), MOMENTS),
)


@dataclass
class Run:
    """One store, and what was seen of its tasks: a move is asked for by what somebody saw, now or a while ago."""

    store: TaskStore
    job: JobId
    seen: dict[int, list[Task]] = field(default_factory=dict)

    def do(self, step: tuple[Any, ...]) -> Any:
        name, *arguments = step
        return getattr(self, f"_{name}")(*arguments)

    def _create(self, numbers: list[int], moment: datetime) -> Any:
        offered = [self._new(n, moment + timedelta(seconds=k)) for k, n in enumerate(numbers)]
        return self.store.create(offered), self._look()

    def _move(self, number: int, move: str, ago: int, moment: datetime) -> Any:
        try:
            answer: Any = self.store.apply(self._transition(number, move, ago, moment))
        except StaleTask as stale:
            answer = (stale.task_id, stale.move, stale.found)
        return answer, self._look()

    def _batch(self, moves: list[tuple[int, str, int, datetime]]) -> Any:
        return self.store.apply_all([self._transition(*move) for move in moves]), self._look()

    def _due(self, line: str, until: datetime) -> Any:
        labourer = LabourerName(self.job)
        key = lifecycle.queue_key(labourer) if line == "queue" else lifecycle.dead_key(labourer)
        found = self.store.get_many(self._ids())
        return sorted((found[task].greenfield, task) for task in _due(self.store, key, until))

    def _look(self) -> dict[TaskId, Task]:
        found = self.store.get_many(self._ids())
        for number, task in enumerate(self._ids()):
            if task in found:
                self.seen.setdefault(number, []).append(found[task])
        return found

    def _transition(self, number: int, move: str, ago: int, moment: datetime) -> lifecycle.Transition:
        known = self.seen.get(number, [self._new(number, NOW)])
        return _at(MOVES[move](known[-1 - min(ago, len(known) - 1)]), moment)

    def _new(self, number: int, due: datetime) -> Task:
        task = Task(
            id=task_id(self.job, number),
            job_id=self.job,
            labourer=LabourerName(self.job),
            payload={"number": number},
            created_at=due,
            greenfield=due,
        )
        return lifecycle.queued(task)

    def _ids(self) -> list[TaskId]:
        return [task_id(self.job, number) for number in range(TASKS)]


def _due(store: TaskStore, line: str, until: datetime) -> list[TaskId]:
    return [place.task for place in store.places(line, 0, 100) if place.rank % NUMBERS <= to_ms(until)]


def _at(transition: lifecycle.Transition, moment: datetime) -> lifecycle.Transition:
    """The same move at another moment: everything that it writes of time, and the lease's end that it asks for."""
    late = moment - NOW
    changes = {key: value + late if isinstance(value, datetime) else value for key, value in transition.changes.items()}
    return replace(transition, changes=changes, lease_over=transition.lease_over and transition.lease_over + late)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_tasks_live_alike_in_memory_and_in_the_table(dynamo_world: DynamoWorld, steps: list[tuple[Any, ...]]) -> None:
    job = JobId(f"run-{next(_runs)}")
    table, memory = Run(dynamo_world.tasks, job), Run(InMemoryTaskStore(), job)
    for step in [("create", list(range(TASKS - 1)), NOW), *steps]:
        assert table.do(step) == memory.do(step)


WRITES = st.tuples(
    st.integers(0, 2),
    st.integers(-1, 1),
    st.integers(0, 16),
    st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(1, 99), MOMENTS), max_size=3),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(WRITES, min_size=3, max_size=15))
def test_slot_rows_live_alike_in_memory_and_in_the_table(dynamo_world: DynamoWorld, writes: list[Any]) -> None:
    labourer = LabourerName(f"run-{next(_runs)}")
    stores: list[SlotStore] = [dynamo_world.slots, InMemorySlotStore()]
    for write in writes:
        in_table, in_memory = (_write(store, labourer, *write) for store in stores)
        assert in_table == in_memory
    assert stores[0].rows(labourer) == stores[1].rows(labourer)


def _write(
    store: SlotStore, labourer: LabourerName, number: int, off: int, capacity: int, names: dict[str, Any]
) -> SlotRow | None:
    """A write at the row's version or next to it; None where it was refused."""
    version = next((row.version for row in store.rows(labourer) if row.number == number), 0)
    named = {TaskId(task): Name(*name) for task, name in names.items()}
    try:
        return store.write(
            SlotRow(labourer=labourer, number=number, capacity=capacity, version=max(0, version + off), names=named)
        )
    except StaleRow:
        return None
