"""Who is next: over priorities, sections and shards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.labourer import Labourer
from sosw.domain.moments import to_ms
from sosw.domain.ranks import Place, Section, rank
from sosw.domain.task import JobId, Task, TaskId, task_id
from sosw.line import Line
from sosw.testing import InMemoryTaskStore
from tests.factories import JOB, LABOURER, LEASE, NOW, a_task, seconds

SALES = Labourer(name=LABOURER, arn="sales", max_simultaneous_invocations=1)


class Queried(InMemoryTaskStore):
    """Counts the queries."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[tuple[str, int, int]] = []

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        self.queries.append((queue, start, limit))
        return super().places(queue, start, limit)


@pytest.fixture
def tasks() -> Queried:
    return Queried()


def ready(count: int, *, job: str = "new", tag: int = 0, shards: int = 1, **fields: Any) -> list[Task]:
    """A job's tasks, each a tag behind the one before."""
    new = [a_task(n, id=task_id(JobId(job), n), job_id=JobId(job), **fields) for n in range(count)]
    return [lifecycle.queued(task, tag=tag + n, shards=shards) for n, task in enumerate(new)]


def retries(count: int, due: float, job: str = "old", **fields: Any) -> list[Task]:
    """Tasks that wait to be tried again, each a millisecond behind the one before."""
    return [
        replace(task, rank=rank(task.priority, Section.AGAIN, to_ms(NOW + seconds(due)) + n))
        for n, task in enumerate(ready(count, job=job, **fields))
    ]


def due(tasks: InMemoryTaskStore, limit: int, **how: Any) -> list[TaskId]:
    return Line(tasks).due(SALES, NOW, limit, **how)


def ids(tasks: list[Task]) -> list[TaskId]:
    return [task.id for task in tasks]


def test_a_labourer_without_work_costs_one_query(tasks: Queried) -> None:
    assert due(tasks, 64) == []
    assert tasks.queries == [("sales/0", 0, 64)]


def test_ready_tasks_cost_one_query_however_many(tasks: Queried) -> None:
    new = ready(200)
    tasks.create(new)
    assert due(tasks, 64) == ids(new)[:64]
    assert len(tasks.queries) == 1


def test_nobody_is_asked_for(tasks: Queried) -> None:
    tasks.create(ready(2))
    assert (due(tasks, 0), due(tasks, -1), tasks.queries) == ([], [], [])


def test_what_is_not_due_yet_holds_up_nobody_behind_it_and_costs_a_query(tasks: Queried) -> None:
    new, last = ready(3), ready(2, job="last", priority=9)
    tasks.create([*retries(50, due=60), *retries(50, due=60, job="late", priority=8), *new, *last])
    assert due(tasks, 10) == ids(new) + ids(last)
    assert [start for _, start, _ in tasks.queries] == [0, rank(5, Section.APPOINTED, 0), rank(8, Section.APPOINTED, 0)]


def test_a_flood_of_retries_and_a_flood_of_new_tasks_take_turns(tasks: Queried) -> None:
    old, new = retries(100, due=-60), ready(100)
    tasks.create([*old, *new])
    found = due(tasks, 20)
    assert (set(found), len(found)) == ({*ids(old)[:10], *ids(new)[:10]}, 20)
    assert len(tasks.queries) == 2


def test_a_section_that_has_few_leaves_the_rest_to_the_others(tasks: Queried) -> None:
    old, new = retries(3, due=-60), ready(100)
    tasks.create([*old, *new])
    assert set(due(tasks, 20)) == {*ids(old), *ids(new)[:17]}


def test_jobs_of_the_same_moment_take_turns(tasks: Queried) -> None:
    appointed = [a_task(n, id=task_id(JobId(job), n), greenfield=NOW - seconds(1)) for job in "ab" for n in range(99)]
    behind = [lifecycle.queued(t, behind=timedelta(milliseconds=n % 99)) for n, t in enumerate(appointed)]
    tasks.create(behind)
    assert due(tasks, 4) == ["a#0", "b#0", "a#1", "b#1"]


def test_priorities_are_strict(tasks: Queried) -> None:
    last, first = ready(9, job="last", priority=6), ready(9, job="first", priority=4)
    tasks.create([*last, *retries(9, due=-60), *first])
    found = due(tasks, 27)
    assert (found[:9], found[18:]) == (ids(first), ids(last))
    assert due(tasks, 5) == ids(first)[:5]


def test_tasks_of_one_rank_are_all_found(tasks: Queried) -> None:
    alike = [replace(task, rank=rank(5, Section.AGAIN, 7)) for task in ready(30)]
    tasks.create(alike)
    assert set(due(tasks, 30)) == set(ids(alike))


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_the_order_is_kept_over_all_shards(tasks: Queried, limit: int) -> None:
    new, first = ready(200, shards=8), ready(9, job="first", priority=0, shards=8)
    tasks.create([*new, *first])
    assert due(tasks, limit, shards=8) == [*ids(first), *ids(new)][:limit]
    assert len({queue for queue, *_ in tasks.queries}) == 8


def test_shards_that_the_settings_no_longer_name_are_looked_through(tasks: Queried) -> None:
    new = ready(50, shards=16)
    tasks.create(new)
    assert due(tasks, 50, shards=16) == Line(tasks).due(replace(SALES, shards=16), NOW, 50) == ids(new)
    assert due(tasks, 50, shards=3) == [task.id for task in new if (task.shard or 0) < 3]


def test_a_retry_is_found_in_the_shard_of_its_task(tasks: Queried) -> None:
    tasks.create(ready(50, shards=16))
    for task in list(tasks.tasks.values()):
        running = tasks.apply(lifecycle.claim(task, row=0, now=NOW, lease=LEASE))
        tasks.apply(lifecycle.give_back(running, due=NOW))
    assert {task.queue for task in tasks.tasks.values()} == {f"sales/{shard}" for shard in range(16)}
    assert len(due(tasks, 99, shards=16)) == 50


def test_the_head_is_the_lowest_tag_of_what_is_ready_in_a_priority(tasks: Queried) -> None:
    tasks.create([*retries(3, due=-60), *ready(50, tag=700, shards=4), *ready(2, job="last", tag=5, priority=6)])
    line = Line(tasks)
    assert [line.head(SALES, priority, shards=4) for priority in (4, 5, 6)] == [None, 700, 5]
    assert len(tasks.queries) == 12


def test_a_labourer_sees_its_own_line_alone(tasks: Queried) -> None:
    tasks.create([*ready(2), a_task(7, job_id=JOB, labourer="sales-2")])
    assert due(tasks, 9) == ["new#0", "new#1"]


def test_all_that_waits_is_counted_up_to_a_limit(tasks: Queried) -> None:
    tasks.create([*ready(20, shards=4), *retries(5, due=9_999)])
    line = Line(tasks)
    assert len(set(line.waiting(LABOURER, 100, shards=4))) == len(line.waiting(LABOURER, 25, shards=4)) == 25
    assert len(line.waiting(LABOURER, 7, shards=4)) == 7
    assert 5 <= len(line.waiting(LABOURER, 100, shards=1)) < 25


def test_what_waits_for_later_is_told_by_its_moments_earliest_first(tasks: Queried) -> None:
    tasks.create(
        [*retries(2, due=9), *retries(1, due=-1, job="over"), *ready(2), *retries(1, due=5, job="urgent", priority=9)]
    )
    moments = Line(tasks).later(LABOURER, NOW, 10, shards=1)
    assert moments == [NOW + seconds(5), NOW + seconds(9), NOW + seconds(9.001)]
