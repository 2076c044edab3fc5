"""The stream of the tasks table, as an event source mapping delivers it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

import boto3

BATCH = 100
"""`BatchSize` of the template."""


class Stream:
    """In batches, filtered; `see` is shown every record. Of all that was ever written, or `is_new`: from now on."""

    def __init__(
        self, client: Any, table: str, see: Callable[[Any], None] = lambda _record: None, *, is_new: bool = False
    ) -> None:
        self._client = boto3.client("dynamodbstreams", endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"])
        self._arn = client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        self._see, self._begin = see, "LATEST" if is_new else "TRIM_HORIZON"
        self._waiting: list[Any] = []
        if is_new:
            self._read()

    @cached_property
    def _places(self) -> list[str]:
        """Where to read on. Asked for when something is there: before that, DynamoDB Local knows no place."""
        shards = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        begin: Any = {"StreamArn": self._arn, "ShardIteratorType": self._begin}
        return [self._client.get_shard_iterator(**begin, ShardId=shard["ShardId"])["ShardIterator"] for shard in shards]

    def batch(self) -> list[Any]:
        """The next records that pass the filter; none when all have been read."""
        while len(self._waiting) < BATCH:
            found = self._read()
            if not found:
                break
            self._waiting += [record for record in found if passes(record)]
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        return batch

    def _read(self) -> list[Any]:
        found: list[Any] = []
        for at, place in enumerate(self._places):
            answer = self._client.get_records(ShardIterator=place)
            found += answer["Records"]
            self._places[at] = answer.get("NextShardIterator", place)
        for record in found:
            self._see(record)
        return found


def passes(record: Any) -> bool:
    """The filter of cloudformation/sosw.yaml."""
    is_written = record["eventName"] in {"INSERT", "MODIFY"}
    return is_written and record["dynamodb"]["NewImage"]["state"]["S"] != "running"
