"""The entry of the WorkerAssistant: the event is a report."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cached_property
from typing import Any

from sosw.aws.dynamodb.record_store import DynamoRecordStore
from sosw.essential.container import Handler
from sosw.signal_desk import SignalDesk
from sosw.worker_assistant import WorkerAssistant
from sosw.world import World


class AssistantWorld(World):
    """With what the WorkerAssistant alone has."""

    @cached_property
    def quick_records(self) -> DynamoRecordStore:
        """The labourers table, for who has no time to wait for it."""
        return DynamoRecordStore.quick(self.names.prefix, clients=self.clients)

    @cached_property
    def desk(self) -> SignalDesk:
        """Keeps what it heard while the container is warm, longer than a role lives."""
        return SignalDesk(records=self.quick_records, clock=self.clock)


def worker_assistant_handler() -> Callable[[Any, Any], Any]:
    """Of the WorkerAssistant."""
    return Handler(
        "worker-assistant",
        AssistantWorld,
        lambda world, config: WorkerAssistant(
            config, tasks=world.tasks, clock=world.clock, jitter=random.random, desk=world.desk, vault=world.vault
        ),
        lambda role, event, _context: role.answer(event),
    )
