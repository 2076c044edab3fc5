"""A tenant floods the line while others work as ever: how long their tasks wait, with fairness and by age alone.

The jobs are written by the real Scheduler and found by the real Line, over the stores in memory. A server of so many
slots starts the next tasks as slots fall free; every task takes as long as a draw of its own says.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.labourer import Labourer
from sosw.domain.ranks import Section, rank
from sosw.domain.task import LabourerName, Task
from sosw.line import Line
from sosw.scheduler import Scheduler
from sosw.testing import (
    FakeClock,
    InMemoryJobStore,
    InMemoryRecordStore,
    InMemorySources,
    InMemoryTaskStore,
    RecordingInvoker,
)

LABOURER = Labourer(name=LabourerName("worker"), arn="worker", max_simultaneous_invocations=1)


def config(shards: int = 1) -> dict[str, Any]:
    labourer = {"max_simultaneous_invocations": 1, "shards": shards}
    schemas = {"default": {"chunkable_attrs": ["n"]}}
    return {"task_config": {"labourers": {LABOURER.name: labourer}}, "job_schema_variants": schemas}


TICK, FLOOD_AT = 0.1, 60.0
SECONDS = 2.0
"""What a task takes, on average."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Tenants that submit a job, wait for it, think, and submit the next one; and another one that floods."""

    tenants: int = 9
    slots: int = 20
    jobs: int = 6
    """Of each tenant."""
    tasks: tuple[int, int] = (20, 120)
    """Of a job."""
    think: float = 10.0
    """Seconds from the start of a job's last task to the next job, on average."""
    flood: int = 100_000
    """Tasks of the flood, one job, after a minute; 0 for none."""
    is_fair: bool = True
    """Or by age alone, as a plain queue does it."""
    seed: int = 1


class Tenant:
    """Draws the same jobs and thoughts with a flood and without."""

    def __init__(self, name: str, scenario: Scenario) -> None:
        self.name, self.scenario = name, scenario
        self.chance = random.Random(f"{name} {scenario.seed}")
        self.left, self.waiting, self.next_at = scenario.jobs, 0, self.thought()

    def thought(self) -> float:
        return self.chance.expovariate(1 / self.scenario.think)

    def submits(self, passed: float) -> int:
        """How many tasks it submits now, `passed` seconds from the beginning."""
        if not self.left or self.waiting or passed < self.next_at:
            return 0
        self.left -= 1
        self.waiting = self.chance.randint(*self.scenario.tasks)
        return self.waiting

    def started(self, passed: float) -> None:
        """One of its tasks."""
        self.waiting -= 1
        if not self.waiting:
            self.next_at = passed + self.thought()


@dataclass
class Waits:
    """Seconds that the tenants' tasks waited from their submission to their start, sorted."""

    seconds: list[float]

    @property
    def p95(self) -> float:
        """Nineteen of twenty waited no longer."""
        return self.seconds[int(0.95 * len(self.seconds))]

    @property
    def p50(self) -> float:
        """Half of them waited no longer."""
        return self.seconds[len(self.seconds) // 2]


class _ByAge(InMemoryTaskStore):
    """Puts every task where a plain queue would: behind all that were there before."""

    def create(self, tasks: Sequence[Task]) -> int:
        numbers = itertools.count(len(self.tasks))
        return super().create([replace(task, rank=rank(5, Section.READY, next(numbers))) for task in tasks])


class Server:
    """Starts what is next in every free slot."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.clock, self.passed = scenario, FakeClock(), 0.0
        self.tasks = InMemoryTaskStore() if scenario.is_fair else _ByAge()
        self.scheduler = Scheduler(
            config(), tasks=self.tasks, jobs=InMemoryJobStore(), records=InMemoryRecordStore(),
            sources=InMemorySources(), invoker=RecordingInvoker(), clock=self.clock, name="scheduler",
        )  # fmt: skip
        self.line, self.chance = Line(self.tasks), random.Random(scenario.seed)
        self.tenants = {name: Tenant(name, scenario) for name in (f"tenant-{n}" for n in range(scenario.tenants))}
        self.busy: list[float] = []
        """When each of the slots in use falls free."""
        self.waits: list[float] = []

    def run(self) -> Waits:
        """Until the last of the tenants' tasks has started."""
        has_flood = self.scenario.flood > 0
        while any(tenant.left or tenant.waiting for tenant in self.tenants.values()):
            if has_flood and self.passed >= FLOOD_AT:
                self.submit("flood", "flood", self.scenario.flood)
                has_flood = False
            for tenant in self.tenants.values():
                if count := tenant.submits(self.passed):
                    self.submit(f"{tenant.name}-{tenant.left}", tenant.name, count)
            self.start()
            self.clock.advance(seconds=TICK)
            self.passed += TICK
        return Waits(sorted(self.waits))

    def submit(self, name: str, tenant: str, count: int) -> None:
        """A job of `count` tasks; of whole thousands above a thousand."""
        job: dict[str, Any] = {"lambda_name": LABOURER.name, "isolate_ns": True, "fair_key": tenant}
        job["ns"] = list(range(min(count, 1_000)))
        if count > len(job["ns"]):
            days = {"from": "2026-01-01", "to": str(date(2026, 1, 1) + timedelta(days=count // 1_000 - 1))}
            job |= {"period": days, "isolate_days": True}
        event = {"job": job, "idempotency_key": name}
        self.scheduler.submit(event, request_id=name, remaining=lambda: timedelta(hours=1))

    def start(self) -> None:
        """What is next, in the slots that are free."""
        while self.busy and self.busy[0] <= self.passed:
            heapq.heappop(self.busy)
        for task in self.line.due(LABOURER, self.clock.now(), self.scenario.slots - len(self.busy)):
            self.begin(self.tasks.tasks[task])

    def begin(self, task: Task) -> None:
        """It takes between half and one and a half of `SECONDS`."""
        now = self.clock.now()
        self.tasks.apply(lifecycle.claim(task, row=0, now=now, lease=timedelta(hours=1)))
        heapq.heappush(self.busy, self.passed + SECONDS * (0.5 + self.chance.random()))
        if task.job_id != "flood":
            self.tenants[task.job_id.rpartition("-")[0]].started(self.passed)
            self.waits.append((now - task.created_at).total_seconds())


def waits(**what: Any) -> Waits:
    """Of one scenario."""
    return Server(Scenario(**what)).run()
