"""The entry of the Scheduler: the event is a job, or an order about one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from sosw.aws.s3 import S3Sources
from sosw.deadline import remaining
from sosw.essential.container import Handler
from sosw.plugins import installed
from sosw.scheduler import Scheduler
from sosw.world import World


class SchedulerWorld(World):
    """With what the Scheduler alone has."""

    @cached_property
    def sources(self) -> S3Sources:
        """What jobs are read from."""
        return S3Sources(clients=self.clients)


def scheduler_handler(role_class: type[Scheduler] = Scheduler) -> Callable[[Any, Any], Any]:
    """Of the Scheduler, or of your subclass with periods of its own."""
    return Handler(
        "scheduler",
        SchedulerWorld,
        lambda world, config: role_class(
            config,
            tasks=world.tasks,
            jobs=world.jobs,
            records=world.records,
            sources=world.sources,
            invoker=world.invoker,
            clock=world.clock,
            name=world.names.scheduler,
            extensions=installed(),
            watches=world.watches,
            vault=world.vault,
        ),
        lambda role, event, context: role.submit(
            event, request_id=context.aws_request_id, remaining=lambda: remaining(context)
        ),
        is_door=True,
    )
