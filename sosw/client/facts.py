"""Reads the facts that explanations are made of, from the tables: nothing is written, and no function is called."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sosw.client.service import Service
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.facts import COUNTED, LabourerFacts, ResourceFacts, TaskFacts
from sosw.domain.records import Record, RecordKey, ResourceName, of_everything, of_labourer, of_resource
from sosw.domain.settings import EssentialSettings, Labourer
from sosw.domain.standing import Budget, Control, Standing
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.line import Line
from sosw.settings import ESSENTIAL_CONFIG

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
        """Of a task and its labourer; of its job, where that tells why."""
        return TaskFacts(task=task, of=self.labourer(task.labourer), job=self._service.jobs.get(task.job_id))

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
        return self._service.records.read([of_everything(), *map(of_labourer, names), *map(of_resource, drawn)])

    def _labourer(self, name: LabourerName, records: Records) -> LabourerFacts:
        labourer = self.settings.labourers.get(name)
        draws = labourer.draws if labourer else ()
        standing = Standing.from_json(records[of_labourer(name)].value)
        return LabourerFacts(
            name=name,
            now=self.now,
            labourer=labourer,
            problems=self.settings.mistaken.get(name, ()),
            known=[*self.settings.labourers, *self.settings.mistaken],
            standing=standing,
            everything=_control(records[of_everything()]),
            resources={each: self.settings.resources[each] for each in draws if each in self.settings.resources},
            budgets={each: Budget.from_json(records[of_resource(each)].value) for each in draws},
            coefficients=self.settings.coefficients,
            rows=self._service.slots.rows(name),
            due=self._due(self.settings.labourer_or_default(name), standing, self.now),
        )

    def _due(self, labourer: Labourer, standing: Standing, now: datetime) -> list[TaskId]:
        """The one place where a line is looked at."""
        return Line(self._service.tasks).due(labourer, now, COUNTED + 1, shards=standing.shards)


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
