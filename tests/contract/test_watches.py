"""The rows by which the archive knows the jobs to look at."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.httpsession import URLLib3Session

from sosw.aws.dynamodb import DynamoWatchStore
from sosw.domain import watch
from sosw.domain.job import Job
from sosw.domain.task import JobId, LabourerName
from sosw.domain.watch import Watch
from sosw.storage import WatchStore
from sosw.testing import InMemoryWatchStore
from tests.contract.backends import Dynamo, DynamoWorld, World
from tests.contract.faults import on, refusal
from tests.contract.moves import NOW, RETENTION

MINUTE = timedelta(minutes=1)
_numbers = itertools.count()
_IN_MEMORY = InMemoryWatchStore()


@pytest.fixture
def store(world: World) -> WatchStore:
    return dynamo_store(world) if isinstance(world, DynamoWorld) else _IN_MEMORY


def dynamo_store(world: DynamoWorld) -> DynamoWatchStore:
    return DynamoWatchStore.for_prefix(world.prefix, database=world.database)


def new(**fields: Any) -> Watch:
    """Of a job that no other test has; due in an hour of its own."""
    number = next(_numbers)
    at = NOW + timedelta(days=number)
    job = Job(id=JobId(f"watched-{number}"), labourer=LabourerName("l"), submitted_at=at, body="{}")
    return replace(watch.first(job, RETENTION), **fields)


def test_a_job_that_was_never_watched_is_none(store: WatchStore) -> None:
    assert store.get(JobId("nobody")) is None


def test_a_watch_comes_back_as_it_was_given(store: WatchStore) -> None:
    given = new(begun=NOW, cursor=7, met_open=True, met_dead=True, is_read=True, dates=("2026-01-01",), bucket="b")
    store.watch(given)
    assert store.get(given.job_id) == replace(given, version=1)


def test_a_job_watched_again_is_as_it_was(store: WatchStore) -> None:
    given = new()
    store.watch(given)
    store.watch(replace(given, due=NOW, since=NOW))
    assert store.get(given.job_id) == replace(given, version=1)


def test_a_watch_that_has_ended_begins_anew_with_what_it_knows(store: WatchStore) -> None:
    given = new()
    store.watch(given)
    known = store.get(given.job_id)
    assert known
    over = store.save(watch.ended(replace(known, dates=("2026-01-01",))))
    assert over
    assert over.due is None
    store.watch(given)
    assert store.get(given.job_id) == replace(over, due=given.due, version=3)


def test_only_who_has_seen_the_latest_version_writes(store: WatchStore) -> None:
    given = new()
    store.watch(given)
    known = store.get(given.job_id)
    assert known
    assert store.save(replace(known, cursor=1)) == replace(known, cursor=1, version=2)
    assert store.save(replace(known, cursor=2)) is None
    found = store.get(given.job_id)
    assert found
    assert found.cursor == 1


def test_what_was_never_watched_is_not_written(store: WatchStore) -> None:
    assert store.save(new()) is None


def test_those_whose_moment_has_come_are_due_in_its_order(store: WatchStore) -> None:
    first, second, later, over = (new(due=NOW - timedelta(days=n)) for n in (2000, 1999, 1, 2001))
    for each in (second, first, later, over):
        store.watch(each)
    known = store.get(over.job_id)
    assert known
    store.save(watch.ended(known))
    mine = {first.job_id, second.job_id, later.job_id, over.job_id}
    found = [each for each in store.due(NOW - timedelta(days=1998), 100) if each.job_id in mine]
    assert [each.job_id for each in found] == [first.job_id, second.job_id]
    assert len(store.due(NOW, 1)) == 1


def test_a_write_that_is_repeated_for_its_lost_reply_is_known_as_its_own(dynamo_world: DynamoWorld) -> None:
    store, given, twice = dynamo_store(dynamo_world), new(), Twice()
    store.watch(given)
    known = store.get(given.job_id)
    assert known
    with on(dynamo_world.database, "before-send.dynamodb.PutItem", twice):
        assert store.save(replace(known, cursor=1)) == replace(known, cursor=1, version=2)
    assert twice.calls == 2


class Twice:
    """The first call takes effect and is answered by a server's error, so that botocore repeats it."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, request: Any, **_: Any) -> Any:
        self.calls += 1
        if self.calls > 1:
            return None
        URLLib3Session().send(request)
        return refusal(request, "InternalServerError", 500)


def test_jobs_to_work_on_and_jobs_to_archive_are_not_taken_for_each_other(dynamo_world: DynamoWorld) -> None:
    store, given = dynamo_store(dynamo_world), new(due=NOW - timedelta(days=3000))
    store.watch(given)
    assert dynamo_world.jobs.left(NOW - timedelta(days=2999), 10) == []
    assert dynamo_world.jobs.get(given.job_id) is None


def test_a_row_that_nobody_can_make_sense_of_is_left_out(
    dynamo: Dynamo, dynamo_world: DynamoWorld, caplog: pytest.LogCaptureFixture
) -> None:
    store, given = dynamo_store(dynamo_world), new(due=NOW - timedelta(days=4000))
    store.watch(given)
    at = str(int((NOW - timedelta(days=4001)).timestamp() * 1000))
    odd = {"id": {"S": "odd#archive"}, "open": {"S": "archive"}, "held_until": {"N": at}}
    client = dynamo.client("dynamodb")
    client.put_item(TableName=f"{dynamo_world.prefix}-jobs", Item=odd)
    assert [each.job_id for each in store.due(NOW - timedelta(days=3999), 10)] == [given.job_id]
    assert "archive.unreadable" in caplog.messages
    client.delete_item(TableName=f"{dynamo_world.prefix}-jobs", Key={"id": odd["id"]})
