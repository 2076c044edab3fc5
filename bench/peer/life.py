"""The whole life of tasks in sosw 0.7.51, each step by its own Essential: `python -I bench/peer/life.py 100`."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
deployed: Any = importlib.import_module("bench.peer.deployed")
fake_lambda: Any = importlib.import_module("bench.fake_lambda")
jobs: Any = importlib.import_module("bench.jobs")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")


def main() -> None:
    tasks = int(sys.argv[1])
    with stand_in.StandIn():
        client = deployed.deploy()
        bill = deployed.metered()
        told = life(bill, tasks)
        archived = client.scan(TableName="sosw_closed_tasks", Select="COUNT")["Count"]
        meter.answer({"tasks": tasks, "closed": archived, **told})


def life(bill: Any, tasks: int) -> dict[str, Any]:
    """Scheduled, started, reported and archived; each Essential is called while warm, and with all tasks at once."""
    configuration = deployed.configured({jobs.LABOURER: tasks})
    calls: Counter[str] = Counter()
    units: Counter[str] = Counter()

    def step(role: str, events: list[Any], fake: Any = None) -> None:
        essential = deployed.Essential(role, configuration)
        if fake is not None:
            essential.invokes(fake)
        bill.take()
        for event in events:
            essential(event)
        for total, added in zip((calls, units), bill.take(), strict=True):
            total.update(added)

    step("scheduler", [jobs.creating(tasks)])
    fake = fake_lambda.FakeLambda(bill.add)
    step("orchestrator", [{}], fake)
    started = [json.loads(event) for _, event in fake.invoked]
    reports = [{"action": "mark_task_as_completed", "task_id": task["task_id"], "stats": {"n": 1}} for task in started]
    for _ in reports:
        bill.add("lambda:Invoke")  # the Worker's, of the WorkerAssistant
    calls.update(bill.take()[0])
    step("worker_assistant", reports)
    step("scavenger", [{}])
    read, written = meter.split(dict(units))
    return {"calls": dict(calls), "read_units": read, "write_units": written}


if __name__ == "__main__":
    main()
