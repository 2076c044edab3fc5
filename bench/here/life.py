"""The whole life of tasks, each step by its own Essential: `python -m bench.here.life 1000 100`, tasks and limit.

Lambda's part is played here: what is invoked is called, each Worker reports at once, and the stream of the tasks table
comes in batches, filtered as the template has it. Then some minutes pass, and the sweep archives the job and checks its
totals. The bucket is in memory; what is written into it is a call as any other.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import boto3

from bench import jobs
from bench.here.essentials import PREFIX, Essentials, configure
from bench.here.scheduler import deploy
from bench.here.statements import StatementMeter
from bench.meter import answer, split
from sosw.aws.dynamodb import DynamoJobStore
from sosw.aws.dynamodb.models import TASKS
from sosw.clock import SystemClock
from sosw.domain import archive
from sosw.domain.recount import FIRST_LOOK, LATEST
from sosw.testing import InMemoryObjects

TABLE = TASKS.table_name(PREFIX)
GONE = FIRST_LOOK + timedelta(minutes=1)
"""By then the job is archived, and nobody looks at it any more."""
STREAM_BATCH = 100
"""`BatchSize` of the template."""


def main() -> None:
    tasks, limit = map(int, sys.argv[1:])
    client = deploy(PREFIX)
    configure(client, {jobs.LABOURER: limit})
    meter = StatementMeter(client, TABLE)
    clock, bucket = MovedClock(), InMemoryObjects()
    essentials = Essentials(meter, clock=clock, bucket=bucket)
    live(essentials, Stream(client), jobs.creating(tasks))
    clock.ahead = GONE
    essentials("scavenger", {})
    for _ in bucket.puts:
        essentials.bill.add("s3:PutObject")
    calls, units = essentials.bill.take()
    read, written = split(units)
    done = {"FilterExpression": "#s = :done", "ExpressionAttributeNames": {"#s": "state"}}
    pages = client.get_paginator("scan").paginate(
        TableName=TABLE, Select="COUNT", ExpressionAttributeValues={":done": {"S": "done"}}, **done
    )
    closed = sum(page["Count"] for page in pages)
    archived = sum(1 for key, body in bucket.objects.items() for _ in archive.unpack(body, key))
    unchecked = len(DynamoJobStore.for_prefix(PREFIX).uncounted(clock.now() + LATEST, 1))
    told = {"tasks": tasks, "closed": closed, "archived": archived, "unchecked": unchecked}
    answer({**told, "calls": calls, "read_units": read, "write_units": written + meter.units})


class MovedClock(SystemClock):
    """Goes as the system's, but ahead of it."""

    ahead = timedelta()

    def now(self) -> datetime:
        """The moment, in UTC."""
        return super().now() + self.ahead


def live(essentials: Essentials, stream: Stream, job: dict[str, Any]) -> None:
    """From the job to the last of its tasks."""
    essentials("scheduler", job)
    while batch := stream.batch():
        essentials("scavenger", {"Records": batch})
        while essentials.fake.invoked:
            function, event = essentials.fake.invoked.popleft()
            if function == essentials.names.orchestrator:
                essentials("orchestrator", json.loads(event))
            else:
                report(essentials, json.loads(event))


def report(essentials: Essentials, event: dict[str, Any]) -> None:
    """As the base class of Workers does it."""
    essentials.bill.add("lambda:Invoke")
    who = {"task_id": event["task_id"], "attempt": event["sosw"]["attempt"], "labourer": event["sosw"]["labourer"]}
    essentials("worker_assistant", {"action": "complete", **who, "stats": {"n": 1}})


class Stream:
    """The stream of the tasks table, as an event source mapping delivers it."""

    def __init__(self, client: Any) -> None:
        self._client = boto3.client("dynamodbstreams", endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"])
        self._arn = client.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
        self._waiting: list[Any] = []

    @cached_property
    def _places(self) -> list[str]:
        """Where to read on. Asked for when something is there: before that, DynamoDB Local knows no place."""
        shards = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        begin: Any = {"StreamArn": self._arn, "ShardIteratorType": "TRIM_HORIZON"}
        return [self._client.get_shard_iterator(**begin, ShardId=shard["ShardId"])["ShardIterator"] for shard in shards]

    def batch(self) -> list[Any]:
        """The next records that pass the filter; none when all have been read."""
        while len(self._waiting) < STREAM_BATCH:
            found = self._read()
            if not found:
                break
            self._waiting += [record for record in found if passes(record)]
        batch, self._waiting = self._waiting[:STREAM_BATCH], self._waiting[STREAM_BATCH:]
        return batch

    def _read(self) -> list[Any]:
        found: list[Any] = []
        for at, place in enumerate(self._places):
            answer = self._client.get_records(ShardIterator=place)
            found += answer["Records"]
            self._places[at] = answer.get("NextShardIterator", place)
        return found


def passes(record: Any) -> bool:
    """The filter of cloudformation/sosw.yaml."""
    is_written = record["eventName"] in {"INSERT", "MODIFY"}
    return is_written and record["dynamodb"]["NewImage"]["state"]["S"] != "running"


if __name__ == "__main__":
    main()
