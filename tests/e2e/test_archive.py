"""Closed tasks are in the archive of the deployed stack, a line each."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw import Client
from sosw.aws.dynamodb import DynamoWatchStore
from sosw.domain import archive
from sosw.domain.task import JobId, Task

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

BY_SHOP: dict[str, Any] = {"job_schema_name": "by_shop", "isolate_shops": True}


def archived(deployment: Deployment, job: str) -> list[Task]:
    """What the Scavenger has archived of the job, once its moment has come."""
    where: dict[str, Any] = {"region": deployment.stack.region, "endpoint": deployment.stack.endpoint}
    watches = DynamoWatchStore.for_prefix(deployment.names.prefix, **where)
    watch = watches.get(JobId(job))
    assert watch is not None
    now = deployment.jobs.get(JobId(job))
    assert now is not None
    watches.save(replace(watch, due=now.submitted_at))  # as if its five minutes were over
    deployment.invoke(deployment.names.scavenger, {})
    watch = watches.get(JobId(job))
    assert watch is not None
    assert watch.due is None or watch.met_dead or watch.is_read
    objects = deployment.objects(watch.bucket)
    keys = [key for key in objects.keys("archive/labourer=obedient/") if archive.may_have(key, JobId(job))]
    lines = [line for key in keys for line in archive.unpack(objects.get(key) or b"", key)]
    return [task for task in map(archive.task_of, lines) if task.job_id == job]


def test_every_closed_task_of_a_job_has_one_line(deployment: Deployment, client: Client) -> None:
    job = client.submit("obedient", **BY_SHOP, shops=["a", "b", "c"], data="0123", idempotency_key="archived")
    job.wait(timeout=60)
    deployment.wait_for(lambda: deployment.totals({"job_id": job.id}).closed == 3)
    found = archived(deployment, job.id)

    assert Counter(task.id for task in found) == {f"archived#{n}": 1 for n in range(3)}
    assert [task.result for task in found] == [{"payload": {"data": "0123"}, "attempt": 1}] * 3
    table = {task.id: task for task in deployment.tasks_of({"job_id": job.id, "tasks": 3})}
    assert [replace(table[task.id], slot=None) for task in found] == found
