"""The entries of the four Essentials: settings from the table, adapters of AWS, one summary line an invocation."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sosw.aws.dynamodb import TableFailed, changes, token
from sosw.aws.s3 import S3Sources
from sosw.aws.sqs import received
from sosw.controls import Controls
from sosw.domain.dead_orders import DeadOrder
from sosw.domain.errors import InvalidInput
from sosw.domain.moments import EPOCH
from sosw.domain.orders import is_order
from sosw.domain.rounds import Round
from sosw.domain.settings import EssentialSettings
from sosw.handler import prefix, remaining
from sosw.log import EssentialLog
from sosw.orchestrator import Orchestrator
from sosw.plugins import installed
from sosw.processor import Processor
from sosw.scavenger import Scavenger
from sosw.scheduler import Scheduler
from sosw.settings import ESSENTIAL_CONFIG, Names
from sosw.worker_assistant import WorkerAssistant
from sosw.world import World, in_parallel, pause, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Role = TypeVar("Role", bound=Processor)
Item = TypeVar("Item")

CONFIG_LIFE = timedelta(seconds=60)
"""How long a warm container works by the configuration that it has read."""


def scheduler_handler(role_class: type[Scheduler] = Scheduler) -> Callable[[Any, Any], Any]:
    """Of the Scheduler, or of your subclass with periods of its own: the event is a job, or an order about one."""
    return _Handler(
        "scheduler",
        lambda world, config: role_class(
            config,
            tasks=world.tasks,
            jobs=world.jobs,
            records=world.records,
            sources=S3Sources(),
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


def orchestrator_handler() -> Callable[[Any, Any], Any]:
    """Of the Orchestrator: the event is a wake, messages with wakes, an order, or anything (the minute rule's)."""
    return _WithControls(
        "orchestrator",
        lambda world, config: Orchestrator(
            config,
            tasks=world.tasks,
            slots=world.slots,
            invoker=world.invoker,
            clock=world.clock,
            name=world.names.orchestrator,
            limits=world.regulator(EssentialSettings.from_mapping(config)),
            gates=world.gates,
            reminder=world.reminder,
            in_parallel=in_parallel,
            pause=pause,
            wait=wait,
        ),
        lambda role, event, context: role(
            received(event) if "Records" in event else event,
            remaining=lambda: remaining(context),
            may_linger="Records" not in event,  # the queue's few readers are for who falls due next
        ),
    )


def worker_assistant_handler() -> Callable[[Any, Any], Any]:
    """Of the WorkerAssistant: the event is a report."""
    return _Handler(
        "worker-assistant",
        lambda world, config: WorkerAssistant(
            config, tasks=world.tasks, clock=world.clock, jitter=random.random, desk=world.desk, vault=world.vault
        ),
        lambda role, event, _context: role.answer(event),
    )


def scavenger_handler() -> Callable[[Any, Any], Any]:
    """Of the Scavenger: the event is a batch of the tasks table's stream, or anything (the minute rule's)."""
    return _Handler(
        "scavenger",
        _scavenger,
        lambda role, event, context: (
            role.pass_on(changes(event["Records"]), token=token(event["Records"]))
            if "Records" in event
            else role.sweep(remaining=lambda: remaining(context))
        ),
    )


def _scavenger(world: World, config: Mapping[str, Any]) -> Scavenger:
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
    )


class _Handler(Generic[Role]):
    """A Lambda handler: a callable of event and context."""

    def __init__(
        self,
        name: str,
        build: Callable[[World, Mapping[str, Any]], Role],
        call: Callable[[Role, Any, Any], dict[str, Any]],
        *,
        is_door: bool = False,
    ) -> None:
        """`is_door`: raise a configuration that cannot be read to the caller; else what can go on goes on."""
        self._build, self._call, self._is_door = build, call, is_door
        self._world = World(Names(prefix()))
        self._config_name = f"{self._world.names.prefix}-{name}_config"
        self._log = EssentialLog(name)
        self._role: Role | None = None
        self._fresh_until = EPOCH

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        role, is_new = self._current()
        role.reset_stats()
        with self._log.invocation(lambda: role, context):
            if not is_new and self._speaks_of_news(role, event):
                role = self._renewed(role)
            try:
                return self._answer(role, event, context)
            except InvalidInput:
                if is_new or not self._is_door:
                    raise
            role = self._renewed(role)  # what an older configuration refuses may be right by that of now
            return self._answer(role, event, context)

    def _answer(self, role: Role, event: Any, context: Any) -> dict[str, Any]:
        return self._call(role, event, context)

    def _speaks_of_news(self, role: Role, event: Any) -> bool:
        """Whether the event names what the role's configuration does not: it may have been declared since."""
        del role, event
        return False

    def _current(self) -> tuple[Role, bool]:
        """The role, built anew when its configuration is older than `CONFIG_LIFE`, and whether it was."""
        if self._role is None or self._world.clock.now() >= self._fresh_until:
            return self._renewed(self._role), True
        return self._role, False

    def _renewed(self, role: Role | None) -> Role:
        """The role by the configuration of now; `role` itself, if there is one, where that cannot be read."""
        self._fresh_until = self._world.clock.now() + CONFIG_LIFE
        try:
            self._role = self._build(self._world, self._load())
        except TableFailed as error:
            if role is None:
                raise
            self._log.mistake(self._config_name, error)  # what was read before serves for another while
            return role
        return self._role

    def _load(self) -> dict[str, Any]:
        """What all Essentials share, overlaid by what is this one's own."""
        merged: dict[str, Any] = {}
        for name in (ESSENTIAL_CONFIG, self._config_name):
            try:
                merged |= self._world.config.get(name) or {}
            except InvalidInput as error:
                if self._is_door:
                    raise
                self._log.mistake(name, error)
        return merged


class _WithControls(_Handler[Orchestrator]):
    """Takes operators' orders besides, by the settings as of now; what an order lets start is started at once."""

    def _speaks_of_news(self, role: Orchestrator, event: Any) -> bool:
        return not role.knows(received(event) if "Records" in event else event)

    def _answer(self, role: Orchestrator, event: Any, context: Any) -> dict[str, Any]:
        if Round.from_event(event) or not is_order(event):
            return self._call(role, event, context)
        settings, of_dead = EssentialSettings.from_mapping(self._load()), DeadOrder.from_event(event)
        if of_dead:
            return self._world.dead_orders(settings).carry_out(of_dead)
        controls = Controls(self._world.records, self._world.clock, settings, pause)
        return controls.answer(event, lambda wake: self._call(role, wake, context))
