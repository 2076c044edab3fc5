"""The entry of the Scavenger: the event is a batch of the tasks table's stream, or anything (the minute rule's)."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from typing import Any

from sosw.archivist import Archivist
from sosw.aws.dynamodb import changes, token
from sosw.aws.sns import SnsNotifier
from sosw.dead_notices import DeadNotices
from sosw.deadline import remaining
from sosw.domain.settings import EssentialSettings
from sosw.essential.container import Handler
from sosw.recounting import Recounting
from sosw.scavenger import Scavenger
from sosw.tallies import Tallies
from sosw.world import World, in_parallel, pause


class ScavengerWorld(World):
    """With what the Scavenger alone has."""

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
            recounting=Recounting(
                tasks=self.tasks,
                jobs=self.jobs,
                tallies=Tallies(self.records, in_parallel, pause=pause),
                clock=self.clock,
                watches=self.watches,
            ),
        )

    def dead_notices(self, settings: EssentialSettings) -> DeadNotices:
        """To the topic that the template names; without one, deaths are counted and handed to functions alone."""
        topic = os.environ.get("SOSW_DEAD_TOPIC")
        return DeadNotices(
            tasks=self.tasks,
            records=self.records,
            invoker=self.invoker,
            notifier=SnsNotifier(topic, clients=self.clients) if topic else None,
            metrics=self.metrics,
            clock=self.clock,
            settings=settings,
            prefix=self.names.prefix,
        )


def scavenger_handler() -> Callable[[Any, Any], Any]:
    """Of the Scavenger."""
    return Handler(
        "scavenger",
        ScavengerWorld,
        _scavenger,
        lambda role, event, context: (
            role.pass_on(changes(event["Records"]), token=token(event["Records"]))
            if "Records" in event
            else role.sweep(remaining=lambda: remaining(context))
        ),
    )


def _scavenger(world: ScavengerWorld, config: Mapping[str, Any]) -> Scavenger:
    settings = EssentialSettings.from_mapping(config)
    return Scavenger(
        config,
        tasks=world.tasks,
        slots=world.slots,
        jobs=world.jobs,
        records=world.records,
        invoker=world.invoker,
        reminder=world.reminder,
        clock=world.clock,
        in_parallel=in_parallel,
        jitter=random.random,
        names=world.names,
        deaths=world.dead_notices(settings),
        archivist=world.archivist(settings),
        metrics=world.metrics,
        pause=pause,
    )
