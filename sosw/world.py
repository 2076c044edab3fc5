"""The adapters of AWS that the Essentials of one environment share."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sosw.aws.clients import Clients
from sosw.aws.dynamodb import (
    Database,
    DynamoConfigSource,
    DynamoJobStore,
    DynamoRecordStore,
    DynamoSlotStore,
    DynamoTaskStore,
    DynamoWatchStore,
)
from sosw.aws.lambda_ import MAX_CONNECTIONS, LambdaInvoker
from sosw.aws.objects import S3Objects
from sosw.aws.sqs import SqsReminder
from sosw.clock import SystemClock
from sosw.settings import Names
from sosw.vault import NO_VAULT, NoVault, Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta


Item = TypeVar("Item")


@dataclass(frozen=True)
class World:
    """The adapters of one environment, each made when it is first needed. An Essential adds what is its own."""

    names: Names

    @cached_property
    def clock(self) -> SystemClock:
        """The system's."""
        return SystemClock()

    @cached_property
    def clients(self) -> Clients:
        """Whose session all share."""
        return Clients()

    @cached_property
    def database(self) -> Database:
        """The connection that all tables share."""
        return Database(clients=self.clients)

    @cached_property
    def tasks(self) -> DynamoTaskStore:
        """The tasks table."""
        return DynamoTaskStore.for_prefix(self.names.prefix, database=self.database)

    @cached_property
    def slots(self) -> DynamoSlotStore:
        """The slot rows."""
        return DynamoSlotStore.for_prefix(self.names.prefix, database=self.database)

    @cached_property
    def jobs(self) -> DynamoJobStore:
        """The jobs table."""
        return DynamoJobStore.for_prefix(self.names.prefix, database=self.database)

    @cached_property
    def records(self) -> DynamoRecordStore:
        """The labourers table."""
        return DynamoRecordStore.for_prefix(self.names.prefix, database=self.database)

    @cached_property
    def bucket(self) -> S3Objects | None:
        """For the archive and for large values: that which the template names; None where there is none."""
        name = os.environ.get("SOSW_BUCKET")
        return S3Objects(name, clients=self.clients) if name else None

    @cached_property
    def vault(self) -> Vault | NoVault:
        """For what is too large for the table."""
        return Vault(self.bucket, self.bucket) if self.bucket else NO_VAULT

    @cached_property
    def watches(self) -> DynamoWatchStore | None:
        """Where there is a bucket to archive in."""
        return DynamoWatchStore.for_prefix(self.names.prefix, database=self.database) if self.bucket else None

    @cached_property
    def config(self) -> DynamoConfigSource:
        """The config table."""
        return DynamoConfigSource.for_prefix(self.names.prefix, database=self.database)

    @cached_property
    def invoker(self) -> LambdaInvoker:
        """Sends once: an attempt must not be started twice, and a lost wake is mended by the minute rule."""
        return LambdaInvoker(tries=1, clients=self.clients)

    @cached_property
    def reminder(self) -> SqsReminder:
        """The queue that the template names."""
        return SqsReminder(os.environ["SOSW_WAKE_QUEUE"], clock=self.clock, clients=self.clients)


def pause(number: int) -> None:
    """A random while, twice as long at most with every `number`, counted from 0: 20 ms, 40 ms, … 2.6 s."""
    time.sleep(random.uniform(0, 0.02 * 2**number))  # noqa: S311  (no secret)


def wait(time_to_pass: timedelta) -> None:
    """Sleep."""
    time.sleep(time_to_pass.total_seconds())


def in_parallel(call: Callable[[Item], None], items: Iterable[Item]) -> None:
    """`call` for every item, up to 32 at once; when one raised, that is raised after all have ended."""
    batch = list(items)
    if len(batch) == 1:
        call(batch[0])
    elif batch:
        with ThreadPoolExecutor(min(MAX_CONNECTIONS, len(batch))) as pool:
            done = [pool.submit(call, item) for item in batch]
        for future in done:
            future.result()
