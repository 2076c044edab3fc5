"""What is read of tasks: by id, many at once, and who is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sosw.domain.lifecycle import queue_key
from sosw.domain.ranks import Place, Section, rank
from sosw.domain.task import LabourerName, TaskId, TaskState
from tests.contract.backends import World
from tests.contract.moves import NOW, STATES, brought, claim


def test_a_task_that_is_not_there_is_none(world: World) -> None:
    assert world.tasks.get(world.new_id()) is None


@pytest.mark.parametrize("is_consistent", [True, False])
def test_many_tasks_are_read_whatever_their_number_and_absent_ones_are_missing(
    world: World, *, is_consistent: bool
) -> None:
    tasks = world.new_tasks(230)
    world.tasks.create(tasks[:220])
    found = world.tasks.get_many((task.id for task in tasks), is_consistent=is_consistent)
    assert found == {task.id: task for task in tasks[:220]}


def test_an_id_may_be_asked_for_twice(world: World) -> None:
    tasks = world.new_tasks(3)
    world.tasks.create(tasks)
    assert world.tasks.get_many([task.id for task in tasks] * 50) == {task.id: task for task in tasks}


def test_reading_no_tasks_finds_none(world: World) -> None:
    assert world.tasks.get_many([]) == {}


def test_many_large_tasks_are_read_although_one_answer_cannot_hold_them(world: World) -> None:
    tasks = world.new_tasks(65, payload={"text": "x" * 260_000})  # 17 MB: an answer holds 16
    assert world.tasks.create(tasks) == 65
    found = world.tasks.get_many(task.id for task in tasks)
    assert sorted(found) == sorted(task.id for task in tasks)
    assert all(len(task.payload["text"]) == 260_000 for task in found.values())


def test_due_are_those_whose_moment_has_come_the_oldest_first(world: World) -> None:
    moments = [NOW + timedelta(milliseconds=ms) for ms in (7, 3, 5, 0, 9, 1)]
    tasks = [world.new_task(greenfield=moment) for moment in moments]
    world.tasks.create(tasks)
    by_age = [task.id for task in sorted(tasks, key=lambda task: task.greenfield)]
    assert world.due(moments[0], 10) == by_age[:5]
    assert world.due(moments[0] - timedelta(microseconds=1), 10) == by_age[:4]
    assert world.due(moments[0], 2) == by_age[:2]
    assert world.due(NOW - timedelta(milliseconds=1), 10) == []


def test_nobody_is_due_at_a_limit_of_nought_or_less(world: World) -> None:
    world.tasks.create([world.new_task()])
    assert world.due(NOW, 0) == []
    assert world.due(NOW, -1) == []


def test_only_queued_tasks_stand_in_the_line_and_dead_ones_in_their_own(world: World) -> None:
    tasks = {state: brought(world.tasks, world.new_task(), state) for state in STATES}
    late = NOW + timedelta(days=365)
    queued = {task.id for task in tasks.values() if task.state is TaskState.QUEUED}
    assert len(queued) == 7
    assert set(world.due(late, 100)) == queued
    assert world.dead() == [tasks["dead"].id]


def test_a_labourer_sees_its_own_line_alone(world: World) -> None:
    other = LabourerName(f"{world.labourer}-other")
    mine, theirs = world.new_task(), world.new_task(labourer=other)
    world.tasks.create([mine, theirs])
    assert world.due(NOW, 10) == [mine.id]
    assert world.due(labourer=other) == [theirs.id]


def test_a_retry_stands_behind_those_due_before_it(world: World) -> None:
    first = brought(world.tasks, world.new_task(), "waiting for its retry")
    second = brought(world.tasks, world.new_task(), "given back")
    assert second.greenfield < first.greenfield
    assert world.due(first.greenfield, 10) == [second.id, first.id]
    world.tasks.apply(claim(second))
    assert world.due(first.greenfield, 10) == [first.id]


def test_priority_goes_before_age_and_what_is_not_due_yet_holds_up_nobody(world: World) -> None:
    def waiting(priority: int, due: float) -> TaskId:
        task = world.new_task(priority=priority, greenfield=NOW + timedelta(seconds=due))
        world.tasks.create([task])
        return task.id

    last_old, later, middle = waiting(9, -10), waiting(0, 60), waiting(5, 0)
    first, middle_later, last = waiting(0, -1), waiting(5, 60), waiting(9, 0)

    assert world.due(NOW, 10) == [first, middle, last_old, last]
    assert world.due(NOW, 2) == [first, middle]
    assert set(world.due(NOW + timedelta(minutes=2), 10)) >= {later, middle_later}


def test_the_limit_holds_across_priorities(world: World) -> None:
    moments = [(0, -1), (0, 60), (5, -3), (5, -2), (5, -1)]
    tasks = [world.new_task(priority=p, greenfield=NOW + timedelta(seconds=s)) for p, s in moments]
    world.tasks.create(tasks)
    assert world.due(NOW, 2) == [tasks[0].id, tasks[2].id]


def test_places_are_given_from_a_rank_on_in_order_up_to_a_limit(world: World) -> None:
    tasks, line = world.new_tasks(7, tag=100), queue_key(world.labourer)
    world.tasks.create(tasks)
    places = [Place(rank(5, Section.READY, 100 + n), task.id) for n, task in enumerate(tasks)]
    assert world.tasks.places(line, 0, 99) == places
    assert world.tasks.places(line, places[2].rank, 3) == places[2:5]
    assert world.tasks.places(line, places[-1].rank + 1, 3) == world.tasks.places("nobody/0", 0, 3) == []


def test_ready_tasks_stand_by_their_tags_and_take_turns_with_retries(world: World) -> None:
    late, early = world.new_tasks(3, tag=700), world.new_tasks(3, tag=10**13)
    world.tasks.create([*early, *late])
    assert world.due() == [task.id for task in (*late, *early)]
    retry = brought(world.tasks, world.new_task(), "given back")
    assert retry.id in world.due(retry.greenfield, 2)
    assert late[0].id in world.due(retry.greenfield, 2)


def test_tasks_of_all_shards_are_found_in_their_order(world: World) -> None:
    tasks = world.new_tasks(60, tag=1, shards=7)
    world.tasks.create(tasks)
    assert world.due(NOW, 60, shards=7) == [task.id for task in tasks]
    assert world.tasks.get(tasks[3].id) == tasks[3]
