"""The whole life of tasks in sosw 0.7.51, each step by its own Essential: `python -I bench/peer/life.py 1000 10`.

Scheduled, started, reported and archived; each Essential is called while warm. Its Scheduler reads the queue before
each task that it writes, so 5,000 would take it many minutes: it creates `SAMPLE` of the tasks, in jobs that are spread
over the growing queue, and the others are put there as it leaves them. `STARTED` of them, at most, go on from there in
one minute, the limit; the minutes after it would be alike.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
deployed: Any = importlib.import_module("bench.peer.deployed")
jobs: Any = importlib.import_module("bench.jobs")
lives: Any = importlib.import_module("bench.peer.lives")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")

SAMPLE, A_JOB, STARTED = 100, 10, 1_000


def main() -> None:
    tasks, labourers = map(int, sys.argv[1:])
    names = jobs.labourers(labourers)
    with stand_in.StandIn():
        client, bill = deployed.deploy(), deployed.metered()
        life = lives.Life(bill, deployed.configured(dict.fromkeys(names, min(tasks, STARTED) // labourers)))
        life.create([step for name in names for step in steps(client, name, tasks // labourers, SAMPLE // labourers)])
        started = life.claim()
        life.report(started)
        life.archive()
        archived = client.scan(TableName="sosw_closed_tasks", Select="COUNT")["Count"]
        told = {"created": SAMPLE, "started": len(started), "archived": archived, "peak": meter.peak_mb()}
        meter.answer({"tasks": tasks, "phases": life.phase.told(), **told})


def steps(client: Any, labourer: str, tasks: int, sample: int) -> list[Callable[[], None] | dict[str, Any]]:
    """So many tasks: jobs for its Scheduler, which make `sample` of them, each amid others that are put there."""
    found: list[Callable[[], None] | dict[str, Any]] = []
    turns = sample // A_JOB
    for turn in range(turns):
        start, end = tasks * turn // turns, tasks * (turn + 1) // turns
        middle = (start + end - A_JOB) // 2
        before, after = (
            partial(deployed.put_in_line, client, labourer, others)
            for others in (range(start, middle), range(middle + A_JOB, end))
        )
        found += [before, jobs.creating(A_JOB, labourer), after]
    return found


if __name__ == "__main__":
    main()
