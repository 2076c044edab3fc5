"""Closed tasks are in the archive of the deployed stack, a line each."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sosw import Client
from sosw.aws.dynamodb import DynamoWatchStore
from sosw.domain import archive
from sosw.domain.task import JobId, Task
from tests.e2e.conftest import run

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


@pytest.mark.parametrize("swell", [50_000, 600_000], ids=["with the report", "by a URL"])
def test_large_payloads_and_results_come_out_as_they_went_in(
    deployment: Deployment, client: Client, swell: int
) -> None:
    data = ["0123", 1.0, None, "ü" * 200_000]
    job = client.submit("obedient", data=data, swell=swell, idempotency_key=f"large-{swell}")
    status = job.wait(timeout=90)
    (found,) = job.results()
    expected = {"digits": "0123" * swell, "data": data}
    (task,) = deployment.tasks_of({"job_id": job.id, "tasks": 1})

    assert (status.done, task.payload, task.result) == (1, {}, None)
    assert str(task.payload_at).endswith(f"/payloads/large-{swell}/0.json")
    assert (found.payload["data"], found.result) == (data, expected)
    deployment.wait_for(lambda: deployment.totals({"job_id": job.id}).closed == 1)
    (line,) = archived(deployment, job.id)
    assert (line.payload_at, line.result_at) == (task.payload_at, task.result_at)


def test_the_command_tells_what_happened_to_a_task(deployment: Deployment, client: Client) -> None:
    job = client.submit("obedient", plan=["raise", "return"], idempotency_key="told")
    job.wait(timeout=60)
    ended = run(deployment, "task", "told#0", "--json")
    said = json.loads(ended.stdout)

    assert (ended.returncode, said["state"], said["is_archived"]) == (0, "done", False)
    assert [step["what"] for step in said["steps"]] == ["created", "started", "failed", "started", "done"]
    assert {step["log"] for step in said["steps"]} == {None}, "AWS's console has no log of a local stack"
    assert said["log_group"] == "/aws/lambda/obedient"
    assert "attempt 1 was told to raise" in run(deployment, "task", "told#0").stdout
