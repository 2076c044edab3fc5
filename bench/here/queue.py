"""A few tasks a minute beside a queue that waits: `python -m bench.here.queue 20 100 1000`.

That is how many tasks, and the lengths of the queue in turn, the shortest first; the second minute beside each is
counted. Each minute as many tasks are created
as are started and reported, so the queue keeps its length; the slots they have used are those of the next minute.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bench import jobs
from bench.here.essentials import PREFIX, Essentials, configure
from bench.here.life import TABLE, Life
from bench.here.scheduler import deploy
from bench.here.stream import Stream
from bench.meter import answer
from bench.stand_in import StandIn


def main() -> None:
    tasks, *lengths = map(int, sys.argv[1:])
    client = deploy(PREFIX)
    configure(client, {jobs.LABOURER: tasks})
    with StandIn():
        essentials = Essentials()
        wake: dict[str, Any] = {"wake": {jobs.LABOURER: {}}}
        waiting, minutes = 0, []
        for length in lengths:
            essentials("scheduler", jobs.creating(length - waiting), request_id=f"queue-of-{length}")
            essentials.fake.invoked.clear()
            stream = Stream(client, TABLE, is_new=True)
            for what in ("warm", "counted"):
                life = Life(essentials, stream)
                life.create(jobs.creating(tasks), f"{what}-beside-{length}")
                started, wake = minute(life, essentials, wake)
            minutes.append({"waiting": length, "tasks": started, "phases": life.phase.told()})
            waiting = length
        answer({"minutes": minutes})


def minute(life: Life, essentials: Essentials, wake: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """How many were started and reported, and the wake that the stream sends for the next ones."""
    life.claim(wake)
    started = [json.loads(event) for _, event in essentials.fake.invoked]
    essentials.fake.invoked.clear()
    for event in started:
        life.report(event)
    while life.hear():
        pass
    _, next_wake = essentials.fake.invoked.pop()
    return len(started), json.loads(next_wake)


if __name__ == "__main__":
    main()
