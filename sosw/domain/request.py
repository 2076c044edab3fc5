"""A job as a user submits it: everything that can be checked is checked at the door, and all that is wrong is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from itertools import islice
from typing import Any, TypeVar

from sosw.domain.chunking import chunk
from sosw.domain.envelope import opened
from sosw.domain.errors import InvalidInput, Problem, did_you_mean, invalid
from sosw.domain.extensions import NONE, Extensions
from sosw.domain.fairness import Placement
from sosw.domain.job import Job
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, checked, dump, load
from sosw.domain.keys import KeyTemplate, fair_key, fair_weight
from sosw.domain.origin import Origin
from sosw.domain.periods import zone
from sosw.domain.settings import EssentialSettings, Labourer
from sosw.domain.sources import KEYS_BYTES, Source
from sosw.domain.survey import MAX_TASKS, check_payload, survey
from sosw.domain.task import LAST_PRIORITY, PRIORITY, JobId, Task, task_id

_NOT_PAYLOAD = ("lambda_name", "idempotency_key")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{3}(\d{3})?)?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_FIRST, _NOWHERE = Placement(), Origin()
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job as asked for, with nothing wrong in it."""

    labourer: Labourer
    schema: tuple[str, ...]
    attributes: Mapping[str, Any]
    """What is chunked into payloads: all keys of the job but for the labourer's name and the idempotency key."""
    key: str | None = None
    """The caller's idempotency key."""
    priority: int = PRIORITY
    """0 first … 9 last, among the labourer's tasks that are due."""
    fair_key: str | None = None
    """Jobs of one priority that have the same take turns with the others as one; None: it takes turns by itself."""
    fair_weight: int = 1
    """1 … 100 turns where another job, or key, has one."""
    concurrency_key: KeyTemplate | None = None
    """Of its tasks with the same key only so many run at once."""
    not_before: datetime | None = None
    """None of its tasks is due before."""
    dry_run: bool = False
    """Tell what it would do, and write nothing."""
    source: Source | None = None
    """What its tasks are read from, beside what is chunked."""
    zone: tzinfo = timezone.utc
    """Where its days begin."""
    extensions: Extensions = NONE
    origin: Origin = _NOWHERE
    limit: int = MAX_PAYLOAD_BYTES
    """Bytes of a payload, and of all that is asked for."""
    tasks_a_part: int = 0
    """How many tasks it makes; of a job with a source, for each batch."""

    @classmethod
    def from_event(
        cls, event: Any, settings: EssentialSettings, now: datetime | None = None, extensions: Extensions = NONE
    ) -> JobRequest:
        """From the Scheduler's event: `{"job": {…} or its JSON}`, the job itself or its JSON.

        Raises `InvalidInput` with all problems at once. `now` is when it is submitted: periods count from there.
        """
        job, beside = opened(event)
        key = beside.get("idempotency_key")
        return _Reader(beside=beside).request(job, key, settings, now or _ANY_DAY, extensions)

    @classmethod
    def of(cls, job: Job, settings: EssentialSettings, extensions: Extensions = NONE) -> JobRequest:
        """The request that `job` remembers, with the schema of its first submission, for whoever goes on with it.

        Raises `InvalidInput` when its labourer or its extensions are gone.
        """
        body = load(job.body)
        given = {"lambda_name": body["lambda_name"], **body["attributes"]}
        schema = tuple(body["schema"])
        return _Reader(schema).request(given, job.id, settings, job.submitted_at, extensions)

    def job(self, request_id: str, now: datetime) -> Job:
        """The record to remember; `request_id` names it where the caller gave no key."""
        body = {"lambda_name": self.labourer.name, "schema": self.schema, "attributes": self.attributes}
        return Job(
            id=JobId(self.key or request_id),
            labourer=self.labourer.name,
            submitted_at=now,
            body=checked(body, "job", limit=self.limit),
            priority=self.priority,
            not_before=self.not_before,
            submitted_by=self.origin.by,
            source_event=self.origin.event,
        )

    def is_of(self, job: Job) -> bool:
        """Whether `job` remembers this very request, by whatever schema it was read then."""
        body = load(job.body)
        return dump([body["lambda_name"], body["attributes"]]) == dump([self.labourer.name, self.attributes])

    def payloads(
        self, submitted_at: datetime, *, start: int = 0, parts: Iterable[Mapping[str, Any]] | None = None
    ) -> Iterator[dict[str, Any]]:
        """From number `start` on; `parts` is what the source gives, a batch each (`sosw.domain.sources.in_batches`).

        With a source, each batch is a task; where days or attributes are chunked besides, a task for each of those.
        Raises `InvalidInput` for a part that makes a payload too large.
        """
        today = submitted_at.astimezone(self.zone).date()
        if self.source is None:
            yield from chunk(self.attributes, self.schema, today, self.extensions, start=start)
            return
        if parts is None:
            raise invalid("source", self.source.url, "cannot be read here")
        each = self.tasks_a_part
        for part in islice(parts, start // each, None):
            for payload in chunk(self.attributes, self.schema, today, self.extensions, start=start % each):
                check_payload({**payload, **part}, self.limit)
                yield {**payload, **part}
            start = 0

    def taken(self, submitted_at: datetime) -> int:
        """Bytes that a task's payload has at most beside the lines or objects of the source."""
        today = submitted_at.astimezone(self.zone).date()
        payloads = chunk(self.attributes, self.schema, today, self.extensions)
        return max((len(dump(payload).encode()) for payload in payloads), default=0) + KEYS_BYTES

    def count(self, submitted_at: datetime, parts: Iterable[Mapping[str, Any]] | None = None) -> int:
        """Its tasks, each of them looked at; raises `InvalidInput` for what is wrong with one, and for too many."""
        total = 0
        for payload in self.payloads(submitted_at, parts=parts):
            self.key_of(payload)
            total += 1
            if total > MAX_TASKS:
                raise _too_many(self.key or self.labourer.name)
        return total

    def key_of(self, payload: Mapping[str, Any]) -> str | None:
        """The concurrency key of a task; raises `InvalidInput` for a payload that gives none."""
        return self.concurrency_key.fill(payload) if self.concurrency_key else None

    def tasks(
        self,
        job: Job,
        due: datetime,
        placement: Placement = _FIRST,
        *,
        start: int = 0,
        parts: Iterable[Mapping[str, Any]] | None = None,
    ) -> Iterator[Task]:
        """The tasks of `job` from number `start` on, one by one and the same at every call.

        They are due at `due`, or when the job says, and stand in line by `placement`. Raises `InvalidInput` for a
        source that makes too many or too large ones, as `count` does beforehand.
        """
        is_due = job.not_before is None or job.not_before <= due
        due = max(due, job.not_before or due)
        for sequence, payload in enumerate(self.payloads(job.submitted_at, start=start, parts=parts), start=start):
            if sequence >= MAX_TASKS:
                raise _too_many(job.id)
            task = Task(
                id=task_id(job.id, sequence),
                job_id=job.id,
                labourer=self.labourer.name,
                payload=payload,
                created_at=job.submitted_at,
                greenfield=due,
                priority=self.priority,
                key=self.key_of(payload),
            )
            yield placement.placed(task, sequence, is_due=is_due)


def _too_many(job: str) -> InvalidInput:
    hint = "put more lines or objects into each task by batch, or make several jobs of it"
    return invalid("job", job, f"makes more than {MAX_TASKS:,} tasks", hint)


_ANY_DAY = datetime(2000, 1, 1, tzinfo=timezone.utc)


@dataclass(slots=True)
class _Reader:
    """Reads a job key by key and collects what is wrong with it."""

    schema: tuple[str, ...] | None = None
    """Of a job that is remembered; else the settings know."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What stands in the job's envelope; empty where it has none."""
    problems: list[Problem] = field(default_factory=list)
    limit: int = MAX_PAYLOAD_BYTES

    def request(
        self, job: dict[str, Any], key: Any, settings: EssentialSettings, now: datetime, extensions: Extensions
    ) -> JobRequest:
        attributes = {name: value for name, value in job.items() if name not in _NOT_PAYLOAD}
        labourer = self._try(lambda: _labourer(job, settings))
        schema = self._try(lambda: _schema(job, settings) if self.schema is None else self.schema)
        where = self._try(lambda: zone(job.get("time_zone"))) or timezone.utc
        source = self._try(lambda: Source.of(job))
        settled = self._settled(job, key)
        self.limit = settings.payload_limit
        tasks = self._survey(attributes, schema, now.astimezone(where), extensions)
        if self.problems or labourer is None or schema is None:
            raise InvalidInput(self.problems)
        return JobRequest(
            labourer=labourer,
            schema=schema,
            attributes=attributes,
            source=source,
            zone=where,
            extensions=extensions,
            tasks_a_part=tasks,
            limit=self.limit,
            **settled,
        )

    def _settled(self, job: Mapping[str, Any], key: Any) -> dict[str, Any]:
        """What stands for itself, as fields of the request."""
        return {
            "key": self._try(lambda: _key(job.get("idempotency_key") if key is None else key)),
            "priority": self._try(lambda: _priority(job.get("priority", PRIORITY))),
            "fair_key": self._try(lambda: fair_key(job.get("fair_key"))),
            "fair_weight": self._try(lambda: fair_weight(job.get("fair_weight", 1))),
            "concurrency_key": self._try(lambda: KeyTemplate.of(job.get("concurrency_key"))),
            "not_before": self._try(lambda: _not_before(job.get("not_before"))),
            "dry_run": self._try(lambda: _dry_run(job.get("dry_run", False))),
            "origin": self._try(lambda: Origin.of(self.beside)),
        }

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except InvalidInput as error:
            self.problems += error.problems
            return None

    def _survey(
        self, attributes: Mapping[str, Any], schema: tuple[str, ...] | None, now: datetime, extensions: Extensions
    ) -> int:
        if schema is None:
            return 0
        seen = survey(attributes, schema, now.date(), extensions, self.limit)
        told = {problem.field for problem in self.problems}
        self.problems += [problem for problem in seen.problems if problem.field not in told]
        return seen.tasks


def _labourer(job: Mapping[str, Any], settings: EssentialSettings) -> Labourer:
    if "lambda_name" not in job:
        raise invalid("lambda_name", None, "is missing: it names the labourer", did_you_mean("", settings.labourers))
    return settings.labourer(job["lambda_name"])


def _schema(job: Mapping[str, Any], settings: EssentialSettings) -> tuple[str, ...]:
    name = job.get("job_schema_name") or "default"
    if not isinstance(name, str) or name not in settings.job_schema_variants:
        hint = did_you_mean(str(name), settings.job_schema_variants)
        raise invalid("job_schema_name", name, "is not a job schema", hint)
    return settings.job_schema_variants[name]


def _key(key: Any) -> str | None:
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise invalid("idempotency_key", key, "must be 1 to 64 of A-Z a-z 0-9 . _ : -")
    return key


def _priority(given: Any) -> int:
    if type(given) is not int or not 0 <= given <= LAST_PRIORITY:
        rule = (
            f"must be a whole number from 0 (first) to {LAST_PRIORITY} (last); payload of that name goes into payload"
        )
        raise invalid("priority", given, rule)
    return given


def _not_before(given: Any) -> datetime | None:
    if given is None:
        return None
    try:
        text = given if isinstance(given, str) and _MOMENT.fullmatch(given) else ""
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        rule = "must be a moment that exists, with its offset, such as 2026-01-31T06:00:00+01:00"
        raise invalid("not_before", given, rule) from error


def _dry_run(given: Any) -> bool:
    if not isinstance(given, bool):
        raise invalid("dry_run", given, "must be true or false; payload of that name goes into payload")
    return given
