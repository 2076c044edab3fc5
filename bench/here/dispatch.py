"""Starts tasks by our Orchestrator: `python -m bench.here.dispatch 100 1000 1000`, each of a labourer of its own.

A wake names the labourer; the Orchestrator goes on as long as there is something to start.
"""

from __future__ import annotations

import sys
from typing import Any

from bench import jobs
from bench.here.essentials import PREFIX, Essentials, configure
from bench.here.scheduler import deploy
from bench.meter import answer, split, timed

WARM_UP = 10
"""Tasks that a labourer has running before: its slot rows are there."""


def main() -> None:
    counts = [int(count) for count in sys.argv[1:]]
    client = deploy(PREFIX)
    names = [f"{jobs.LABOURER}-{number}" for number in range(len(counts))]
    configure(client, {name: count + WARM_UP + 1 for name, count in zip(names, counts, strict=True)})
    essentials = Essentials()
    for name in names:
        start(essentials, name, WARM_UP)
    answer({"runs": [start(essentials, name, count) for name, count in zip(names, counts, strict=True)]})


def start(essentials: Essentials, labourer: str, tasks: int) -> dict[str, Any]:
    """So many tasks that wait, started after one wake: what it took."""
    job = {**jobs.creating(tasks), "lambda_name": labourer}
    essentials("scheduler", job, request_id=f"{labourer}-{tasks}")
    essentials.bill.take()
    essentials.fake.invoked.clear()
    with timed() as taken:
        essentials("orchestrator", {"wake": {labourer: {}}})
        while handed_over := essentials.handed_over():
            essentials("orchestrator", handed_over)
    calls, units = essentials.bill.take()
    return {"tasks": len(essentials.fake.invoked), "calls": calls, "read_units": split(units)[0], **taken}


if __name__ == "__main__":
    main()
