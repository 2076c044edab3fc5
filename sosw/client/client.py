"""The way in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from sosw.client import asking, environment, orchestrator
from sosw.client.dead import Dead
from sosw.client.doctor import Diagnosis, examine
from sosw.client.dry_run import DryRun
from sosw.client.errors import UnknownJob
from sosw.client.facts import Facts
from sosw.client.history import TaskHistory, task_history
from sosw.client.job import SubmittedJob, user
from sosw.client.orchestrator import Ordered
from sosw.client.plan import Plan, Settings, plan
from sosw.client.scheduler import answer
from sosw.client.schema import Schema
from sosw.client.service import Service
from sosw.client.standing import LabourerStatus, LogLine, ResourceStatus
from sosw.domain.errors import InvalidInput, invalid
from sosw.domain.job import Job
from sosw.domain.jsontext import dump, parse_object
from sosw.domain.records import ResourceName
from sosw.domain.task import JobId, LabourerName, TaskId
from sosw.domain.why import Answer
from sosw.settings import prefix as prefix_of_environment

GUESSED_FROM = 100
"""Latest jobs among which a mistaken id is looked for."""

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""As the newer SDKs have it; boto3 by itself reads the second one alone."""
SKEW = timedelta(hours=1)
"""How far the Scheduler's clock may be ahead of ours: the latest jobs are listed all the same."""


