"""Starts tasks by sosw 0.7.51's own Orchestrator: `python -I bench/peer/dispatch.py 10 1000`, each in one call."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
deployed: Any = importlib.import_module("bench.peer.deployed")
fake_lambda: Any = importlib.import_module("bench.fake_lambda")
jobs: Any = importlib.import_module("bench.jobs")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")

LIMIT = 100_000


def main() -> None:
    with stand_in.StandIn():
        client = deployed.deploy()
        bill = deployed.metered()
        orchestrator = deployed.Essential("orchestrator", deployed.configured({jobs.LABOURER: LIMIT}))
        fake = fake_lambda.FakeLambda(bill.add)
        orchestrator.invokes(fake)
        runs = [start(client, orchestrator, fake, bill, int(count)) for count in sys.argv[1:]]
        meter.answer({"runs": runs})


def start(client: Any, orchestrator: Any, fake: Any, bill: Any, tasks: int) -> dict[str, Any]:
    """So many tasks that wait, started in one call: what it took."""
    deployed.put_in_line(client, jobs.LABOURER, range(tasks))
    bill.take()
    with meter.timed() as taken:
        orchestrator({})
    calls, units = bill.take()
    started = len(fake.invoked)
    fake.invoked.clear()
    read, written = meter.split(units)
    return {"tasks": started, "calls": calls, "write_units": written, "read_units": read, **taken}


if __name__ == "__main__":
    main()
