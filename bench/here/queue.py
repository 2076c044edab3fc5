"""A few tasks a minute beside a queue that waits: `python -m bench.here.queue 20 100 1000`.

That is how many tasks, and the lengths of the queues, each of a labourer of its own; the second minute is counted. Each
minute as many tasks are created as are started and reported, so the queue keeps its length; the slots they have used
are those of the next minute.
"""

from __future__ import annotations

import itertools
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

_numbers = itertools.count()


def main() -> None:
    tasks, *lengths = map(int, sys.argv[1:])
    client = deploy(PREFIX)
    names = jobs.labourers(len(lengths))
    configure(client, dict.fromkeys(names, tasks))
    with StandIn():
        essentials = Essentials()
        minutes = []
        for name, length in zip(names, lengths, strict=True):
            essentials("scheduler", jobs.creating(length, name), request_id=f"queue-of-{name}")
            essentials.fake.invoked.clear()
            stream = Stream(client, TABLE, is_new=True)
            job = jobs.creating(tasks, name)
            _, wake = minute(Life(essentials, stream), essentials, job, {"wake": {name: {}}})
            counted = Life(essentials, stream)
            started, _ = minute(counted, essentials, job, wake)
            minutes.append({"waiting": length, "tasks": started, "phases": counted.phase.told()})
        answer({"minutes": minutes})


def minute(life: Life, essentials: Essentials, job: dict[str, Any], wake: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """How many were started and reported, and the wake that the stream sends for the next ones."""
    life.create(job, f"{next(_numbers)}")
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
