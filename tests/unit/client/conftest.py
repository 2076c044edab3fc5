"""The client over the world in memory: the real Scheduler behind its door, the stream counted when the test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from sosw.client import Client, Service
from sosw.controls import Controls
from sosw.dead_orders import DeadOrders
from sosw.domain import lifecycle
from sosw.domain.dead_orders import DeadOrder
from sosw.domain.job import Totals
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId, Task, task_id
from sosw.scavenger import Scavenger
from sosw.settings import ESSENTIAL_CONFIG, Names
from sosw.testing import DictConfigSource, InMemoryRecordStore
from tests.factories import NOW, World

SHOPS: dict[str, Any] = {"job_schema_name": "by_shop", "isolate_shops": True}


class ClientWorld(World):
    """A world with a client; `sleep` moves its clock on, then does what `meanwhile` says."""

    def __init__(self) -> None:
        super().__init__()
        self.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
        self.meanwhile: list[Callable[[], None]] = []
        self.calls: list[tuple[str, Any]] = []
        self._counted = 0
        self.records, self.stored = InMemoryRecordStore(), DictConfigSource()
        self.service = Service(
            names=Names(),
            call=self._call,
            jobs=self.jobs,
            tasks=self.tasks,
            slots=self.slots,
            records=self.records,
            config=self.stored,
            clock=self.clock,
            watches=self.watches,
            objects=lambda _bucket: self.objects,
            region=lambda: "eu-west-1",
            sleep=self._sleep,
        )
        self.client = Client(service=self.service)

    def _call(self, function: str, event: Mapping[str, Any]) -> Any:
        self.calls.append((function, event))
        if function == Names().orchestrator and (order := DeadOrder.from_event(event)):
            settings = EssentialSettings.from_mapping(self.config)
            stores: dict[str, Any] = {"tasks": self.tasks, "jobs": self.jobs, "records": self.records}
            return DeadOrders(**stores, clock=self.clock, settings=settings).carry_out(order)
        if function == Names().orchestrator:
            return self.controls.answer(event, self.orchestrator())
        return self.submit(event, request_id=f"request-{len(self.calls)}")

    @property
    def controls(self) -> Controls:
        return Controls(self.records, self.clock, EssentialSettings.from_mapping(self.config))

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds=max(seconds, 0.001))
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def count(self) -> None:
        """Let the stream bring what happened since to the totals."""
        scavenger: Scavenger = self.scavenger()
        news = self.tasks.changes[self._counted :]
        self._counted = len(self.tasks.changes)
        scavenger.pass_on(news, token=str(self._counted))

    def end(self, job_id: str, *numbers: int, is_dead: bool = False, result: Any = None) -> None:
        """Run those tasks of the job to their end."""
        for number in numbers:
            task = self.tasks.tasks[task_id(JobId(job_id), number)]
            running = self.tasks.apply(lifecycle.claim(task, row=0, now=NOW, lease=timedelta(seconds=60)))
            report = {"action": "fail", "error": "ValueError", "message": "no", "is_retryable": False}
            good = {"action": "complete", "result": result if result is not None else {"n": number}}
            about = {"task_id": running.id, "attempt": running.attempt, "labourer": running.labourer}
            self.assistant()({**about, **(report if is_dead else good)})

    def task_of(self, job_id: str, number: int) -> Task:
        return self.tasks.tasks[task_id(JobId(job_id), number)]

    def drift(self, job_id: str, totals: Totals) -> None:
        """Make the totals say something else than the tasks."""
        self.jobs.count(JobId(job_id), totals, token="drift", again=NOW)


@pytest.fixture
def world() -> ClientWorld:
    return ClientWorld()


def configured() -> ClientWorld:
    """A world whose settings are stored."""
    world = ClientWorld()
    world.stored.stored[ESSENTIAL_CONFIG] = world.config
    return world