class Client:
    """Submits jobs to one environment of sosw, and finds those that were. It connects when first needed."""

    def __init__(
        self,
        prefix: str | None = None,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        service: Service | None = None,
    ) -> None:
        """The environment named `prefix`, by default `SOSW_PREFIX` or "sosw"; credentials are AWS's own way to them.

        `region` is by default `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile's; `endpoint` is `AWS_ENDPOINT_URL` or
        AWS. `service` stands in for all of these, in tests.
        """
        self.prefix = prefix or prefix_of_environment()
        self._region, self._endpoint, self._given = region, endpoint, service

    def submit(
        self,
        labourer: str,
        /,
        *,
        idempotency_key: str | None = None,
        priority: int | None = None,
        not_before: datetime | str | None = None,
        **attributes: Any,
    ) -> SubmittedJob:
        """Submit a job of these attributes; returns when its tasks are written, or its rest was handed on.

        Under the same `idempotency_key` it is one job however often it is submitted; without one each call is a new
        job. `priority` is 0 first … 9 last, 5 by default; none of its tasks starts before `not_before`, an aware
        moment. Raises `JobRefused`, and `InvalidInput` for what is no JSON.
        """
        wishes = {"idempotency_key": idempotency_key, "priority": priority, "not_before": _moment(not_before)}
        given = {name: value for name, value in wishes.items() if value is not None}
        return self.submit_event({"lambda_name": labourer, **attributes, **given})

    def submit_event(self, event: Mapping[str, Any]) -> SubmittedJob:
        """Submit the Scheduler's event: a job, or `{"job": {…}, "idempotency_key": …, "by": …, "source_event": …}`.

        `by` is who submits it, the user of this process by default; it is kept and shown.
        """
        event = _enveloped(_opened(event))
        has_key = _has_key(event)
        said = self._answer(event if has_key else {**event, "idempotency_key": str(uuid.uuid4())})
        is_duplicate = said["duplicate"] and has_key  # under a key of our own it can only be our call, repeated
        job = self._service.jobs.get(JobId(said["job_id"]))
        if job is None:
            raise UnknownJob(said["job_id"])
        return SubmittedJob(self._service, job, created=said["created"], is_duplicate=is_duplicate)

    def dry_run(self, labourer: str, /, **attributes: Any) -> DryRun:
        """What `submit` with these attributes would do. Nothing is written. Raises `JobRefused` as `submit` does."""
        wishes = {name: value for name, value in attributes.items() if value is not None}
        if "not_before" in wishes:
            wishes["not_before"] = _moment(wishes["not_before"])
        return self.dry_run_event({"lambda_name": labourer, **wishes})

    def dry_run_event(self, event: Mapping[str, Any]) -> DryRun:
        """What `submit_event` would do."""
        event = _opened(event)
        inner = event.get("job")
        asked = {**event, "job": {**inner, "dry_run": True}} if isinstance(inner, dict) else {**event, "dry_run": True}
        return DryRun.of(self._answer(asked))

    def job(self, job_id: str) -> SubmittedJob:
        """The job of that id; raises `UnknownJob`, with a guess."""
        return SubmittedJob(self._service, self._job(job_id))

    def jobs(self, limit: int = 20) -> list[SubmittedJob]:
        """The `limit` jobs that were submitted last, within the last two years, the newest first."""
        return [SubmittedJob(self._service, job) for job in self._latest(limit)]

    def task(self, task_id: str, *, date: date | None = None) -> TaskHistory:
        """What is known of a task and what happened to it, from the table, or from the archive once it has left that.

        `date`, the day in UTC on which it closed, looks for it in the archive of that day alone. Raises `UnknownTask`.
        """
        return task_history(self._service, TaskId(task_id), date)

    def labourers(self) -> list[LabourerStatus]:
        """How each registered labourer stands, and why, in the order of their names."""
        facts = Facts(self._service)
        names = sorted([*facts.settings.labourers, *map(LabourerName, facts.settings.mistaken)])
        return [LabourerStatus.of(each) for each in facts.labourers(names)]

    def labourer(self, name: str) -> LabourerStatus:
        """How a labourer stands, and why; raises `UnknownLabourer`, with a guess."""
        return LabourerStatus.of(asking.labourer(self._service, Facts(self._service), LabourerName(name)))

    def resources(self) -> list[ResourceStatus]:
        """How each registered resource stands, in the order of their names."""
        facts = Facts(self._service)
        names = sorted([*facts.settings.resources, *map(ResourceName, facts.settings.mistaken_resources)])
        return [ResourceStatus.of(each) for each in facts.resources(names)]

    def why(self, about: str) -> Answer:
        """Why a task waits (`about` is its id), why a labourer runs no more (its name), in plain words.

        `resource/NAME` and `everything` are answered too. Raises `UnknownTask`, `UnknownLabourer`, `UnknownResource`.
        """
        return asking.why(self._service, about)

    def log(self, target: str, limit: int = 20) -> list[LogLine]:
        """What was changed of it by operators and by the regulation, the newest first; kept for 90 days."""
        return [LogLine.of(entry) for entry in self._service.records.log(orchestrator.target(target), limit)]

    def pause(self, target: str, *, why: str, by: str | None = None) -> Ordered:
        """Start nothing more of a labourer (its name), of `resource/NAME`, or of `everything`; what runs may end.

        `by` is who orders it, the user of this process by default; with `why` it is kept and shown. Raises
        `OrderRefused`. What is paused already stays as it is.
        """
        return orchestrator.order(self._service, {"pause": orchestrator.target(target)}, by=by, why=why)

    def resume(self, target: str, *, why: str = "", by: str | None = None) -> Ordered:
        """End a pause, and start at once what may start."""
        return orchestrator.order(self._service, {"resume": orchestrator.target(target)}, by=by, why=why)

    def limit(self, target: str, to: int | None, *, why: str, by: str | None = None) -> Ordered:
        """Let at most `to` run at once, 0 … 10,000; None lifts such an order. It never allows more than the settings.

        Of `everything`: of no labourer more than that.
        """
        what = {"limit": orchestrator.target(target), "to": to}
        return orchestrator.order(self._service, what, by=by, why=why)

    @property
    def dead(self) -> Dead:
        """The dead tasks: to list, count, show, replay and discard them."""
        return Dead(self._service)

    def doctor(self, job_id: str | None = None, *, everything: bool = False, mend: bool = False) -> Diagnosis:
        """Examine the environment: what is missing, forbidden, disabled, lost or counted wrong, and how to mend it.

        Of jobs the 20 that were submitted last are looked at, up to 1,000 tasks of each; or the one of that id, or
        `everything`, with all of their tasks (half a read unit each). Nothing is written, but totals that have drifted
        when told to `mend`. Raises `UnknownJob`, and `NoSuchEnvironment` where nothing of it is there; whatever else it
        cannot look at is told in `unseen`.
        """
        wanted = None if job_id is None else self._job(job_id)
        return examine(self._service, wanted, everything=everything, mend=mend)

    def plan(self, settings: Settings, *, adds: bool = False) -> Plan:
        """What `apply` with these settings would change. Nothing is written.

        `settings` is the path of a `labourers.yaml`, or what such a file says; sosw's `{"task_config": …}` is taken as
        it is. It stands for all labourers, resources and schemas of the environment; where it `adds`, for those that it
        names alone, and nothing is removed. Raises `SettingsRefused` with all that is wrong, and `InvalidInput` for a
        file that cannot be read.
        """
        return plan(self._service, settings, adds=adds)

    def apply(self, settings: Settings, *, adds: bool = False, force: bool = False, by: str | None = None) -> Plan:
        """Make a plan of these settings and apply it; see `Plan.apply` for what else it may raise."""
        made = self.plan(settings, adds=adds)
        made.apply(force=force, by=by)
        return made

    def require_environment(self) -> None:
        """Raises `NoSuchEnvironment`, with a guess, where nothing of it is there; not where that cannot be seen."""
        environment.require(self._service)

    def schema(self) -> Schema:
        """The version of the tables, and what is to be done about it: `schema().migrate()` does it."""
        return Schema(self._service)

    def _job(self, job_id: str) -> Job:
        job = self._service.jobs.get(JobId(job_id)) if job_id else None
        if job is None:
            raise UnknownJob(job_id, [known.id for known in self._latest(GUESSED_FROM)])
        return job

    def _latest(self, limit: int) -> list[Job]:
        return self._service.jobs.recent(limit, before=self._service.clock.now() + SKEW)

    def _answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        try:
            dump(dict(event))
        except (TypeError, ValueError, RecursionError) as error:
            raise invalid("job", event, f"is not JSON: {error}") from error
        return answer(self._service, event)

    @cached_property
    def _service(self) -> Service:
        if self._given is not None:
            return self._given
        return Service.on_aws(self.prefix, region=self._region or region_of_environment(), endpoint=self._endpoint)


def region_of_environment() -> str | None:
    """None where it is left to boto3, which knows that of a profile."""
    return next(filter(None, map(os.environ.get, REGION_VARIABLES)), None)


def _opened(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event with its job as an object where that is JSON text; as it is where that is none: it is refused then."""
    if not isinstance(event.get("job"), str):
        return event
    try:
        return {**event, "job": parse_object(event["job"], "job")}
    except InvalidInput:
        return event


def _enveloped(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event in an envelope that says who submits it."""
    envelope = event if "job" in event or "sosw" in event else {"job": event}
    return envelope if {"by", "source_event", "sosw"} & envelope.keys() else {**envelope, "by": user()}


def _has_key(envelope: Mapping[str, Any]) -> bool:
    """Without one it gets one made for it: then the call may be repeated when its answer is lost."""
    inner = envelope.get("job")
    return envelope.get("idempotency_key") is not None or (
        isinstance(inner, dict) and inner.get("idempotency_key") is not None
    )


def _moment(given: datetime | str | None) -> str | None:
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise invalid("not_before", given.isoformat(), "must have a time zone, such as datetime.now(timezone.utc)")
        return given.isoformat()
    return given
