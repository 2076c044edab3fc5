"""What is done to the system while it works: processes killed, batches told twice, the Essentials deployed anew."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from sosw.domain.task import TaskId, TaskState
from sosw.local import LocalStack
from tests.e2e.chaos.verdict import Line, Step

FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"
RETOLD = 0.3
"""Share of the stream that is delivered to the Scavenger once more."""


class Killer:
    """Ends processes of functions by SIGKILL: children of this stack's server, and nobody else's."""

    def __init__(self, stack: LocalStack, chance: random.Random) -> None:
        self._server, self._chance = psutil.Process(stack.server.record.pid), chance
        self.lines: list[Line] = []
        self.killed: Counter[str] = Counter()

    def kill_one(self, prefix: str) -> None:
        """Of a function whose name begins so, by chance; none where none is."""
        found = [(name, process) for name, process in self._functions() if name.startswith(prefix)]
        if not found:
            return
        name, process = self._chance.choice(found)
        self.lines.append({"what": "killed", "pid": process.pid, "at": time.time()})
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            self.killed[name] += 1

    def _functions(self) -> Iterator[tuple[str, psutil.Process]]:
        for process in self._server.children():
            with contextlib.suppress(psutil.Error):
                yield process.environ().get(FUNCTION, ""), process


class Stream:
    """Reads the tasks table's stream beside the Scavenger, keeps what it tells, and tells some of it again."""

    def __init__(self, stack: LocalStack, table: str, chance: random.Random) -> None:
        self._client, self._chance = stack.client("dynamodbstreams"), chance
        arn = stack.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        (shard,) = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._place = self._client.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        self._lambda = stack.client("lambda")
        self._last: list[dict[str, Any]] = []
        self.history: defaultdict[TaskId, list[Step]] = defaultdict(list)
        self.records = self.retold = 0

    def read(self) -> Sequence[dict[str, Any]]:
        """What is new; up to 1,000 records."""
        answer = self._client.get_records(ShardIterator=self._place)
        self._place = answer["NextShardIterator"]
        records: list[dict[str, Any]] = answer["Records"]
        for record in records:
            image = record["dynamodb"]["NewImage"]
            step = Step(int(image["version"]["N"]), TaskState(image["state"]["S"]))
            self.history[TaskId(image["id"]["S"])].append(step)
        self.records += len(records)
        return records

    def follow(self, scavenger: str) -> None:
        """Read on, and deliver some of it, and of what came before, once more."""
        records = self.read()
        for start in range(0, len(records), 50):
            if self._chance.random() < RETOLD:
                self._tell(scavenger, records[start : start + 50])

    def _tell(self, scavenger: str, batch: Sequence[dict[str, Any]]) -> None:
        payload = json.dumps({"Records": batch}, default=lambda moment: moment.timestamp())
        self._lambda.invoke(FunctionName=scavenger, InvocationType="Event", Payload=payload)
        self.retold += len(batch)


def another_version(root: Path, folder: Path) -> Path:
    """The template beside a copy of the Essentials whose code is another one: deploying it updates every function."""
    for part in ("cloudformation", "essentials"):
        shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "essentials" / "version.txt").write_text("another")
    return folder / "cloudformation" / "sosw.yaml"
