"""Who is next, whatever comes: the bound of start-time fair queueing, order in a key, priorities, and nobody unseen."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.flood import LABOURER, Waits, config, waits
from sosw.domain import lifecycle
from sosw.domain.fairness import QUANTUM
from sosw.domain.records import of_labourer
from sosw.domain.standing import Standing
from sosw.domain.task import Task, TaskId
from sosw.line import Line
from sosw.scheduler import Scheduler
from sosw.testing import (
    FakeClock,
    InMemoryJobStore,
    InMemoryRecordStore,
    InMemorySources,
    InMemoryTaskStore,
    RecordingInvoker,
)

KEYS = ("a", "b", "c")
WEIGHTS = {"a": 1, "b": 3, "c": 10}
SUBMITTED = st.tuples(st.just("submit"), st.sampled_from(KEYS), st.integers(1, 30), st.sampled_from((2, 5)))
SERVED = st.tuples(st.just("serve"), st.integers(1, 20))
STEPS = st.lists(st.one_of(SUBMITTED, SERVED), min_size=2, max_size=25)


@dataclass
class World:
    """One labourer's line."""

    shards: int = 1

    def __post_init__(self) -> None:
        self.clock, self.records, self.tasks = FakeClock(), InMemoryRecordStore(), InMemoryTaskStore()
        self.jobs, self.line = InMemoryJobStore(), Line(self.tasks)
        self.waiting: list[Counter[str]] = []
        """Of each key, when each of the served tasks was chosen."""
        self.served: list[Task] = []

    @property
    def mark(self) -> int:
        key = of_labourer(LABOURER.name)
        return Standing.from_json(self.records.read([key])[key].value).shards

    def submit(self, key: str, count: int, priority: int) -> None:
        scheduler = Scheduler(
            config(self.shards), tasks=self.tasks, jobs=self.jobs, records=self.records, sources=InMemorySources(),
            invoker=RecordingInvoker(), clock=self.clock, name="scheduler",
        )  # fmt: skip
        job: dict[str, Any] = {"lambda_name": LABOURER.name, "isolate_ns": True, "ns": list(range(count))}
        job |= {"fair_key": key, "fair_weight": WEIGHTS[key], "priority": priority}
        name = f"{key}-{len(self.jobs.jobs)}"
        scheduler.submit({"job": job}, request_id=name, remaining=lambda: timedelta(hours=1))

    def serve(self, count: int, fail: Counter[str] | None = None) -> None:
        """One by one; those that `fail` counts are given back first, due at once."""
        for _ in range(count):
            for task_id in self.due(1):
                task = self.tasks.tasks[task_id]
                standing = [t for t in self.tasks.tasks.values() if t.queue]
                first = min(t.priority for t in standing)
                self.waiting.append(Counter(key_of(t) for t in standing if t.priority == first))
                running = self.tasks.apply(lifecycle.claim(task, row=0, now=self.clock.now(), lease=timedelta(hours=1)))
                if fail and fail[task_id] > 0:
                    fail[task_id] -= 1
                    self.tasks.apply(lifecycle.give_back(running, due=self.clock.now()))
                else:
                    self.served.append(task)
        self.clock.advance(seconds=7)

    def due(self, limit: int) -> list[TaskId]:
        return self.line.due(replace(LABOURER, shards=self.shards), self.clock.now(), limit, shards=self.mark)

    def play(self, steps: list[tuple[Any, ...]]) -> None:
        for name, *arguments in steps:
            getattr(self, name)(*arguments)
        self.serve(sum(task.queue is not None for task in self.tasks.tasks.values()))


def key_of(task: Task) -> str:
    return task.job_id.split("-")[0]


@given(steps=STEPS, shards=st.sampled_from((1, 3)))
def test_no_key_with_work_gets_less_than_its_share_by_more_than_a_task_of_each(
    steps: list[tuple[Any, ...]], shards: int
) -> None:
    world = World(shards)
    world.play(steps)
    rounding = 2 / QUANTUM
    for at in range(len(world.served)):
        got: Counter[str] = Counter()
        waiting = set(KEYS)
        for task, then in zip(world.served[at:], world.waiting[at:], strict=True):
            if task.priority != world.served[at].priority:
                break
            waiting &= set(then)
            got[key_of(task)] += 1
            for one in waiting:
                for other in waiting:
                    ahead = got[one] / WEIGHTS[one] - got[other] / WEIGHTS[other]
                    assert ahead <= 1 / WEIGHTS[one] + 1 / WEIGHTS[other] + rounding, (one, other, at)


@given(steps=STEPS, shards=st.sampled_from((1, 3)))
def test_in_a_key_and_a_priority_tasks_start_in_the_order_in_which_they_came(
    steps: list[tuple[Any, ...]], shards: int
) -> None:
    world = World(shards)
    world.play(steps)
    for key in KEYS:
        for priority in (2, 5):
            own = [task.id for task in world.served if (key_of(task), task.priority) == (key, priority)]
            assert own == [task for task in world.tasks.tasks if task in set(own)]


@given(steps=STEPS, shards=st.sampled_from((1, 3)))
def test_priorities_are_strict(steps: list[tuple[Any, ...]], shards: int) -> None:
    world = World(shards)
    world.play(steps)
    created = iter(world.tasks.tasks.values())
    assert len(world.served) == sum(1 for _ in created)
    for task, then in zip(world.served, world.waiting, strict=True):
        assert key_of(task) in then  # only those of the first priority that waited are counted there


@given(
    steps=st.lists(st.one_of(SUBMITTED, SERVED, st.tuples(st.just("shards"), st.integers(1, 16))), max_size=15),
    fail=st.lists(st.integers(0, 60), max_size=20),
)
def test_nobody_is_out_of_sight_however_the_shards_change(steps: list[tuple[Any, ...]], fail: list[int]) -> None:
    world = World()
    for name, *arguments in steps:
        if name == "shards":
            (world.shards,) = arguments
        else:
            getattr(world, name)(*arguments)
    ids = list(world.tasks.tasks)
    world.serve(len(ids) + len(fail), Counter(ids[n % len(ids)] for n in fail) if ids else None)
    assert sorted(task.id for task in world.served) == sorted(ids)
    assert world.due(10) == []


@pytest.fixture(scope="module")
def unflooded() -> Waits:
    return waits(flood=0)


@pytest.mark.long
def test_a_flood_of_100_000_tasks_makes_the_others_wait_at_most_twice_as_long(unflooded: Waits) -> None:
    flooded = waits()
    ratio = flooded.p95 / unflooded.p95
    sys.stderr.write(
        f"\nfairness: p95 wait of the others {unflooded.p95:.1f} s, flooded {flooded.p95:.1f} s ({ratio:.2f} times)\n"
    )
    assert len(flooded.seconds) == len(unflooded.seconds)
    assert unflooded.p95 > 10
    assert ratio <= 2


@pytest.mark.long
def test_by_age_alone_a_flood_a_tenth_of_that_is_more_than_they_bear(unflooded: Waits) -> None:
    assert waits(flood=10_000, is_fair=False).p95 > 5 * unflooded.p95
