"""The whole life of tasks, each step by its own Essential: `python -m bench.here.life 1000 10 100`.

That is tasks, labourers, and the limit of each. Lambda's part is played here: what is invoked is called, each Worker
reports at once, and the stream of the tasks table comes in batches, filtered as the template has it. Six minutes later
the minute rule archives.
"""

from __future__ import annotations

import gzip
import json
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

from bench import jobs
from bench.here.essentials import PREFIX, Essentials, configure
from bench.here.scheduler import deploy
from bench.here.statements import StatementMeter
from bench.here.stream import Stream
from bench.meter import answer, peak_mb
from bench.phases import ARCHIVE, CLAIM, COMPLETE, CREATE, STREAM, Phases
from bench.stand_in import StandIn
from sosw.aws.dynamodb.models import TASKS

TABLE = TASKS.table_name(PREFIX)
MINUTE = timedelta(minutes=1)
QUIET, MOST_MINUTES = 6 * MINUTE, 10
"""Until the totals are checked and a job is archived, at the earliest; then as long as it may take."""


def main() -> None:
    tasks, labourers, limit = map(int, sys.argv[1:])
    client = deploy(PREFIX)
    names = jobs.labourers(labourers)
    configure(client, dict.fromkeys(names, limit))
    with StandIn() as stand_in:
        meter = StatementMeter()
        life = Life(Essentials(meter), Stream(client, TABLE, meter.see))
        for name in names:
            life.create(jobs.creating(tasks // labourers, name), f"job-of-{name}")
        life.live()
        life.end(stand_in, tasks)
        answer(
            {
                "tasks": tasks,
                "closed": closed(client),
                "archived": archived(stand_in),
                "unchecked": life.unchecked(),
                "phases": life.told(meter),
                "peak": peak_mb(),
            }
        )


class Life:
    """Of tasks, from the job to the last of them."""

    def __init__(self, essentials: Essentials, stream: Stream) -> None:
        self._essentials, self._stream = essentials, stream
        self.phase = Phases(essentials.bill)

    def create(self, job: dict[str, Any], name: str) -> None:
        """The job's tasks."""
        with self.phase(CREATE):
            self._essentials("scheduler", job, request_id=name)

    def live(self) -> None:
        """Until there is no news."""
        while self.hear():
            while self._essentials.fake.invoked:
                function, event = self._essentials.fake.invoked.popleft()
                if function == self._essentials.names.orchestrator:
                    self.claim(json.loads(event))
                else:
                    self.report(json.loads(event))

    def hear(self) -> bool:
        """The next batch of the stream, if there is news."""
        batch = self._stream.batch()
        if batch:
            with self.phase(STREAM):
                self._essentials("scavenger", {"Records": batch})
        return bool(batch)

    def claim(self, wake: dict[str, Any]) -> None:
        """What the wake is for."""
        with self.phase(CLAIM):
            self._essentials("orchestrator", wake)

    def report(self, event: dict[str, Any]) -> None:
        """As the base class of Workers does it."""
        who = {"task_id": event["task_id"], "attempt": event["sosw"]["attempt"], "labourer": event["sosw"]["labourer"]}
        with self.phase(COMPLETE):
            self._essentials.bill.add("lambda:Invoke")
            self._essentials("worker_assistant", {"action": "complete", **who, "stats": {"n": 1}})

    def end(self, stand_in: StandIn, tasks: int) -> None:
        """By the minute rule of the Scavenger: the archive, and the check of totals. An object put is a call as any."""
        self._essentials.clock.wait(QUIET)
        for _ in range(MOST_MINUTES):
            if archived(stand_in) >= tasks and not self.unchecked():
                break
            objects = len(stand_in.stored)
            with self.phase(ARCHIVE):
                self._essentials("scavenger", {})
                for _ in range(len(stand_in.stored) - objects):
                    self._essentials.bill.add("PutObject")
            self._essentials.clock.wait(MINUTE)

    def unchecked(self) -> int:
        """Jobs whose totals somebody is to check some day; no more than one is told."""
        return len(self._essentials.jobs.uncounted(datetime.max.replace(tzinfo=timezone.utc), 1))

    def told(self, meter: StatementMeter) -> dict[str, dict[str, Any]]:
        """What each phase took, statements among it."""
        phases = self.phase.told()
        for name, units in meter.units().items():
            phases[name]["write_units"] += units
        return phases


def closed(client: Any) -> int:
    """Tasks that are done, in the table."""
    done = {"FilterExpression": "#s = :done", "ExpressionAttributeNames": {"#s": "state"}}
    pages = client.get_paginator("scan").paginate(
        TableName=TABLE, Select="COUNT", ExpressionAttributeValues={":done": {"S": "done"}}, **done
    )
    return sum(page["Count"] for page in pages)


def archived(stand_in: StandIn) -> int:
    """Lines in the objects of the archive."""
    return sum(gzip.decompress(body).count(b"\n") for body in stand_in.stored.values())


if __name__ == "__main__":
    main()
