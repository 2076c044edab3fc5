"""Creates tasks by our Scheduler on the DynamoDB that the environment names: `python -m bench.here.create 1000 5000`.

One warm process takes the jobs in turn, as a Lambda's does; the first one only warms it, and the server, up.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

from bench import jobs
from bench.here import units
from bench.here.counting import count
from bench.here.scheduler import MeteredScheduler, deploy
from bench.meter import answer, timed
from bench.stand_in import StandIn
from sosw.aws.dynamodb.models import TASKS, Item

PREFIX = "bench"
WARM_UP = 5_000
NAMED = 10_000
"""Tasks of a job that is 200 KB itself."""
_FIFTEEN_MINUTES_MS = 900_000


def main() -> None:
    with StandIn():
        client = deploy(PREFIX)
        scheduler = MeteredScheduler(PREFIX)
        numbers = itertools.count()
        asked = [WARM_UP, *map(int, sys.argv[1:])]
        runs = [create(scheduler, jobs.creating(tasks), tasks, f"job-{next(numbers)}") for tasks in asked]
        named = create(scheduler, jobs.named(NAMED), NAMED, f"job-{next(numbers)}")
        table = TASKS.table_name(PREFIX)
        rule = units.check(client, TASKS, table, [*scheduler.statements.items, *grown(scheduler.statements.items[0])])
        offered = sum(asked) + NAMED
        there = count(client, table, offered)
        answer({"runs": runs[1:], "named": named, "rule": rule, "there": there, "offered": offered})


def create(scheduler: MeteredScheduler, job: dict[str, Any], tasks: int, request_id: str) -> dict[str, Any]:
    """One job of so many tasks: what it took."""
    scheduler.bill.take()
    scheduler.statements.units = 0
    with timed() as taken:
        told = scheduler(job, request_id=request_id, remaining_ms=lambda: _FIFTEEN_MINUTES_MS)
    if (told["state"], told["created"]) != ("ready", tasks):
        raise SystemExit(f"the job of {tasks:,} tasks ended as {told}")
    calls, told_units = scheduler.bill.take()
    of_the_job = sum(told_units.get(name, 0) for name in ("PutItem", "UpdateItem"))
    return {"tasks": tasks, "calls": calls, "write_units": scheduler.statements.units + of_the_job, **taken}


def grown(item: Item) -> list[Item]:
    """The item with a payload that makes it just fit into one unit, and one that is a byte too long for it."""
    spare = units.KB - units.size(item)
    return [{**item, "payload": {"S": item["payload"]["S"] + "x" * more}} for more in (spare, spare + 1)]


if __name__ == "__main__":
    main()
