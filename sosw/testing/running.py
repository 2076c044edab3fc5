"""Run a Worker on one task, as a Lambda would be run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import lifecycle
from sosw.domain.assignment import worker_event
from sosw.domain.report import Report
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
    partial: Any = None,
    max_attempts: int = 3,
) -> Run:
    """One attempt of a task with `payload`: what it returned or raised, and what it reported.

    `partial` is what an earlier attempt has left as its partial result. No guard watches over the deadline.
    """
    clock, run = clock or FakeClock(), Run()
    event = worker_event(_claimed(payload, clock.now(), attempt=attempt, result=partial), max_attempts=max_attempts)
    try:
        run.returned = worker.run(event, remaining=remaining, clock=clock, send=run.reports.append)
    except Exception as error:  # noqa: BLE001  (the user's code may raise anything: it is what the caller wants to see)
        run.raised = error
    return run


def _claimed(payload: Mapping[str, Any], now: datetime, *, attempt: int, result: Any) -> Task:
    """The one task of a job, with that attempt just claimed."""
    task = Task(
        id=TaskId("job#0"),
        job_id=JobId("job"),
        labourer=LabourerName("labourer"),
        payload=payload,
        created_at=now,
        greenfield=now,
        attempt=attempt - 1,
        result=result,
    )
    return lifecycle.apply(lifecycle.claim(task, row=0, now=now, lease=timedelta(seconds=1200)), task)
