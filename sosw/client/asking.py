"""Asks why: of a task, a labourer, a resource, or everything."""

from __future__ import annotations

from sosw.client.errors import UnknownLabourer, UnknownResource, UnknownTask
from sosw.client.facts import Facts
from sosw.client.orchestrator import target
from sosw.client.service import Service
from sosw.domain.facts import LabourerFacts, ResourceFacts
from sosw.domain.orders import RESOURCE
from sosw.domain.records import EVERYTHING, ResourceName
from sosw.domain.task import JobId, LabourerName, TaskId, parts_of
from sosw.domain.why import Answer, why_everything, why_labourer, why_resource
from sosw.domain.why_task import why_task


def why(service: Service, about: str) -> Answer:
    """`about` is the id of a task, the name of a labourer, `resource/NAME` or `everything`."""
    if "#" in about:
        return _task(service, TaskId(about))
    owner, facts = target(about), Facts(service)
    kind, _, name = owner.partition("/")
    if owner == EVERYTHING:
        return why_everything(facts.everything(), facts.now)
    if kind == RESOURCE:
        return why_resource(resource(facts, ResourceName(name)))
    return why_labourer(labourer(service, facts, LabourerName(name)))


def labourer(service: Service, facts: Facts, name: LabourerName) -> LabourerFacts:
    """Raises `UnknownLabourer` for one that is not registered and of which nothing is left."""
    found = facts.labourer(name)
    if found.labourer or found.problems or found.running or found.due:
        return found
    job = service.jobs.get(JobId(name)) if name else None
    hint = f"it is a job: name one of its tasks, such as {job.id}#0" if job else ""
    raise UnknownLabourer(name, found.known, hint)


def resource(facts: Facts, name: ResourceName) -> ResourceFacts:
    """Raises `UnknownResource`."""
    (found,) = facts.resources([name])
    if found.resource is None and not found.problems:
        raise UnknownResource(name, found.known)
    return found


def _task(service: Service, task_id: TaskId) -> Answer:
    task = service.tasks.get(task_id)
    if task is None:
        raise unknown_task(service, task_id)
    return why_task(Facts(service).task(task))


def unknown_task(service: Service, task_id: str) -> UnknownTask:
    """To be raised where there is no task of that id."""
    job_id, _ = parts_of(task_id)
    return UnknownTask(task_id, service.jobs.get(job_id) if job_id else None)
