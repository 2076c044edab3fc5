"""Many transitions at once: each by itself, answered in order."""

from __future__ import annotations

from typing import Any

from sosw.domain.lifecycle import fence
from sosw.domain.task import TaskState
from sosw.ports import Outcome
from tests.contract.backends import DynamoWorld, World
from tests.contract.faults import body_of, on
from tests.contract.moves import MOVES, brought, cancel, claim

A, S = Outcome.APPLIED, Outcome.STALE


def test_no_transitions_have_no_outcomes(world: World) -> None:
    assert world.tasks.apply_all([]) == []


def test_outcomes_stand_in_the_order_of_the_transitions_however_many(world: World) -> None:
    tasks = world.new_tasks(130)
    world.tasks.create([task for n, task in enumerate(tasks) if n % 3])
    assert world.tasks.apply_all([claim(task) for task in tasks]) == [A if n % 3 else S for n in range(130)]
    states = {task.state for task in world.tasks.get_many(task.id for task in tasks).values()}
    assert states == {TaskState.RUNNING}


def test_each_transition_of_a_batch_stands_alone(world: World) -> None:
    done, running, queued, absent = (
        *(brought(world.tasks, world.new_task(), state) for state in ("done", "running", "queued")),
        world.new_task(),
    )
    batch = [claim(done), MOVES["complete"](running), claim(absent), cancel(queued), MOVES["heartbeat"](done)]
    assert world.tasks.apply_all(batch) == [S, A, S, A, S]
    assert world.tasks.get(done.id) == done
    assert world.tasks.get(absent.id) is None


def test_transitions_of_one_task_in_one_batch_are_made_in_their_order(world: World) -> None:
    task, other = world.new_tasks(2)
    world.tasks.create([task, other])
    batch = [fence(task), claim(task), claim(other), cancel(task), MOVES["complete"](other), MOVES["complete"](task)]
    assert world.tasks.apply_all(batch) == [A, S, A, A, A, S]
    after = world.tasks.get(task.id)
    assert after is not None
    assert (after.state, after.version) == (TaskState.CANCELLED, 3)


def test_of_claims_at_the_same_version_one_is_applied(world: World) -> None:
    task = world.new_task()
    world.tasks.create([task])
    assert world.tasks.apply_all([claim(task)] * 4) == [A, S, S, S]


def test_no_call_holds_two_transitions_of_one_task(dynamo_world: DynamoWorld) -> None:
    """The local servers keep the order of a call's statements; AWS promises none."""
    tasks = dynamo_world.new_tasks(3)
    dynamo_world.tasks.create(tasks)
    asked: list[list[str]] = []

    def listen(request: Any, **_: Any) -> None:
        asked.append([s["Parameters"][-3]["S"] for s in body_of(request)["Statements"]])

    with on(dynamo_world.database, "before-send.dynamodb.BatchExecuteStatement", listen):
        dynamo_world.tasks.apply_all([claim(task) for task in [*tasks, *tasks, tasks[0]]])
    first, second, third = tasks
    assert asked == [[first.id, second.id, third.id], [first.id, second.id, third.id], [first.id]]
