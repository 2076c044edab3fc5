"""Creates tasks by sosw 0.7.51's own Scheduler: `python -I bench/peer/create.py <on-demand|provisioned> 1000 …`.

Runs in the peer's environment alone, where `sosw` is that package, on the DynamoDB that the environment names. The
Scheduler is made and called by its own Lambda handler, and so are its TaskManager and its trail of events.
"""

from __future__ import annotations

import copy
import importlib
import sys
from pathlib import Path
from typing import Any

importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
deployed: Any = importlib.import_module("bench.peer.deployed")
jobs: Any = importlib.import_module("bench.jobs")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")


def main() -> None:
    billing, *counts = sys.argv[1:]
    with stand_in.StandIn():
        client = deployed.deploy(is_provisioned=billing == "provisioned")
        bill = deployed.metered()
        scheduler = deployed.Essential("scheduler", deployed.configured({jobs.LABOURER: 1}))
        runs = [create(scheduler, bill, int(count)) for count in counts]
        there = client.scan(TableName="sosw_tasks", Select="COUNT")["Count"]
        meter.answer({"runs": runs, "there": there})


def create(scheduler: Any, bill: Any, tasks: int) -> dict[str, Any]:
    """One job of so many tasks: what it took, and what the first call of the handler takes besides."""
    job = copy.deepcopy(jobs.creating(tasks))
    bill.take()
    with meter.timed() as taken:
        scheduler(job)
    calls, units = bill.take()
    read, written = meter.split(units)
    return {"tasks": tasks, "calls": calls, "write_units": written, "read_units": read, **taken}


if __name__ == "__main__":
    main()
