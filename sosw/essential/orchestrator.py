"""The entry of the Orchestrator: the event is a wake, messages with wakes, an order, or anything (the minute)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sosw.aws.cloudwatch import CloudWatch, CloudWatchAlarms, CloudWatchMetrics
from sosw.aws.sqs import received
from sosw.controls import Controls
from sosw.dead_orders import DeadOrders
from sosw.deadline import remaining
from sosw.domain.dead_orders import DeadOrder
from sosw.domain.health import ALARM, CLOUDWATCH, SIGNALS
from sosw.domain.orders import is_order
from sosw.domain.rounds import Round
from sosw.domain.settings import EssentialSettings
from sosw.essential.container import Handler
from sosw.gates import Gates
from sosw.health_sources import FunctionSource, HealthSources, SignalSource
from sosw.orchestrator import Orchestrator
from sosw.plugins import health_functions
from sosw.regulator import Regulator
from sosw.world import World, in_parallel, pause, wait

if TYPE_CHECKING:
    from sosw.domain.task import LabourerName
    from sosw.ports import HealthSource, Limit


class OrchestratorWorld(World):
    """With what the Orchestrator alone has."""

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
    def cloudwatch(self) -> CloudWatch:
        """Metrics and alarms."""
        return CloudWatch(clients=self.clients)

    @cached_property
    def health(self) -> HealthSources:
        """What can be measured: CloudWatch, what Workers signal, and functions of other packages."""
        functions = {name: FunctionSource(name, function) for name, function in health_functions().items()}
        own: dict[str, HealthSource] = {
            CLOUDWATCH: CloudWatchMetrics(self.cloudwatch),
            ALARM: CloudWatchAlarms(self.cloudwatch),
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


def orchestrator_handler() -> Callable[[Any, Any], Any]:
    """Of the Orchestrator."""
    return _WithControls(
        "orchestrator",
        OrchestratorWorld,
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


class _WithControls(Handler[OrchestratorWorld, Orchestrator]):
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
