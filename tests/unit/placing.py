"""One labourer's line: jobs put into it by the real Scheduler, tasks taken out of it by the real Line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.fairness import FAIR, Ledger, ledger_of
from sosw.domain.labourer import Labourer
from sosw.domain.ranks import NUMBERS, Section, number
from sosw.domain.records import Record, of_labourer
from sosw.domain.standing import Standing
from sosw.domain.task import JobId, TaskId
from sosw.line import Line
from sosw.scheduler import Scheduler
from tests.factories import LABOURER, LEASE, World, seconds

A = JobId("a")
SALES = Labourer(name=LABOURER, arn="sales", max_simultaneous_invocations=1)


def by_shop() -> World:
    """Its jobs make a task for each of their shops."""
    world = World()
    world.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    return world


def job(count: int, **more: Any) -> dict[str, Any]:
    shops = {"isolate_shops": True, "shops": list(range(count))}
    return {"lambda_name": LABOURER, "job_schema_name": "by_shop", **shops, **more}


def sharded(world: World, shards: int) -> Scheduler:
    world.config["task_config"]["labourers"][LABOURER]["shards"] = shards
    return world.scheduler()


def submit(scheduler: Scheduler, event: Any, request_id: str, left: Iterable[float] = ()) -> dict[str, Any]:
    answers = iter(left)
    return scheduler.submit(event, request_id=request_id, remaining=lambda: seconds(next(answers, 900)))


def tags(world: World, job_id: str) -> list[int]:
    """Of the job's tasks that wait, in their order."""
    ranks = [task.rank for task in world.tasks.tasks.values() if task.job_id == job_id and task.rank is not None]
    assert all(rank // NUMBERS % 10 == Section.READY for rank in ranks)
    return [number(rank) for rank in ranks]


def serve(world: World, count: int, *, shards: int = 1) -> list[TaskId]:
    """Take the next tasks out of the line, one by one."""
    taken: list[TaskId] = []
    for _ in range(count):
        taken += Line(world.tasks).due(SALES, world.clock.now(), 1, shards=shards)
        task = world.tasks.tasks[taken[-1]]
        world.tasks.apply(lifecycle.claim(task, row=0, now=world.clock.now(), lease=LEASE))
    return taken


def ledger(world: World, priority: int = 5) -> Ledger:
    return ledger_of(record(world).value, priority)


def by_job(taken: list[TaskId]) -> str:
    return "".join(task.split("#")[0] for task in taken)


def record(world: World) -> Record:
    """With the ledgers."""
    key = of_labourer(LABOURER, FAIR)
    return world.records.read([key])[key]


def standing(world: World) -> Standing:
    key = of_labourer(LABOURER)
    return Standing.from_json(world.records.read([key])[key].value)
