"""What waits and runs, of a labourer and of a whole environment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sosw.client.facts import stored_settings
from sosw.client.service import Service
from sosw.domain.records import of_labourer
from sosw.domain.standing import Standing
from sosw.domain.task import LabourerName, TaskState
from sosw.line import Line

COUNTED = 1000
"""Waiting tasks of a labourer that are counted; more are told as so many or more."""
RECENT = 100
"""Latest jobs whose labourers are looked at besides those that are declared."""
OPEN = 25
"""Jobs of which is told that their tasks are being written or cancelled."""
AHEAD = timedelta(days=1)
"""Holds of Schedulers end before."""


def tasks_of(service: Service, labourer: LabourerName) -> str:
    """How many tasks wait and run, and one of them; empty where none does."""
    named = [task for row in service.slots.rows(labourer) for task in row.names]
    running = [each.id for each in service.tasks.get_many(named).values() if each.state is TaskState.RUNNING]
    state = of_labourer(labourer)
    shards = Standing.from_json(service.records.read([state])[state].value).shards
    waiting = Line(service.tasks).waiting(labourer, COUNTED, shards=shards)
    if not running and not waiting:
        return ""
    more = " or more" if len(waiting) == COUNTED else ""
    example = (running or waiting)[0]
    return (
        f"labourer {labourer} has {len(running):,} running and {len(waiting):,}{more} waiting tasks, such as {example}"
    )


def unfinished(service: Service) -> list[str]:
    """A sentence for each labourer whose tasks wait or run, and for each job whose tasks are being written."""
    settings, later = stored_settings(service), service.clock.now() + AHEAD
    of_jobs = [job.labourer for job in service.jobs.recent(RECENT, before=later)]
    names = dict.fromkeys([*settings.labourers, *map(LabourerName, settings.mistaken), *of_jobs])
    jobs = [f"job {job} is being written or cancelled" for job in service.jobs.left(later, OPEN)]
    return [*(said for name in names if (said := tasks_of(service, name))), *jobs]


def unfinished_of(service: Service, functions: Collection[str]) -> list[str]:
    """The same of the labourers that these functions do the work of, declared or not."""
    names = dict.fromkeys([*declared_for(service, functions), *map(LabourerName, functions)])
    later = service.clock.now() + AHEAD
    written = [job for each in service.jobs.left(later, OPEN) if (job := service.jobs.get(each))]
    jobs = [f"job {job.id} is being written or cancelled" for job in written if job.labourer in names]
    return [*(said for name in names if (said := tasks_of(service, name))), *jobs]


def declared_for(service: Service, functions: Collection[str]) -> list[LabourerName]:
    """The labourers whose work these functions do."""
    labourers = stored_settings(service).labourers
    return [name for name, labourer in labourers.items() if labourer.function in functions]
