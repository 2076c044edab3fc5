"""Run a Worker on one task, as a Lambda would be run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import lifecycle
from sosw.domain.messages import Report, worker_event
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sosw.worker import Worker


@dataclass(slots=True)
class Run:
    """How an attempt went."""

    returned: Any = None
    raised: Exception | None = None
    reports: list[Report] = field(default_factory=list)
    """What the Worker said to the WorkerAssistant."""


def run_task(
    worker: Worker,
    payload: Mapping[str, Any],
    *,
    attempt: int = 1,
    remaining: timedelta = timedelta(seconds=60),
    clock: FakeClock | None = None,
) -> Run:
    """One attempt of a task with `payload`: what it returned or raised, and what it reported."""
    clock, run = clock or FakeClock(), Run()
    task = Task(
        id=TaskId("job#0"),
        job_id=JobId("job"),
        labourer=LabourerName("labourer"),
        payload=payload,
        created_at=clock.now(),
        greenfield=clock.now(),
        attempt=attempt - 1,
    )
    claimed = lifecycle.apply(lifecycle.claim(task, row=0, now=clock.now(), lease=timedelta(seconds=1200)), task)
    try:
        run.returned = worker.run(worker_event(claimed), remaining=remaining, clock=clock, send=run.reports.append)
    except Exception as error:  # noqa: BLE001  (the user's code may raise anything: it is what the caller wants to see)
        run.raised = error
    return run
