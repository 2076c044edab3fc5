"""Examines an environment: what is missing, forbidden, disabled, or does not add up.

Nothing is written, unless totals are to be mended. What it costs, at most: 38 calls for what was deployed; 7 for each
labourer, 4 more where it has `on_dead`, and one for each 100 of its slots and for each job that they speak of; 25 to
list the jobs, 4 for each of the 20 submitted last, and a read of up to 1,000 of its tasks, half a read unit each.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sosw.client import environment
from sosw.client.doctor import jobs, settings, stack, workers
from sosw.client.doctor.diagnosis import Diagnosis, Finding, Notes, Unseen
from sosw.client.doctor.jobs import Jobs
from sosw.client.doctor.slots import Slots
from sosw.client.service import Service
from sosw.domain.job import Job
from sosw.domain.labourer import Labourer
from sosw.domain.settings import EssentialSettings
from sosw.domain.surroundings import FunctionFacts

__all__ = ["Diagnosis", "Finding", "Unseen", "examine", "unlike"]

RECENT = 20
"""Jobs that are looked at, the last ones."""
EVERY = 1_000_000
LEFT = 25
"""Jobs that nobody works on, of which is told."""
SKEW = timedelta(hours=1)
"""How far the Scheduler's clock may be ahead of ours."""


def unlike(service: Service, tables: Collection[str]) -> list[str]:
    """How these are other than the stores expect them, a sentence each. Two calls for each."""
    notes = Notes()
    expected = {name: facts for name, facts in service.tables().items() if name in tables}
    notes.each(lambda table, own: stack.table(*table, service.inspector, own), expected.items())
    return [*map(str, notes.findings), *map(str, notes.unseen)]


def examine(service: Service, wanted: Job | None = None, *, everything: bool = False, mend: bool = False) -> Diagnosis:
    """All checks; of jobs `wanted` alone, `everything` that was submitted in the last two years, or a sample."""
    notes = Notes()
    known = settings.stored(service, notes)
    essentials = stack.functions(service.names, service.inspector, notes)
    if not essentials:
        environment.require(service)
    with notes.looking("tables", "the tables that stores expect"):
        notes.each(lambda table, own: stack.table(*table, service.inspector, own), service.tables().items())
    stack.schema(service, notes)
    _deployed(service, essentials, notes)
    _workers(service, known or EssentialSettings(), essentials, notes)
    if known is not None:
        _work(service, known, notes, wanted, everything=everything, mend=mend)
    return notes.diagnosis()


def _deployed(service: Service, essentials: dict[str, FunctionFacts], notes: Notes) -> None:
    names, inspector = service.names, service.inspector
    for name in (names.orchestrator, names.scavenger):
        if name in essentials:
            stack.rules(name, essentials[name], inspector, notes)
    fed = {names.scavenger: f":table/{names.prefix}-tasks/", names.orchestrator: f":{names.prefix}-wakes"}
    for name, part in fed.items():
        if name in essentials:
            stack.feed(name, essentials[name], part, inspector, notes)
    stack.queues(names, essentials, inspector, notes)
    workers.rights(names, essentials, inspector, notes)


def _workers(service: Service, known: EssentialSettings, essentials: dict[str, FunctionFacts], notes: Notes) -> None:
    if known.labourers:
        region = service.region()

        def check(labourer: Labourer, own: Notes) -> None:
            workers.worker(labourer, service.names, essentials, service.inspector, own, region=region)
            workers.on_dead(labourer, service.names, essentials, service.inspector, own)

        notes.each(check, known.labourers.values())


def _work(
    service: Service, known: EssentialSettings, notes: Notes, wanted: Job | None, *, everything: bool, mend: bool
) -> None:
    found: list[Job] = []
    with notes.looking("jobs", "the jobs"):
        found = _jobs(service, wanted, everything=everything)
    labourers = dict.fromkeys([*known.labourers, *(job.labourer for job in found)])
    notes.each(lambda labourer, own: Slots(service, known, own).check(labourer), labourers)

    def check(job: Job, own: Notes) -> None:
        running = Jobs(service, known, own, may_mend=mend).check(job, whole=everything or wanted is not None)
        Slots(service, known, own).running(running)

    notes.each(check, found)


def _jobs(service: Service, wanted: Job | None, *, everything: bool) -> list[Job]:
    """The latest, and those that nobody works on."""
    if wanted is not None:
        return [wanted]
    now = service.clock.now()
    found = {job.id: job for job in service.jobs.recent(EVERY if everything else RECENT, before=now + SKEW)}
    for job_id in service.jobs.left(now - jobs.LEFT, LEFT):
        job = found.get(job_id) or service.jobs.get(job_id)
        found |= {job_id: job} if job else {}
    return list(found.values())
