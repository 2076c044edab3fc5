"""One job of many tasks by our Scheduler, handed over before each deadline: `python -m bench.here.million 1000000`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from bench import jobs
from bench.here.counting import count
from bench.here.scheduler import MeteredScheduler, deploy
from bench.meter import answer, peak_mb, timed
from bench.stand_in import StandIn
from sosw.aws.dynamodb.models import JOBS, TASKS

PREFIX = "million"
FASTER = 8
"""So many times faster than the real one goes the clock of the deadlines."""
_FIFTEEN_MINUTES_MS = 900_000


def main() -> None:
    tasks = int(sys.argv[1])
    with StandIn() as stand_in:
        client = deploy(PREFIX)
        scheduler = MeteredScheduler(PREFIX)
        with timed() as taken:
            steps = list(invocations(scheduler, stand_in, jobs.creating(tasks)))
        peak, (calls, units) = peak_mb(), scheduler.bill.take()
        counted, numbers = tick_off(client, tasks)
        answer(
            {
                "tasks": tasks,
                "counted": counted,
                "numbers": numbers,
                "total": total(client, "job-0"),
                "invocations": len(steps),
                "rates": [created / wall for created, wall in steps[:-1] or steps],
                "calls": calls,
                "write_units": scheduler.statements.units + units.get("PutItem", 0) + units.get("UpdateItem", 0),
                "peak": peak,
                **taken,
            }
        )


def invocations(scheduler: MeteredScheduler, stand_in: StandIn, job: Any) -> Any:
    """Each event in turn, from the job to the last hand-over: tasks that it created, and the seconds it took."""
    stand_in.invoked.append((scheduler.names.scheduler, job))
    number = 0
    while stand_in.invoked:
        function, event = stand_in.invoked.popleft()
        if function != scheduler.names.scheduler:
            raise SystemExit(f"the Scheduler invoked {function}")
        start = time.monotonic()
        told = scheduler(event, request_id=f"job-{number}", remaining_ms=deadline(start))
        sys.stderr.write(f"  invocation {number + 1}: {told['tasks']:,} tasks so far\n")
        yield told["created"], time.monotonic() - start
        number += 1


def deadline(start: float) -> Callable[[], int]:
    """The milliseconds left of an invocation that began at `start`."""
    return lambda: int(_FIFTEEN_MINUTES_MS - (time.monotonic() - start) * 1000 * FASTER)


def total(client: Any, job_id: str) -> int:
    """What the job's record says."""
    return int(client.get_item(TableName=JOBS.table_name(PREFIX), Key={"id": {"S": job_id}})["Item"]["total"]["N"])


def tick_off(client: Any, tasks: int) -> tuple[int, int]:
    """The tasks in the table, and how many different ones of the job's numbers are among them."""
    seen = bytearray(tasks)

    def tick(task_id: str) -> None:
        seen[int(task_id.rpartition("#")[2])] = 1

    counted = count(client, TASKS.table_name(PREFIX), tasks, tick)
    return counted, sum(seen)


if __name__ == "__main__":
    main()
