"""Many at once: of writes that exclude each other the table takes one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sosw.domain.errors import StaleRow, StaleTask
from sosw.domain.lifecycle import claim, complete
from sosw.domain.slots import SlotRow
from sosw.domain.task import Slot, Task
from sosw.ports import Outcome
from tests.contract.backends import DynamoWorld
from tests.contract.moves import LEASE, NOW, RETENTION, brought

RACERS = 8

T = TypeVar("T")
R = TypeVar("R")


def _race(run: Callable[[T], R], inputs: Sequence[T]) -> list[R]:
    with ThreadPoolExecutor(len(inputs)) as pool:
        return list(pool.map(run, inputs))


def test_of_many_claims_of_a_task_one_wins(dynamo_world: DynamoWorld) -> None:
    task = brought(dynamo_world.tasks, dynamo_world.new_task(), "queued")

    def run(row: int) -> Task | None:
        try:
            return dynamo_world.tasks.apply(claim(task, row=row, now=NOW, lease=LEASE))
        except StaleTask:
            return None

    won = [running for running in _race(run, range(RACERS)) if running]
    assert len(won) == 1
    assert dynamo_world.tasks.get(task.id) == won[0]


def test_of_overlapping_batches_of_claims_each_task_is_won_once(dynamo_world: DynamoWorld) -> None:
    tasks = dynamo_world.new_tasks(60)
    dynamo_world.tasks.create(tasks)

    def run(row: int) -> list[Outcome]:
        return dynamo_world.tasks.apply_all([claim(task, row=row, now=NOW, lease=LEASE) for task in tasks])

    outcomes = _race(run, range(RACERS))
    found = dynamo_world.tasks.get_many(task.id for task in tasks)
    for number, task in enumerate(tasks):
        winners = [row for row in range(RACERS) if outcomes[row][number] is Outcome.APPLIED]
        assert [Slot(row=row, version=1) for row in winners] == [found[task.id].slot]
        assert found[task.id].version == 2


def test_of_many_answers_of_an_attempt_one_is_taken(dynamo_world: DynamoWorld) -> None:
    task = brought(dynamo_world.tasks, dynamo_world.new_task(), "running")

    def run(result: int) -> int | None:
        try:
            answer = complete(task.id, attempt=1, now=NOW, retention=RETENTION, result=result)
            return int(dynamo_world.tasks.apply(answer).result)
        except StaleTask:
            return None

    taken = [result for result in _race(run, range(RACERS)) if result is not None]
    done = dynamo_world.tasks.get(task.id)
    assert done is not None
    assert taken == [done.result]


def test_of_many_writes_of_a_slot_row_one_wins(dynamo_world: DynamoWorld) -> None:
    def run(capacity: int) -> SlotRow | None:
        try:
            return dynamo_world.slots.write(SlotRow(labourer=dynamo_world.labourer, number=0, capacity=capacity))
        except StaleRow:
            return None

    won = [row for row in _race(run, range(1, RACERS + 1)) if row]
    assert won == dynamo_world.slots.rows(dynamo_world.labourer)


def test_of_many_creations_of_the_same_tasks_each_is_counted_once(dynamo_world: DynamoWorld) -> None:
    tasks = dynamo_world.new_tasks(55)
    assert sum(_race(lambda _: dynamo_world.tasks.create(tasks), range(RACERS))) == 55
    assert dynamo_world.tasks.get_many(task.id for task in tasks) == {task.id: task for task in tasks}
