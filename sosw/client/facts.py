"""Reads the facts that explanations are made of, from the tables: nothing is written, and no function is called."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sosw.client.service import Service
from sosw.domain.bucket import Bucket
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.facts import COUNTED, KeyFacts, LabourerFacts, RateFacts, ResourceFacts, TaskFacts
from sosw.domain.records import Record, RecordKey, ResourceName, of_everything, of_labourer, of_resource
from sosw.domain.resources import Rate
from sosw.domain.settings import EssentialSettings, Labourer
from sosw.domain.slots import is_over
from sosw.domain.standing import Budget, Control, Standing
from sosw.domain.tally import TOTALS, Counted
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.key_gate import key_owner
from sosw.line import Line
from sosw.settings import ESSENTIAL_CONFIG

BUCKET = "bucket"
"""The record of a rate's tokens (`sosw.gates`); `bucket#KEY` of a key's."""
READERS = 16
"""Labourers that are looked at at a time."""

Records = dict[RecordKey, Record]


class Facts:
    """Of one environment, by its settings as they are stored when this is made."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.settings = stored_settings(service)
        self.now = service.clock.now()

    def labourers(self, names: Iterable[LabourerName]) -> list[LabourerFacts]:
        """One read for what is recorded of all; two queries for each."""
        wanted = list(names)
        records = self._records(wanted)
        with ThreadPoolExecutor(max(1, min(READERS, len(wanted)))) as pool:
            return list(pool.map(lambda name: self._labourer(name, records), wanted))

    def labourer(self, name: LabourerName) -> LabourerFacts:
        """Of one that need not be registered."""
        return self._labourer(name, self._records([name]))

    def task(self, task: Task) -> TaskFacts:
        """Of a task, its labourer, its job and its concurrency key."""
        of, job = self.labourer(task.labourer), self._service.jobs.get(task.job_id)
        if task.key is None or of.labourer is None:
            return TaskFacts(task=task, of=of, job=job)
        return TaskFacts(
            task=task,
            of=of,
            job=job,
            key=self._key(of.labourer, task.key),
            key_rate=self._key_rate(of.labourer, task.key),
        )

    def resources(self, names: Iterable[ResourceName]) -> list[ResourceFacts]:
        """One read for all."""
        wanted = list(names)
        records = self._service.records.read([of_everything(), *map(of_resource, wanted)])
        return [
            ResourceFacts(
                name=name,
                now=self.now,
                resource=self.settings.resources.get(name),
                problems=self.settings.mistaken_resources.get(name, ()),
                known=[*self.settings.resources, *self.settings.mistaken_resources],
                budget=Budget.from_json(records[of_resource(name)].value),
                everything=_control(records[of_everything()]),
            )
            for name in wanted
        ]

    def everything(self) -> Control:
        """What operators have ordered of all labourers."""
        return _control(self._service.records.read([of_everything()])[of_everything()])

    def _records(self, names: Iterable[LabourerName]) -> Records:
        known = [self.settings.labourers[name] for name in names if name in self.settings.labourers]
        drawn = dict.fromkeys(resource for labourer in known for resource in labourer.draws)
        buckets = [of_labourer(labourer.name, BUCKET) for labourer in known if labourer.rate]
        tallies = [of_labourer(name, TOTALS) for name in names]
        own = [*map(of_labourer, names), *tallies, *map(of_resource, drawn), *buckets]
        return self._service.records.read([of_everything(), *own])

    def _labourer(self, name: LabourerName, records: Records) -> LabourerFacts:
        labourer = self.settings.labourers.get(name)
        draws = labourer.draws if labourer else ()
        standing = Standing.from_json(records[of_labourer(name)].value)
        due = self._due(self.settings.labourer_or_default(name), standing)
        return LabourerFacts(
            name=name,
            now=self.now,
            labourer=labourer,
            problems=self.settings.mistaken.get(name, ()),
            known=[*self.settings.labourers, *self.settings.mistaken],
            standing=standing,
            tally=Counted.from_json(records[of_labourer(name, TOTALS)].value).tally,
            everything=_control(records[of_everything()]),
            resources={each: self.settings.resources[each] for each in draws if each in self.settings.resources},
            budgets={each: Budget.from_json(records[of_resource(each)].value) for each in draws},
            coefficients=self.settings.coefficients,
            rows=self._service.slots.rows(name),
            due=due,
            later=() if due else self._later(self.settings.labourer_or_default(name), standing),
            rate=self._rate(labourer.rate, records[of_labourer(name, BUCKET)]) if labourer and labourer.rate else None,
        )

    def _due(self, labourer: Labourer, standing: Standing) -> list[TaskId]:
        return Line(self._service.tasks).due(labourer, self.now, COUNTED + 1, shards=standing.shards)

    def _later(self, labourer: Labourer, standing: Standing) -> list[datetime]:
        shards = max(labourer.shards, standing.shards)
        return Line(self._service.tasks).later(labourer.name, self.now, COUNTED + 1, shards=shards)

    def _rate(self, rate: Rate, record: Record, key: str | None = None) -> RateFacts:
        """A bucket that was never written is full."""
        bucket = Bucket.from_json(record.value) if record.value else Bucket.full(rate, self.now)
        return RateFacts(rate=rate, next_at=bucket.refilled(rate, self.now).next_at(rate), key=key)

    def _key_rate(self, labourer: Labourer, key: str) -> RateFacts | None:
        if labourer.rate_per_key is None:
            return None
        owner = of_labourer(labourer.name, f"{BUCKET}#{key}")
        return self._rate(labourer.rate_per_key, self._service.records.read([owner])[owner], key)

    def _key(self, labourer: Labourer, key: str) -> KeyFacts | None:
        """Names of a key's rows are dropped when room is needed, not when they end: each one is looked at."""
        if labourer.max_per_key is None:
            return None
        rows = self._service.slots.rows(key_owner(labourer.name, key))
        names = [(task, name) for row in rows for task, name in row.names.items()]
        found = self._service.tasks.get_many(task for task, _ in names)
        running = sum(not is_over(name, found.get(task)) for task, name in names)
        return KeyFacts(key=key, running=running, most=labourer.max_per_key)


def stored_settings(service: Service) -> EssentialSettings:
    """As the Orchestrator reads them. Raises `SoswError` where what is stored cannot be read at all."""
    merged: dict[str, Any] = {}
    for name in (ESSENTIAL_CONFIG, f"{service.names.orchestrator}_config"):
        try:
            merged |= service.config.get(name) or {}
        except InvalidInput as error:
            raise SoswError(f"the stored configuration cannot be read: {error}") from error
    return EssentialSettings.from_mapping(merged)


def _control(record: Record) -> Control:
    return Control.from_json(record.value.get("control", {}))
