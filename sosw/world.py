"""The adapters of AWS that the Essentials of one environment share."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from sosw.archivist import Archivist
from sosw.aws.cloudwatch import CloudWatch, CloudWatchAlarms, CloudWatchMetrics
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
from sosw.aws.sns import SnsNotifier
from sosw.aws.sqs import SqsReminder
from sosw.clock import SystemClock
from sosw.dead_notices import DeadNotices
from sosw.dead_orders import DeadOrders
from sosw.domain.health import ALARM, CLOUDWATCH, SIGNALS
from sosw.domain.settings import EssentialSettings
from sosw.gates import Gates
from sosw.health_sources import FunctionSource, HealthSources, SignalSource
from sosw.log import LabourerCounts
from sosw.plugins import health_functions
from sosw.regulator import Regulator
from sosw.settings import Names
from sosw.signal_desk import SignalDesk
from sosw.vault import NO_VAULT, NoVault, Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sosw.domain.task import LabourerName
    from sosw.ports import HealthSource, Limit


Item = TypeVar("Item")


@dataclass(frozen=True)
class World:
    """The adapters of one environment, each made when it is first needed."""

    names: Names

    @cached_property
    def clock(self) -> SystemClock:
        """The system's."""
        return SystemClock()

    @cached_property
    def database(self) -> Database:
        """The connection that all tables share."""
        return Database()

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
        return S3Objects(name) if name else None

    @cached_property
    def vault(self) -> Vault | NoVault:
        """For what is too large for the table."""
        return Vault(self.bucket, self.bucket) if self.bucket else NO_VAULT

    @cached_property
    def watches(self) -> DynamoWatchStore | None:
        """Where there is a bucket to archive in."""
        return DynamoWatchStore.for_prefix(self.names.prefix, database=self.database) if self.bucket else None

    def archivist(self, settings: EssentialSettings) -> Archivist | None:
        """By these settings; None where nothing is to be archived."""
        if self.bucket is None or self.watches is None or not settings.archive:
            return None
        return Archivist(
            tasks=self.tasks,
            jobs=self.jobs,
            watches=self.watches,
            objects=self.bucket,
            clock=self.clock,
            settings=settings,
        )

    @cached_property
    def gates(self) -> Gates:
        """Of rates and keys."""
        return Gates(
            records=self.records,
            slots=self.slots,
            tasks=self.tasks,
            clock=self.clock,
            in_parallel=in_parallel,
            pause=pause,
        )

    @cached_property
    def desk(self) -> SignalDesk:
        """Keeps what it heard while the container is warm, longer than a role lives."""
        return SignalDesk(records=DynamoRecordStore.quick(self.names.prefix), clock=self.clock)

    @cached_property
    def health(self) -> HealthSources:
        """What can be measured: CloudWatch, what Workers signal, and functions of other packages."""
        cloudwatch = CloudWatch()
        functions = {name: FunctionSource(name, function) for name, function in health_functions().items()}
        own: dict[str, HealthSource] = {
            CLOUDWATCH: CloudWatchMetrics(cloudwatch),
            ALARM: CloudWatchAlarms(cloudwatch),
            SIGNALS: SignalSource(self.records),
        }
        return HealthSources({**functions, **own})

    @cached_property
    def known_limits(self) -> dict[LabourerName, Limit]:
        """The last limits that this container knew: they outlive a role, which is built anew with its configuration."""
        return {}

    def regulator(self, settings: EssentialSettings) -> Regulator:
        """Of the labourers and resources of these settings."""
        return Regulator(
            records=self.records,
            sources=self.health,
            slots=self.slots,
            tasks=self.tasks,
            clock=self.clock,
            settings=settings,
            known=self.known_limits,
        )

    def dead_orders(self, settings: EssentialSettings) -> DeadOrders:
        """Of the labourers of these settings."""
        stores: dict[str, Any] = {"tasks": self.tasks, "jobs": self.jobs, "records": self.records}
        return DeadOrders(**stores, clock=self.clock, settings=settings, pause=pause)

    def dead_notices(self, settings: EssentialSettings) -> DeadNotices:
        """To the topic that the template names; without one, deaths are counted and handed to functions alone."""
        topic = os.environ.get("SOSW_DEAD_TOPIC")
        return DeadNotices(
            tasks=self.tasks,
            records=self.records,
            invoker=self.invoker,
            notifier=SnsNotifier(topic) if topic else None,
            counts=LabourerCounts(),
            clock=self.clock,
            settings=settings,
            prefix=self.names.prefix,
        )

    @cached_property
    def config(self) -> DynamoConfigSource:
        """The config table."""
        return DynamoConfigSource.for_prefix(self.names.prefix, database=self.database)

    @cached_property
    def invoker(self) -> LambdaInvoker:
        """Sends once: an attempt must not be started twice, and a lost wake is mended by the minute rule."""
        return LambdaInvoker(tries=1)

    @cached_property
    def reminder(self) -> SqsReminder:
        """The queue that the template names."""
        return SqsReminder(os.environ["SOSW_WAKE_QUEUE"], clock=self.clock)


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
