"""A Scheduler killed at a call of AWS, and the job taken up again: each task is there once, on real tables."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from contextlib import ExitStack
from typing import Any

import pytest

from sosw.aws.dynamodb import Database
from sosw.aws.dynamodb.models import TASKS
from sosw.domain.job import JobState
from sosw.domain.messages import resume_event
from sosw.domain.task import JobId
from sosw.job_writer import HOLD
from tests.contract.backends import REGION, Dynamo, DynamoWorld
from tests.contract.faults import on
from tests.factories import World, seconds

SHOPS = 1_000
JOB = {"lambda_name": "sales", "job_schema_name": "by_shop", "isolate_shops": True, "shops": list(range(SHOPS))}


class Killed(BaseException):
    """The process is gone."""


class Process:
    """A Scheduler in a process of its own, which is killed at call number `at`: before it is sent, or once answered."""

    def __init__(self, dynamo: Dynamo, prefix: str, roles: World, *, at: int = 0, is_sent: bool = False) -> None:
        self.database = Database(region=REGION, endpoint=dynamo.endpoint, tries=1)
        self.stores = dynamo.world_of(prefix, self.database)
        self.sent, self.answered, self._at, self._is_sent = 0, 0, at, is_sent
        self._roles, self._is_killed, self._counting = roles, False, threading.Lock()

    def submit(self, event: Any, request_id: str) -> dict[str, Any]:
        scheduler = self._roles.scheduler(tasks=self.stores.tasks, jobs=self.stores.jobs)
        with ExitStack() as stack:
            stack.enter_context(on(self.database, "before-send.dynamodb", self._send))
            stack.enter_context(on(self.database, "after-call.dynamodb", self._hear))
            return scheduler.submit(event, request_id=request_id, remaining=lambda: seconds(900))

    def _send(self, **_: Any) -> None:
        with self._counting:
            self.sent += 1
            self._die(is_now=self.sent == self._at and not self._is_sent)

    def _hear(self, **_: Any) -> None:
        with self._counting:
            self.answered += 1
            self._die(is_now=self.answered == self._at and self._is_sent)

    def _die(self, *, is_now: bool) -> None:
        """Whatever its other threads do then is not done either."""
        self._is_killed |= is_now
        if self._is_killed:
            raise Killed


@pytest.fixture
def roles() -> World:
    roles = World()
    roles.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    return roles


def shops_of_jobs(dynamo: Dynamo, world: DynamoWorld) -> dict[str, list[int]]:
    """Of each job in the table, the shops of its tasks, in order."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    pages = dynamo.client("dynamodb").get_paginator("scan").paginate(TableName=TASKS.table_name(world.prefix))
    for item in (item for page in pages for item in page["Items"]):
        shop = item["payload"]["S"].partition('"shops":[')[2].partition("]")[0]
        found[item["job_id"]["S"]].append(int(shop))
    return {job: sorted(shops) for job, shops in found.items()}


@pytest.mark.long
def test_killed_at_a_call_and_resumed_a_job_has_each_task_once(
    dynamo: Dynamo, roles: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world = dynamo.world()
    whole = Process(dynamo, world.prefix, roles)
    assert whole.submit(JOB, "whole")["created"] == SHOPS
    expected = {"whole": list(range(SHOPS))}
    kept = []
    for at, is_sent in points(whole.answered):
        job_id = f"killed-at-{at}-{is_sent}"
        with pytest.raises(Killed):
            Process(dynamo, world.prefix, roles, at=at, is_sent=is_sent).submit(JOB, job_id)
        roles.clock.advance(HOLD)
        kept.append(resumed(Process(dynamo, world.prefix, roles), job_id))
        expected[job_id] = list(range(SHOPS))

    assert shops_of_jobs(dynamo, world) == expected
    assert min(kept) == 0  # one was killed before its first task was written,
    assert any(0 < tasks < SHOPS for tasks in kept)  # one amid them,
    assert max(kept) == SHOPS  # and one after the last
    with capsys.disabled():
        sys.stdout.write(f"\nkill points: {len(kept)} tried, each left exactly {SHOPS:,} tasks\n")


def points(calls: int) -> list[tuple[int, bool]]:
    """A sample of the calls to be killed at, before each and after it: one before the tasks are written, two amid them,
    and the last, which says that all are. The unit tests kill at all of them, in memory.
    """
    return [(at, is_sent) for at in (2, calls // 3, calls * 2 // 3, calls) for is_sent in (False, True)]


def resumed(process: Process, job_id: str) -> int:
    """Take the job up again, as the sweep does, or Lambda where there is no job yet; the tasks that were left of it."""
    is_there = process.stores.jobs.get(JobId(job_id)) is not None
    answer = process.submit(resume_event(JobId(job_id)) if is_there else JOB, job_id)
    job = process.stores.jobs.get(JobId(job_id))
    assert job is not None
    assert job.state is JobState.READY
    assert job.total == SHOPS
    return SHOPS - int(answer["created"])
