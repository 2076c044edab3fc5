"""The stream tells of every write what the store in memory tells, and survives what it cannot read."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from sosw.aws.dynamodb import changes, token
from sosw.domain.job import Totals
from sosw.domain.messages import Change
from sosw.domain.task import JobId, LabourerName, TaskId, TaskState
from sosw.ports import TaskStore
from sosw.testing import InMemoryTaskStore
from tests.contract.backends import Dynamo, World
from tests.contract.moves import MOVES, NOW, STATES, claim

DEADLINE = 20.0  # seconds
SAME: dict[str, Any] = {"labourer": LabourerName("l"), "job_id": JobId("job")}


def test_every_write_is_a_change_in_order_as_in_memory(dynamo: Dynamo) -> None:
    world, memory = dynamo.world(), InMemoryTaskStore()
    for store in (world.tasks, memory):
        _live(store, world.fresh())
    told = _told(dynamo, f"{world.prefix}-tasks", len(memory.changes))
    assert _by_task(told) == _by_task(memory.changes)


def _live(store: TaskStore, world: World) -> None:
    """Every state is reached, by single moves and by a batch; refused writes tell nothing."""
    job = iter(range(100))
    for moves in STATES.values():
        task = world.new_task(id=TaskId(f"job#{next(job)}"), **SAME)
        store.create([task, task])
        for move in moves:
            task = store.apply(move(task))
    batch = [world.new_task(id=TaskId(f"job#{next(job)}"), **SAME) for _ in range(3)]
    store.create(batch)
    store.apply_all([claim(batch[0]), MOVES["cancel"](batch[1]), MOVES["heartbeat"](batch[2])])


def _told(dynamo: Dynamo, table: str, count: int) -> list[Change]:
    """What the stream tells, as soon as it is `count` changes."""
    streams = dynamo.client("dynamodbstreams")
    arn = dynamo.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    deadline = time.monotonic() + DEADLINE
    while True:
        records = [record for shard in _shards(streams, arn) for record in _records(streams, arn, shard)]
        if len(records) >= count or time.monotonic() > deadline:
            return changes(records)


def _shards(streams: Any, arn: str) -> list[str]:
    return [shard["ShardId"] for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]]


def _records(streams: Any, arn: str, shard: str) -> list[dict[str, Any]]:
    first = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=first["ShardIterator"])["Records"]
    return records


def _by_task(told: list[Change]) -> dict[str, list[Change]]:
    """In order for each task: among tasks there is none."""
    return {task: [c for c in told if c.task_id == task] for task in {c.task_id for c in told}}


IMAGE: dict[str, Any] = {
    "id": {"S": "job#0"},
    "job_id": {"S": "job"},
    "labourer": {"S": "sums"},
    "state": {"S": "done"},
    "version": {"N": "3"},
    "greenfield": {"N": "1767268800123"},
    "payload": {"S": "not even JSON"},
    "tomorrow's": {"BOOL": True},
}


def _record(image: Any = None, name: str = "MODIFY") -> dict[str, Any]:
    return {"eventID": "e1", "eventName": name, "dynamodb": {"NewImage": IMAGE if image is None else image}}


def test_a_change_needs_no_more_of_the_image_than_it_tells() -> None:
    (change,) = changes([_record()])
    assert (change.task_id, change.labourer, change.state, change.version) == ("job#0", "sums", TaskState.DONE, 3)
    assert change.greenfield == NOW.replace(microsecond=123_000)


def test_a_change_tells_what_the_task_was_before_and_what_failed() -> None:
    failures = {"S": '[{"attempt":1,"at":1767268800123,"error":"E","message":""}]'}
    images = {"OldImage": {**IMAGE, "state": {"S": "running"}}, "NewImage": {**IMAGE, "failures": failures}}
    (change,) = changes([{"eventName": "MODIFY", "dynamodb": images}])
    assert (change.was, change.failed, change.totals) == (TaskState.RUNNING, 1, Totals(done=1, failed=1))


def test_a_batch_has_the_same_name_when_it_comes_again() -> None:
    first, second, third = ({"dynamodb": {"SequenceNumber": str(n)}} for n in (10, 20, 30))
    assert token([first, second]) == token([first, second]) != ""
    assert len({token(batch) for batch in ([first], [second], [first, second], [first, second, third], [])}) == 5


def test_what_was_removed_is_no_change() -> None:
    removed = {"eventID": "e2", "eventName": "REMOVE", "dynamodb": {"Keys": {"id": {"S": "job#0"}}}}
    assert changes([removed, _record(name="REMOVE")]) == []


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"eventID": "e1", "eventName": "MODIFY"},
        {"eventID": "e1", "eventName": "MODIFY", "dynamodb": {"Keys": {"id": {"S": "job#0"}}}},
        _record(image={}),
        _record(image={**IMAGE, "state": {"S": "asleep"}}),
        _record(image={**IMAGE, "version": {"S": "3"}}),
        _record(image={**IMAGE, "greenfield": {"N": "soon"}}),
        _record(image={**IMAGE, "greenfield": {"N": "9" * 30}}),
        _record(image={**IMAGE, "labourer": None}),
        _record(image="nothing"),
        "no record",
        None,
    ],
    ids=repr,
)
def test_a_record_that_cannot_be_read_is_logged_and_the_others_are_told(
    broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(changes([_record(), broken, _record()])) == 2
    assert [record.message for record in caplog.records] == ["stream.unreadable"]
