"""Claims tasks and does nothing besides: `python -m bench.here.claims 100 1000`. What the server can do at most."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any

from bench.here.essentials import PREFIX
from bench.here.scheduler import deploy
from bench.meter import Bill, answer, timed
from sosw.aws.dynamodb import DynamoTaskStore
from sosw.aws.dynamodb.table import Database
from sosw.domain import lifecycle
from sosw.domain.task import JobId, LabourerName, Task, task_id
from sosw.ports import Outcome

LABOURER = LabourerName("sales")
LEASE = timedelta(minutes=20)


def main() -> None:
    counts = [int(count) for count in sys.argv[1:]]
    deploy(PREFIX)
    database, bill = Database(), Bill()
    store = DynamoTaskStore.for_prefix(PREFIX, database=database)
    database.client.meta.events.register("after-call", bill)
    answer({"runs": [claim(store, bill, JobId(f"job-{n}"), count) for n, count in enumerate(counts)]})


def claim(store: DynamoTaskStore, bill: Bill, job: JobId, count: int) -> dict[str, Any]:
    """So many tasks that wait, claimed: what it took."""
    now = datetime.now(timezone.utc)
    tasks = [_task(job, number, now) for number in range(count)]
    store.create(tasks)
    bill.take()
    claims = [lifecycle.claim(task, row=0, now=now, lease=LEASE) for task in tasks]
    with timed() as taken:
        outcomes = store.apply_all(claims)
    calls, _ = bill.take()
    return {"tasks": outcomes.count(Outcome.APPLIED), "calls": calls, **taken}


def _task(job: JobId, number: int, now: datetime) -> Task:
    payload = {"report": "daily", "date_list": ["2026-11-24"], "sections": ["0"], "shops": [number]}
    task = Task(id=task_id(job, number), job_id=job, labourer=LABOURER, payload=payload, created_at=now, greenfield=now)
    return lifecycle.queued(task, tag=number)


if __name__ == "__main__":
    main()
