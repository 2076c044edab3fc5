"""The real roles, each a function of the simulated cloud; and Workers of whom only the time is real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from sosw.archivist import Archivist
from sosw.dead_notices import DeadNotices
from sosw.domain.assignment import assignment
from sosw.domain.messages import Change
from sosw.domain.report import COMPLETE, FAIL, Report
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import LabourerName
from sosw.gates import Gates
from sosw.health_sources import HealthSources
from sosw.orchestrator import Orchestrator
from sosw.recounting import Recounting
from sosw.regulator import Regulator
from sosw.scavenger import Scavenger
from sosw.scheduler import Scheduler
from sosw.settings import Names
from sosw.tallies import Tallies
from sosw.testing.memory import InMemorySlotStore
from sosw.testing.memory_archive import InMemoryObjects, InMemoryWatchStore
from sosw.testing.memory_jobs import InMemoryJobStore
from sosw.testing.memory_records import InMemoryRecordStore
from sosw.testing.simulation.cloud import Cloud, Containers, Function, Stream
from sosw.testing.simulation.figures import Observer
from sosw.testing.simulation.outside import SimulatedObjects, SimulatedWatches, Uncounted
from sosw.testing.simulation.ports import (
    Calls,
    Lagging,
    ObservedTasks,
    SimulatedJobs,
    SimulatedRecords,
    SimulatedSlots,
    SimulatedTasks,
)
from sosw.testing.simulation.profile import Workers
from sosw.testing.sources import InMemorySources
from sosw.worker_assistant import WorkerAssistant

TIMEOUT, SCHEDULER_TIMEOUT = timedelta(seconds=120), timedelta(seconds=900)
RETRIES = 2
PAUSE = timedelta(milliseconds=20)

Remaining = Callable[[], timedelta]


class Cast:
    """Of one environment. `tasks`, `slots` and `jobs` are its tables."""

    def __init__(
        self, config: Mapping[str, Any], *, calls: Calls, workers: Mapping[str, Workers], orchestrators: int,
        sources: InMemorySources, die: Random,
    ) -> None:  # fmt: skip
        self._config, self._settings, self._names = config, EssentialSettings.checked(config), Names()
        self._engine, self._calls, self._die = calls.engine, calls, die
        self._workers, self._orchestrators_at_once, self._sources = workers, orchestrators, sources
        self.tasks, self.slots, self.jobs = ObservedTasks(), InMemorySlotStore(), InMemoryJobStore()
        self.records, self.watches, self.objects = InMemoryRecordStore(), InMemoryWatchStore(), InMemoryObjects()
        self.observer = Observer(self._engine, self._limit)
        self.cloud = Cloud(calls, self._names.orchestrator)
        lagging, stream = Lagging(calls), Stream(calls, self._pass_on)
        self.tasks.listeners += [self.observer.note, lagging.note, stream.note]
        self._task_port = SimulatedTasks(calls, self.tasks, lagging)
        self._orchestrators = Containers(self._orchestrator)
        self._schedulers = Containers(self._scheduler)
        self._scavengers = Containers(self._scavenger)
        self._assistants = Containers(self._assistant)
        self.cloud.functions = self._functions()

    def _functions(self) -> dict[str, Function]:
        essentials = {
            self._names.orchestrator: Function(self._orchestrate, TIMEOUT),
            self._names.scheduler: Function(self._schedule, SCHEDULER_TIMEOUT, RETRIES),
            self._names.scavenger: Function(self._sweep, TIMEOUT),
            self._names.worker_assistant: Function(self._report, TIMEOUT, RETRIES),
        }
        own = {
            labourer.arn: Function(partial(self._work, self._workers.get(name, Workers())), labourer.lease)
            for name, labourer in self._settings.labourers.items()
        }
        return own | essentials

    def _limit(self, labourer: LabourerName) -> int:
        return self._settings.labourers[labourer].max_simultaneous_invocations

    def minute(self) -> None:
        """What the rules of EventBridge do each minute."""
        self.cloud.begin(self._names.scavenger, {})
        self.cloud.begin(self._names.orchestrator, {})

    def submit(self, event: Mapping[str, Any]) -> None:
        """A job reaches the Scheduler."""
        self.cloud.begin(self._names.scheduler, event)

    # --- invocations ---

    def _orchestrate(self, event: Any, remaining: Remaining) -> None:
        """Several at once, where there are to be several: the others begin a moment later."""
        for _ in range(self._orchestrators_at_once - 1):
            self._engine.spawn(lambda: self._orchestrators.use(lambda role: self._dispatch(role, event, remaining)))
        self._orchestrators.use(lambda role: self._dispatch(role, event, remaining))

    def _dispatch(self, role: Orchestrator, event: Any, remaining: Remaining) -> None:
        role.reset_stats()
        role(event, remaining=remaining)

    def _schedule(self, event: Any, remaining: Remaining) -> None:
        self._schedulers.use(lambda role: role.submit(event, request_id="", remaining=remaining))

    def _sweep(self, _event: Any, _remaining: Remaining) -> None:
        self._scavengers.use(lambda role: role.sweep())

    def _pass_on(self, batch: list[Change], token: str) -> None:
        self._scavengers.use(lambda role: role.pass_on(batch, token=token))

    def _report(self, event: Any, _remaining: Remaining) -> None:
        self._assistants.use(lambda role: role(event))

    def _work(self, how: Workers, event: Any, _remaining: Remaining) -> None:
        task = assignment(event)
        assert task is not None
        self.observer.begin(task.labourer, task.id, task.attempt)
        self._engine.sleep(timedelta(seconds=self._die.uniform(*how.seconds)))
        self.observer.end(task.labourer)
        if self._die.random() < how.vanishes:
            return
        action = FAIL if self._die.random() < how.fails else COMPLETE
        report = Report(action=action, task_id=task.id, attempt=task.attempt, labourer=task.labourer)
        self.cloud.deliver(self._names.worker_assistant, report.to_event())

    # --- roles, as `sosw.essential` wires them ---

    def _orchestrator(self) -> Orchestrator:
        return Orchestrator(
            self._config, tasks=self._task_port, slots=SimulatedSlots(self._calls, self.slots), invoker=self.cloud,
            clock=self._engine.clock, name=self._names.orchestrator, in_parallel=self._engine.in_parallel,
            pause=self._pause, wait=self._engine.sleep, limits=self._regulator(), gates=self._gates(),
            reminder=self.cloud,
        )  # fmt: skip

    def _regulator(self) -> Regulator:
        """Nothing is measured: limits are those of the settings, health that of the records."""
        return Regulator(
            records=SimulatedRecords(self._calls, self.records), sources=HealthSources({}),
            slots=SimulatedSlots(self._calls, self.slots), tasks=self._task_port, clock=self._engine.clock,
            settings=self._settings,
        )  # fmt: skip

    def _gates(self) -> Gates:
        return Gates(
            records=SimulatedRecords(self._calls, self.records), slots=SimulatedSlots(self._calls, self.slots),
            tasks=self._task_port, clock=self._engine.clock, in_parallel=self._engine.in_parallel, pause=self._pause,
        )  # fmt: skip

    def _scheduler(self) -> Scheduler:
        return Scheduler(
            self._config, tasks=self._task_port, jobs=SimulatedJobs(self._calls, self.jobs),
            records=SimulatedRecords(self._calls, self.records), sources=self._sources, invoker=self.cloud,
            clock=self._engine.clock, name=self._names.scheduler, watches=SimulatedWatches(self._calls, self.watches),
        )  # fmt: skip

    def _scavenger(self) -> Scavenger:
        return Scavenger(
            self._config, tasks=self._task_port, slots=SimulatedSlots(self._calls, self.slots),
            jobs=SimulatedJobs(self._calls, self.jobs), invoker=self.cloud, reminder=self.cloud,
            records=SimulatedRecords(self._calls, self.records),
            clock=self._engine.clock, in_parallel=self._engine.in_parallel, jitter=self._die.random, names=self._names,
            deaths=self._dead_notices(), archivist=self._archivist(),
        )  # fmt: skip

    def _dead_notices(self) -> DeadNotices:
        """Nobody has subscribed: deaths are looked for, and marked, all the same."""
        return DeadNotices(
            tasks=self._task_port, records=SimulatedRecords(self._calls, self.records), invoker=self.cloud,
            notifier=None, counts=Uncounted(), clock=self._engine.clock, settings=self._settings,
            prefix=self._names.prefix,
        )  # fmt: skip

    def _archivist(self) -> Archivist | None:
        """Into a bucket in memory, where the settings say so."""
        if not self._settings.archive:
            return None
        jobs, watches = SimulatedJobs(self._calls, self.jobs), SimulatedWatches(self._calls, self.watches)
        tallies = Tallies(SimulatedRecords(self._calls, self.records), self._engine.in_parallel)
        parts: dict[str, Any] = {"tasks": self._task_port, "jobs": jobs, "watches": watches}
        parts |= {"clock": self._engine.clock}
        return Archivist(
            **parts, objects=SimulatedObjects(self._calls, self.objects), settings=self._settings,
            recounting=Recounting(**parts, tallies=tallies),
        )  # fmt: skip

    def _assistant(self) -> WorkerAssistant:
        return WorkerAssistant(self._config, tasks=self._task_port, clock=self._engine.clock, jitter=self._die.random)

    def _pause(self, number: int) -> None:
        self._engine.sleep(PAUSE * 2**number * self._die.random())
