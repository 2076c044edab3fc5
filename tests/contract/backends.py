"""What the suite runs against: a backend gives worlds, and a world has a store of each kind over tables of its own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sosw.aws.dynamodb import (
    Database,
    DynamoConfigSource,
    DynamoJobStore,
    DynamoRecordStore,
    DynamoSlotStore,
    DynamoTaskStore,
    DynamoWatchStore,
)
from sosw.aws.dynamodb.models import SCHEMAS, TASKS
from sosw.domain.labourer import Labourer
from sosw.domain.lifecycle import dead_key, queued
from sosw.domain.task import JobId, LabourerName, Task, TaskId, task_id
from sosw.line import Line
from sosw.local.clients import make_client
from sosw.testing import (
    DictConfigSource,
    InMemoryJobStore,
    InMemoryRecordStore,
    InMemorySlotStore,
    InMemoryTaskStore,
    InMemoryWatchStore,
)
from tests.contract.moves import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.ports import ConfigStore, JobStore, RecordStore, SlotStore, TaskStore
    from sosw.storage import WatchStore

REGION = "us-east-1"

W = TypeVar("W", bound="World")

_numbers = itertools.count()


def _a_labourer() -> LabourerName:
    return LabourerName(f"labourer-{next(_numbers)}")


@dataclass(kw_only=True)
class World:
    """Stores of one environment. Tests share them, so each takes names of its own."""

    tasks: TaskStore
    slots: SlotStore
    jobs: JobStore
    records: RecordStore
    config: ConfigStore
    watches: WatchStore
    labourer: LabourerName = field(default_factory=_a_labourer)

    def fresh(self: W) -> W:  # noqa: PYI019  (Python 3.10 has no Self)
        """The same stores, seen by another test."""
        return replace(self, labourer=_a_labourer())

    def forget(self, task: Task) -> None:
        """As TTL does: it leaves the table."""
        in_memory: Any = self.tasks
        in_memory.tasks.pop(task.id)

    def new_id(self) -> TaskId:
        """Of a task that is not there."""
        return task_id(JobId(f"job-{next(_numbers)}"), 0)

    def new_tasks(self, count: int, **fields: Any) -> list[Task]:
        """As a Scheduler would offer them, not written yet.

        With a `tag`, that of the first, they are ready; without one they wait for their moment.
        """
        job = JobId(f"job-{next(_numbers)}")
        common = {"job_id": job, "payload": {"n": 1}, "labourer": self.labourer, "created_at": NOW, "greenfield": NOW}
        tag, shards = fields.pop("tag", None), fields.pop("shards", 1)
        new = [Task(**{"id": task_id(job, n), **common, **fields}) for n in range(count)]
        return [queued(task, tag=tag and tag + n, shards=shards) for n, task in enumerate(new)]

    def new_task(self, **fields: Any) -> Task:
        return self.new_tasks(1, **fields)[0]

    def due(
        self, until: datetime = NOW, limit: int = 10, *, labourer: LabourerName | None = None, shards: int = 1
    ) -> list[TaskId]:
        """Who of the labourer's tasks is next."""
        known = Labourer(name=labourer or self.labourer, arn="", max_simultaneous_invocations=1)
        return Line(self.tasks).due(known, until, limit, shards=shards)

    def dead(self, limit: int = 10) -> list[TaskId]:
        """Its dead tasks."""
        return [place.task for place in self.tasks.places(dead_key(self.labourer), 0, limit)]

    def created(self, count: int) -> list[Task]:
        tasks = self.new_tasks(count)
        self.tasks.create(tasks)
        return tasks


@dataclass(kw_only=True)
class DynamoWorld(World):
    """Over tables of DynamoDB."""

    tasks: DynamoTaskStore
    slots: DynamoSlotStore
    jobs: DynamoJobStore
    records: DynamoRecordStore
    config: DynamoConfigSource
    watches: DynamoWatchStore
    database: Database
    prefix: str

    def forget(self, task: Task) -> None:
        """As TTL does."""
        client: Any = self.database.client
        client.delete_item(TableName=TASKS.table_name(self.prefix), Key={"id": {"S": task.id}})


class Backend(Protocol):
    def world(self) -> World:
        """A new, empty one."""


class Memory:
    def world(self) -> World:
        return World(
            tasks=InMemoryTaskStore(),
            slots=InMemorySlotStore(),
            jobs=InMemoryJobStore(),
            records=InMemoryRecordStore(),
            config=DictConfigSource(),
            watches=InMemoryWatchStore(),
        )


class Dynamo:
    """A local server that speaks DynamoDB's protocol."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.database = Database(region=REGION, endpoint=endpoint)

    def world(self) -> DynamoWorld:
        prefix = f"contract-{next(_numbers)}"
        create_tables(self.client("dynamodb"), prefix)
        return self.world_of(prefix, self.database)

    def world_of(self, prefix: str, database: Database) -> DynamoWorld:
        """That environment, called through `database`."""
        return DynamoWorld(
            tasks=DynamoTaskStore.for_prefix(prefix, database=database),
            slots=DynamoSlotStore.for_prefix(prefix, database=database),
            jobs=DynamoJobStore.for_prefix(prefix, database=database),
            records=DynamoRecordStore.for_prefix(prefix, database=database),
            config=DynamoConfigSource.for_prefix(prefix, database=database),
            watches=DynamoWatchStore.for_prefix(prefix, database=database),
            database=database,
            prefix=prefix,
        )

    def client(self, service: str) -> Any:
        return make_client(service, endpoint=self.endpoint, region=REGION)


def create_tables(client: Any, prefix: str) -> None:
    """All tables of an environment, as the template creates them."""
    for schema in SCHEMAS:
        more: dict[str, Any] = {}
        if schema.global_secondary_indexes:
            more["GlobalSecondaryIndexes"] = schema.global_secondary_indexes
        if schema.stream_view_type:
            more["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": schema.stream_view_type}
        client.create_table(
            TableName=schema.table_name(prefix),
            KeySchema=schema.key_schema,
            AttributeDefinitions=schema.attribute_definitions,
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
