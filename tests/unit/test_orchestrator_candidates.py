"""What the Orchestrator takes for startable, although its index lags and rows are full of old names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.ranks import Place
from sosw.domain.seen import HINT, Hint
from sosw.domain.slots import ROW_SLOTS, SlotRow, resized
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.testing import InMemoryTaskStore
from tests.factories import LABOURER, LEASE, NOW, World, a_task, seconds


class Counting(InMemoryTaskStore):
    """Counts the questions asked of the index."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        self.asked.append(limit)
        return super().places(queue, start, limit)


class Lagging(InMemoryTaskStore):
    """Its index and its cheap reads show the world as it was at `freeze`."""

    def freeze(self) -> None:
        self.past = InMemoryTaskStore()
        self.past.tasks = dict(self.tasks)

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        return self.past.places(queue, start, limit)

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        return super().get_many(task_ids) if is_consistent else self.past.get_many(task_ids)


def test_a_task_older_than_the_evidence_of_its_end_is_not_named_again() -> None:
    world = World(limit=2)
    world.tasks = store = Lagging()
    world.queue(1)
    store.freeze()
    world.orchestrator()({})
    world.report("complete")
    assert world.orchestrator()({"wake": {"sales": {"job#0": 3}}}) == {"started": {}}
    assert world.names() == {}


def test_names_of_an_orchestrator_that_died_do_not_hide_what_stands_behind_them() -> None:
    world = World(limit=6)
    world.queue(6)
    row = SlotRow(labourer=LABOURER, number=0, capacity=6)
    world.slots.write(row.named([a_task(n) for n in range(3)], NOW))
    world.clock.advance(seconds=10)
    assert world.orchestrator()({}) == {"started": {"sales": 3}}
    assert [task for task, _ in world.started] == ["job#3", "job#4", "job#5"]


def test_tasks_named_a_moment_ago_are_looked_past_with_one_question() -> None:
    world = World(limit=6)
    world.tasks = store = Counting()
    world.queue(6)
    row = SlotRow(labourer=LABOURER, number=0, capacity=6)
    world.slots.write(row.named([a_task(n) for n in range(3)], NOW))
    world.orchestrator()({"wake": {"sales": {}}})
    assert store.asked == [HINT]
    assert len(world.started) == 3


@pytest.mark.parametrize(("named", "asked"), [(HINT - 1, [HINT]), (HINT, [HINT, HINT + 1])])
def test_the_line_is_looked_at_again_only_where_the_first_look_shows_too_few(named: int, asked: list[int]) -> None:
    world = World(limit=HINT + 1)
    world.tasks = store = Counting()
    world.queue(HINT + 4)
    for row in resized([], LABOURER, HINT + 1):
        names = [a_task(n) for n in range(named)][row.number * ROW_SLOTS : (row.number + 1) * ROW_SLOTS]
        world.slots.write(row.named(names, NOW))
    world.orchestrator()({"wake": {"sales": {}}})
    assert store.asked[: len(asked)] == asked


def test_more_old_names_than_one_look_shows_do_not_hide_what_stands_behind_them() -> None:
    world = World(limit=HINT + 12)
    world.tasks = store = Counting()
    world.queue(HINT + 12)
    for row in resized([], LABOURER, HINT + 12):
        names = [a_task(n) for n in range(HINT + 2)][row.number * ROW_SLOTS : (row.number + 1) * ROW_SLOTS]
        world.slots.write(row.named(names, NOW))
    world.clock.advance(seconds=10)
    assert world.orchestrator()({"wake": {"sales": {}}}) == {"started": {"sales": 10}}
    assert store.asked == [HINT, 10, 10 + HINT + 2]
    assert [task for task, _ in world.started] == [f"job#{n}" for n in range(HINT + 2, HINT + 12)]


@pytest.mark.parametrize("shards", [1, 2])
def test_a_look_at_fewer_parts_of_the_line_than_it_has_serves_nobody(shards: int) -> None:
    hint = Hint([TaskId("a"), TaskId("b"), TaskId("c")], shards=1)
    assert hint.unnamed({TaskId("b")}, 1, shards) == (["a"] if shards == 1 else None)


def test_a_task_that_the_index_still_shows_is_not_started_again() -> None:
    world = World(limit=5)
    world.tasks = store = Lagging()
    world.queue(1)
    store.freeze()
    world.orchestrator()({})
    world.report("complete")
    (row,) = world.slots.rows(LABOURER)
    world.slots.write(replace(row, names={}))
    assert world.orchestrator()({}) == {"started": {}}
    assert (len(world.started), world.names()) == (1, {})


def test_a_task_that_the_index_shows_and_the_table_does_not_is_passed_over() -> None:
    world = World(limit=5)
    world.tasks = store = Lagging()
    world.queue(2)
    store.freeze()
    del store.past.tasks[TaskId("job#0")]
    shown = [Place(rank, TaskId(f"job#{rank}")) for rank in range(2)]
    store.past.places = lambda *_: shown  # type: ignore[method-assign]
    assert world.orchestrator()({}) == {"started": {"sales": 1}}


def test_what_runs_already_or_waits_for_later_is_not_named() -> None:
    class Wrong(InMemoryTaskStore):
        def places(self, *_: Any) -> list[Place]:
            return [Place(0, task) for task in self.tasks]

    world = World(limit=5)
    world.tasks = Wrong()
    claim = lifecycle.claim(a_task(0), row=0, now=NOW, lease=LEASE)
    world.tasks.create([lifecycle.apply(claim, a_task(0)), a_task(1, greenfield=NOW + seconds(9)), a_task(2)])
    world.orchestrator()({})
    assert world.names() == {0: ["job#2"]}


def test_labourers_keep_to_rows_of_their_own() -> None:
    settings = {"max_simultaneous_invocations": 1}
    names = [LabourerName("a"), LabourerName("b")]
    world = World(labourers=dict.fromkeys(names, settings))
    tasks: Sequence[Task] = [a_task(n, labourer=name) for n, name in enumerate(names)]
    world.tasks.create(tasks)
    assert world.orchestrator()({}) == {"started": {"a": 1, "b": 1}}
    assert [world.names(name) for name in names] == [{0: ["job#0"]}, {0: ["job#1"]}]
