"""The real roles, over ports that stop before every call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sosw.domain.task import LabourerName
from sosw.orchestrator import Orchestrator
from sosw.ports import Clock, InParallel
from sosw.scavenger import Scavenger
from sosw.scheduler import Scheduler
from sosw.settings import Names
from sosw.testing import InMemoryRecordStore, InMemorySources
from sosw.worker import Worker
from sosw.worker_assistant import WorkerAssistant
from tests.factories import one_by_one
from tests.property.world.ports import (
    Reach,
    SteppedInvoker,
    SteppedJobs,
    SteppedLimits,
    SteppedRecords,
    SteppedReminder,
    SteppedSlots,
    SteppedTasks,
)
from tests.property.world.stepping import Call

LABOURER, NAMES = LabourerName("sales"), Names()
ENOUGH, HARDLY_ANY = timedelta(seconds=900), timedelta(seconds=10)
TIME_OUT, LEASE = timedelta(seconds=60), timedelta(seconds=90)
LINGER = timedelta(seconds=0.5)
MAX_ATTEMPTS = 2
ALL = 99
"""More batches than any job has."""

Role = Callable[[Reach], Any]


def config() -> dict[str, Any]:
    labourer = {
        "max_simultaneous_invocations": 99,
        "max_attempts": MAX_ATTEMPTS,
        "duration": TIME_OUT.total_seconds(),
        "cooldown": (LEASE - TIME_OUT).total_seconds(),
        "retry": {"base": 10, "cap": 20},
    }
    schemas = {"default": {"chunkable_attrs": ["shop"]}}
    shared = {"job_schema_variants": schemas, "linger": LINGER.total_seconds()}
    return {"task_config": {"labourers": {LABOURER: labourer}}, **shared}


def scheduler(event: Mapping[str, Any], clock: Clock, batches: int) -> Role:
    """Its time is over after so many `batches`."""

    def role(reach: Reach) -> None:
        left = iter([ENOUGH] * batches)
        Scheduler(
            config(),
            tasks=SteppedTasks(reach),
            jobs=SteppedJobs(reach),
            records=SteppedRecords(reach),
            sources=InMemorySources(),
            invoker=SteppedInvoker(reach),
            clock=clock,
            name=NAMES.scheduler,
        ).submit(event, request_id="r", remaining=lambda: next(left, HARDLY_ANY))

    return role


def orchestrator(
    event: Mapping[str, Any], clock: Clock, *, lingers: bool = True,
    in_parallel: Callable[[Reach], InParallel] = lambda _reach: one_by_one,
) -> Role:  # fmt: skip
    """One that does not linger refills no slot before it is woken."""

    def role(reach: Reach) -> None:
        Orchestrator(
            config(),
            tasks=SteppedTasks(reach),
            slots=SteppedSlots(reach),
            invoker=SteppedInvoker(reach),
            clock=clock,
            name=NAMES.orchestrator,
            limits=SteppedLimits(reach),
            in_parallel=in_parallel(reach),
            wait=(lambda time: reach(Call("wait", (time,)))) if lingers else None,
        )(event)

    return role


def scavenger(work: Callable[[Scavenger], Any], clock: Clock) -> Role:
    """`work` calls its sweep, or passes changes on."""

    def role(reach: Reach) -> None:
        scavenger = Scavenger(
            config(),
            tasks=SteppedTasks(reach),
            slots=SteppedSlots(reach),
            jobs=SteppedJobs(reach),
            invoker=SteppedInvoker(reach),
            reminder=SteppedReminder(reach),
            records=InMemoryRecordStore(),  # numbers for people: nobody else here looks at them
            clock=clock,
            in_parallel=one_by_one,
            jitter=_no_jitter,
            names=NAMES,
        )
        work(scavenger)

    return role


def assistant(report: Mapping[str, Any], clock: Clock) -> Role:
    def role(reach: Reach) -> None:
        WorkerAssistant(config(), tasks=SteppedTasks(reach), clock=clock, jitter=_no_jitter)(report)

    return role


def worker(event: Mapping[str, Any], clock: Clock) -> Role:
    """Its code does as the call `code` is answered: `heartbeat`, else it returns the answer, or raises."""

    def role(reach: Reach) -> None:
        class Obedient(Worker):
            def __call__(self, event: Any) -> Any:
                del event
                while (order := reach(Call("code"))) in {"heartbeat", "partial"}:
                    if order == "heartbeat":
                        self.heartbeat(progress=0.5, note="half")
                    else:
                        self.partial({"of": self.task.attempt if self.task else 0})
                return order

        Obedient().run(event, remaining=TIME_OUT, clock=clock, send=lambda report: reach(Call("send", (report,))))

    return role


def _no_jitter() -> float:
    return 0.0
