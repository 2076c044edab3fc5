"""A few tasks a minute of sosw 0.7.51 beside a queue that waits: `python -I bench/peer/queue.py 20 100 1000`.

That is how many tasks, and the lengths of the queue in turn, the shortest first. Each minute as many tasks are created
as are started and reported, so the queue keeps its length. What has ended is archived apart, and not counted.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
sys.path.append(str(Path(__file__).parents[2]))
deployed: Any = importlib.import_module("bench.peer.deployed")
jobs: Any = importlib.import_module("bench.jobs")
lives: Any = importlib.import_module("bench.peer.lives")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")


def main() -> None:
    tasks, *lengths = map(int, sys.argv[1:])
    with stand_in.StandIn():
        client, bill = deployed.deploy(), deployed.metered()
        waiting, minutes = 0, []
        for turn, length in enumerate(lengths):
            before = waiting + turn * tasks  # numbers: those that have ended in earlier minutes as well
            deployed.put_in_line(client, jobs.LABOURER, range(before, before + length - waiting))
            life = lives.Life(bill, deployed.configured({jobs.LABOURER: tasks}))
            life.create([jobs.creating(tasks)])
            started = life.claim()
            life.report(started)
            minutes.append({"waiting": length, "tasks": len(started), "phases": life.phase.told()})
            life.archive()
            waiting = length
        meter.answer({"minutes": minutes})


if __name__ == "__main__":
    main()
