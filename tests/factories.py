"""What tests of the rules and the roles are made of: values with defaults, and all roles over one world in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from sosw.archivist import Archivist
from sosw.domain import lifecycle
from sosw.domain.retry import RetryPolicy
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState, task_id
from sosw.orchestrator import Orchestrator
from sosw.recounting import Recounting
from sosw.scavenger import Scavenger
from sosw.scheduler import Scheduler
from sosw.settings import Names
from sosw.tallies import Tallies
from sosw.testing import (
    FakeClock,
    InMemoryJobStore,
    InMemoryObjects,
    InMemoryRecordStore,
    InMemorySlotStore,
    InMemorySources,
    InMemoryTaskStore,
    InMemoryWatchStore,
    RecordingInvoker,
    RecordingReminder,
)
from sosw.worker_assistant import WorkerAssistant

Item = TypeVar("Item")

NOW = FakeClock().now()
LABOURER = LabourerName("sales")
QUEUE = lifecycle.queue_key(LABOURER)
JOB = JobId("job")
LEASE = timedelta(seconds=1200)
DAY = timedelta(days=1)
POLICY = RetryPolicy()


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def a_task(sequence: int = 0, **fields: Any) -> Task:
    """Task number `sequence` of the job, waiting since noon; `fields` replace what it has."""
    task = Task(
        id=task_id(JOB, sequence),
        job_id=JOB,
        labourer=LABOURER,
        payload={"n": sequence},
        created_at=NOW,
        greenfield=NOW,
    )
    standing = {name: fields.pop(name) for name in ("state", "queue", "rank") if name in fields}
    task = replace(task, **fields)
    tag = sequence if task.greenfield == NOW else None
    return replace(lifecycle.queued(task, tag=tag), **standing)


def claimed(task: Task, row: int = 0) -> Task:
    """`task` with its next attempt running, for 20 minutes at most."""
    return lifecycle.apply(lifecycle.claim(task, row=row, now=NOW, lease=LEASE), task)


def one_by_one(call: Callable[[Item], None], items: Iterable[Item]) -> None:
    """The plainest `in_parallel`."""
    for item in items:
        call(item)


class World:
    """The stores, the clock and the roles of one environment, with one labourer of `limit` (or as `labourers` says)."""

    def __init__(self, limit: int = 2, *, labourers: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.clock = FakeClock()
        self.tasks, self.slots, self.jobs = InMemoryTaskStore(), InMemorySlotStore(), InMemoryJobStore()
        self.records = InMemoryRecordStore()
        self.watches, self.objects = InMemoryWatchStore(), InMemoryObjects()
        self.invoker, self.reminder, self.sources = RecordingInvoker(), RecordingReminder(), InMemorySources()
        known = labourers or {LABOURER: {"max_simultaneous_invocations": limit, **settings}}
        self.config: dict[str, Any] = {"task_config": {"labourers": dict(known)}}

    def orchestrator(self, **parts: Any) -> Orchestrator:
        given = {"tasks": self.tasks, "slots": self.slots, "invoker": self.invoker, "clock": self.clock, **parts}
        given = {"in_parallel": one_by_one, "name": Names().orchestrator, **given}
        return Orchestrator(self.config, **given)

    def scavenger(self, **parts: Any) -> Scavenger:
        given = {"tasks": self.tasks, "slots": self.slots, "invoker": self.invoker, "clock": self.clock, **parts}
        given = {"jobs": self.jobs, "reminder": self.reminder, "records": self.records, **given}
        given = {"in_parallel": one_by_one, **given}
        return Scavenger(self.config, jitter=lambda: 0.5, names=Names(), **given)

    def archivist(self, **parts: Any) -> Archivist:
        given = {"tasks": self.tasks, "jobs": self.jobs, "watches": self.watches, "clock": self.clock, **parts}
        recounting = Recounting(**given, tallies=Tallies(self.records, one_by_one))
        settings = EssentialSettings.from_mapping(self.config)
        return Archivist(**given, objects=self.objects, settings=settings, recounting=recounting)

    def scheduler(self, **parts: Any) -> Scheduler:
        given = {"tasks": self.tasks, "jobs": self.jobs, "invoker": self.invoker, "clock": self.clock, **parts}
        given = {"sources": self.sources, "records": self.records, "watches": self.watches, **given}
        return Scheduler(self.config, name=Names().scheduler, **given)

    def submit(self, event: Any, request_id: str = "r", **parts: Any) -> dict[str, Any]:
        """The Scheduler's answer, with all the time that Lambda can give it."""
        return self.scheduler(**parts).submit(event, request_id=request_id, remaining=lambda: seconds(900))

    def assistant(self, **parts: Any) -> WorkerAssistant:
        return WorkerAssistant(self.config, jitter=lambda: 0.5, **{"tasks": self.tasks, "clock": self.clock, **parts})

    def queue(self, count: int, **fields: Any) -> list[TaskId]:
        """`count` waiting tasks."""
        tasks = [a_task(n, **fields) for n in range(count)]
        self.tasks.create(tasks)
        return [task.id for task in tasks]

    def task(self, sequence: int = 0) -> Task:
        return self.tasks.tasks[task_id(JOB, sequence)]

    def states(self) -> list[TaskState]:
        return [task.state for task in self.tasks.tasks.values()]

    def names(self, labourer: LabourerName = LABOURER) -> dict[int, list[TaskId]]:
        """What the slot rows hold, by the number of the row; rows that hold nothing are left out."""
        return {row.number: list(row.names) for row in self.slots.rows(labourer) if row.names}

    @property
    def started(self) -> list[tuple[str, int]]:
        """Task and attempt of every Worker invoked, in order."""
        return [(e["task_id"], e["sosw"]["attempt"]) for _, e in self.invoker.started if "sosw" in e]

    @property
    def wakes(self) -> list[dict[str, Any]]:
        """What the Orchestrator was woken with."""
        return [event["wake"] for function, event in self.invoker.started if function == Names().orchestrator]

    def report(self, action: str, sequence: int = 0, attempt: int = 1, **said: Any) -> dict[str, Any]:
        """A Worker's report to the WorkerAssistant."""
        event = {"action": action, "task_id": task_id(JOB, sequence), "attempt": attempt, "labourer": LABOURER}
        return self.assistant()(event | said)
