"""What the client needs of the world."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sosw.client.inspector import Inspector, Nowhere
from sosw.clock import SystemClock
from sosw.domain.errors import SoswError, invalid
from sosw.domain.surroundings import TableFacts
from sosw.ports import Clock, ConfigStore, JobStore, RecordStore, SlotStore, TaskStore
from sosw.settings import Names
from sosw.storage import ObjectStore, WatchStore


def no_objects(bucket: str) -> ObjectStore:
    """Where no bucket can be read."""
    raise SoswError(f"bucket {bucket} cannot be read here")


Call = Callable[[str, Mapping[str, Any]], Any]
"""A function's name and its event; answers what it returned."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One environment of sosw, as the client sees it."""

    names: Names
    call: Call
    jobs: JobStore
    tasks: TaskStore
    slots: SlotStore
    records: RecordStore
    config: ConfigStore
    clock: Clock
    watches: WatchStore | None = None
    """What the archive knows of jobs; None where there is no archive."""
    objects: Callable[[str], ObjectStore] = no_objects
    """A bucket by its name."""
    sleep: Callable[[float], None] = time.sleep
    """Seconds."""
    region: Callable[[], str | None] = lambda: None
    """Of the functions, where it is known."""
    has_console: Callable[[], bool] = lambda: True
    """AWS's console shows its logs."""
    inspector: Inspector = field(default_factory=Nowhere)
    """Looks at what all of it stands on."""
    tables: Callable[[], Mapping[str, TableFacts]] = dict
    """As the stores expect them, by name."""

    @classmethod
    def on_aws(cls, prefix: str, *, region: str | None, endpoint: str | None) -> Service:
        """In the account and region that the credentials and settings in use say. Nothing is called yet."""
        if endpoint and not endpoint.startswith(("http://", "https://")):
            raise invalid("endpoint", endpoint, "must begin with http:// or https://")
        try:
            # botocore only when something is asked
            from sosw.aws import caller, clients, dynamodb, inspector, objects  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise SoswError(f"the client needs {error.name}, which is not installed: install sosw[cli]") from error
        shared = clients.Clients(region=region, endpoint=endpoint)
        database, functions = dynamodb.Database(clients=shared), caller.LambdaCaller(clients=shared)
        return cls(
            names=Names(prefix),
            call=functions.call,
            jobs=dynamodb.DynamoJobStore.for_prefix(prefix, database=database),
            tasks=dynamodb.DynamoTaskStore.for_prefix(prefix, database=database),
            slots=dynamodb.DynamoSlotStore.for_prefix(prefix, database=database),
            records=dynamodb.DynamoRecordStore.for_prefix(prefix, database=database),
            config=dynamodb.DynamoConfigSource.for_prefix(prefix, database=database),
            watches=dynamodb.DynamoWatchStore.for_prefix(prefix, database=database),
            objects=lambda bucket: objects.S3Objects(bucket, clients=shared),
            clock=SystemClock(),
            region=lambda: functions.region,
            has_console=lambda: not functions.is_on_this_machine,
            inspector=inspector.AwsInspector(clients=shared),
            tables=lambda: inspector.expected_tables(prefix),
        )
