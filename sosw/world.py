"""The adapters of AWS that the Essentials of one environment share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sosw.aws.cloudwatch import CloudWatch, CloudWatchAlarms, CloudWatchMetrics
from sosw.aws.dynamodb import (
    Database,
    DynamoConfigSource,
    DynamoJobStore,
    DynamoRecordStore,
    DynamoSlotStore,
    DynamoTaskStore,
)
from sosw.aws.lambda_ import LambdaInvoker
from sosw.aws.sqs import SqsReminder
from sosw.clock import SystemClock
from sosw.domain.health import ALARM, CLOUDWATCH, SIGNALS
from sosw.domain.settings import EssentialSettings
from sosw.health_sources import FunctionSource, HealthSources, SignalSource
from sosw.plugins import health_functions
from sosw.regulator import Regulator
from sosw.settings import Names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sosw.domain.task import LabourerName
    from sosw.ports import HealthSource, Limit


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

    def regulator(self, config: Mapping[str, Any]) -> Regulator:
        """Of the labourers and resources of this configuration."""
        return Regulator(
            records=self.records,
            sources=self.health,
            slots=self.slots,
            tasks=self.tasks,
            clock=self.clock,
            settings=EssentialSettings.from_mapping(config),
            known=self.known_limits,
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
