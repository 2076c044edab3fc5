"""Creating is a no-op where the task is there already, whatever has become of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sosw.domain.task import TaskState
from tests.contract.backends import World
from tests.contract.moves import NOW, STATES, brought, claim


def test_a_created_task_is_queued_as_it_was_offered(world: World) -> None:
    task = world.new_task(payload={"b": [1, {}], "a": None})
    assert world.tasks.create([task]) == 1
    assert world.tasks.get(task.id) == task
    assert (task.state, task.version, task.attempt) == (TaskState.QUEUED, 1, 0)
    assert world.due(NOW, 10) == [task.id]


def test_creating_nothing_is_nothing(world: World) -> None:
    assert world.tasks.create([]) == 0


@pytest.mark.parametrize("state", STATES)
def test_a_task_that_is_there_stays_untouched_whatever_its_state(world: World, state: str) -> None:
    offered = world.new_task()
    there = brought(world.tasks, offered, state)
    assert world.tasks.create([offered]) == 0
    assert world.tasks.get(offered.id) == there


def test_a_job_begun_again_gets_the_tasks_that_it_lacks_and_no_others(world: World) -> None:
    tasks = world.new_tasks(110)
    assert world.tasks.create(tasks[30:70]) == 40
    running = world.tasks.apply(claim(tasks[40]))
    assert world.tasks.create(tasks) == 70
    found = world.tasks.get_many(task.id for task in tasks)
    assert found == {**{task.id: task for task in tasks}, running.id: running}


def test_of_tasks_offered_twice_at_once_the_first_is_created(world: World) -> None:
    first, other = world.new_task(payload={"n": 1}), world.new_task()
    second = replace(first, payload={"n": 2})
    assert world.tasks.create([first, other, second, other]) == 2
    assert world.tasks.get(first.id) == first


def test_a_task_of_the_largest_payload_is_kept_whole(world: World) -> None:
    payload = {"text": "ä" * 130_000, "n": 1}
    task = world.new_task(payload=payload)
    assert world.tasks.create([task]) == 1
    found = world.tasks.get(task.id)
    assert found is not None
    assert found.payload == payload
