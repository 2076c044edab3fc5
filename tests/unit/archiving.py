"""A world whose jobs are archived, and what is in its archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sosw.domain import archive, lifecycle
from sosw.domain.job import Totals
from sosw.domain.task import JobId, Task, task_id
from sosw.domain.watch import Watch
from tests.factories import LABOURER, LEASE, World

SHOPS = {"job_schema_name": "shops", "isolate_shops": True}
MINUTE = timedelta(minutes=1)


def a_world(tasks: int = 3, *, key: str = "j", **settings: Any) -> World:
    world = World(**settings)
    world.config["job_schema_variants"] = {"shops": {"chunkable_attrs": [["shop", {}]]}}
    submit(world, tasks, key)
    return world


def submit(world: World, tasks: int, key: str) -> None:
    job = {"lambda_name": LABOURER, **SHOPS, "shops": [f"s{n}" for n in range(tasks)], "idempotency_key": key}
    world.submit(job)
    world.jobs.count(JobId(key), Totals(created=tasks), token="created", again=world.clock.now())


def end(world: World, *numbers: int, key: str = "j", state: str = "done") -> None:
    """Close them, and let the totals know."""
    for number in numbers:
        task = world.tasks.tasks[task_id(JobId(key), number)]
        task = world.tasks.apply(lifecycle.claim(task, row=0, now=world.clock.now(), lease=LEASE))
        about = {"task_id": task.id, "attempt": task.attempt, "labourer": LABOURER}
        fail = {"action": "fail", "is_retryable": False}
        world.assistant()({**about, **({"action": "complete", "result": number} if state == "done" else fail)})
    token, totals = (
        f"{numbers}{state}{world.clock.now()}",
        Totals(**{state: len(numbers)}, failed=len(numbers) * (state == "dead")),
    )
    world.jobs.count(JobId(key), totals, token=token, again=world.clock.now())


def lines(world: World) -> list[Task]:
    found = [each for key in world.objects.keys("archive/") for each in archive.unpack(world.objects.objects[key], key)]
    return [archive.task_of(each) for each in found]


def archived(world: World) -> Counter[str]:
    return Counter(f"{task.id} {task.state.value}" for task in lines(world))


def sweep(world: World, after: timedelta = timedelta(), has_time: Callable[[], bool] = lambda: True) -> Counter[str]:
    world.clock.advance(seconds=after.total_seconds())
    return world.archivist().run(has_time)


def watched(world: World, key: str = "j") -> Watch:
    found = world.watches.get(JobId(key))
    assert found is not None
    return found
