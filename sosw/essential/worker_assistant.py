"""The entry of the WorkerAssistant: the event is a report."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any

from sosw.aws.dynamodb.record_store import DynamoRecordStore
from sosw.domain.moments import EPOCH
from sosw.essential.container import Handler
from sosw.signal_desk import SignalDesk
from sosw.worker_assistant import WorkerAssistant
from sosw.world import World

BETWEEN_LOOKS = timedelta(seconds=10)
"""Of a container for what its reports name and its configuration does not."""


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


class _Listener(Handler[AssistantWorld, WorkerAssistant]):
    """Looks for what was declared since, when a report names it; not for each, for what nobody declares comes often."""

    _next_look = EPOCH

    def _speaks_of_news(self, role: WorkerAssistant, event: Any) -> bool:
        if role.knows(event) or self._world.clock.now() < self._next_look:
            return False
        self._next_look = self._world.clock.now() + BETWEEN_LOOKS
        return True


def worker_assistant_handler() -> Callable[[Any, Any], Any]:
    """Of the WorkerAssistant."""
    return _Listener(
        "worker-assistant",
        AssistantWorld,
        lambda world, config: WorkerAssistant(
            config, tasks=world.tasks, clock=world.clock, jitter=random.random, desk=world.desk, vault=world.vault
        ),
        lambda role, event, _context: role.answer(event),
    )
