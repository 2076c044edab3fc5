"""A world in memory for the Regulator: labourers and resources as values, readings as a test wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sosw.domain import jsontext, lifecycle
from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.health import HealthMetric, Query, Reading
from sosw.domain.ranks import Place
from sosw.domain.records import Record, RecordKey, ResourceName, of_everything, of_labourer, of_resource
from sosw.domain.resources import Resource
from sosw.domain.settings import EssentialSettings, Labourer
from sosw.domain.slots import Name, SlotRow
from sosw.domain.standing import Budget, Standing
from sosw.domain.task import JobId, LabourerName, Task, task_id
from sosw.ports import Limit
from sosw.regulator import Regulator
from sosw.testing import FakeClock, InMemoryRecordStore, InMemorySlotStore, InMemoryTaskStore

ORDERS = ResourceName("rds:orders")


class Broken(SoswError):
    """What a table raises."""


def a_query(name: str, source: str = "cloudwatch") -> Query:
    return Query(source=source, details=jsontext.dump({"MetricName": name, "Namespace": "test"}))


def a_metric(name: str = "cpu", **fields: Any) -> HealthMetric:
    """High up to 25, good up to 50, moderate up to 75, poor up to 90."""
    return HealthMetric(
        **{
            "name": name,
            "query": a_query(name),
            "feelings": {4: 25, 3: 50, 2: 75, 1: 90},
            "operator": "<=",
            **fields,
        }
    )


def a_labourer(name: str = "sync", limit: int = 100, **fields: Any) -> Labourer:
    return Labourer(name=LabourerName(name), arn=name, max_simultaneous_invocations=limit, **fields)


def a_resource(name: str = ORDERS, **fields: Any) -> Resource:
    return Resource(
        **{
            "name": ResourceName(name),
            "query": a_query(name),
            "label": "CPU",
            "unit": "%",
            "target": 70,
            "band": 5,
            "ceiling": 40,
            "start": 40,
            **fields,
        }
    )


class Readings:
    """A `HealthSource` that answers what it is told, and counts how often it is asked."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.problems: dict[str, str] = {}
        self.asked: list[list[Query]] = []

    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        self.asked.append(list(queries))
        return {query: self._of(jsontext.load(query.details)["MetricName"], now) for query in queries}

    def _of(self, name: str, now: datetime) -> Reading:
        if name in self.values:
            return Reading(value=self.values[name], at=now)
        return Reading(problem=self.problems.get(name, "no data"))


class Store(InMemoryRecordStore):
    """Counts its calls; `broken` calls raise, and `rival` acts before the next write, once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.rival: Any = None
        self.always_stale = False

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        self._called("read")
        return super().read(keys)

    def write(self, record: Record) -> Record:
        rival, self.rival = self.rival, None
        if rival:
            rival()
        self._called("write")
        if self.always_stale:
            raise StaleRecord(record)
        return super().write(record)

    def note(self, entry: Any) -> None:
        self._called("note")
        super().note(entry)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.broken:
            raise Broken(f"{name} is broken")


class Slots(InMemorySlotStore):
    """Counts its calls; rows of a labourer in `broken` cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()
        self.calls = 0

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        self.calls += 1
        if labourer in self.broken:
            raise Broken("rows are broken")
        return super().rows(labourer)


class Tasks(InMemoryTaskStore):
    """Counts what is looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        self.calls += 1
        return super().places(queue, start, limit)


class Plant:
    """All that a Regulator works on."""

    def __init__(self, *labourers: Labourer, resources: Sequence[Resource] = ()) -> None:
        self.clock, self.records, self.slots, self.tasks = FakeClock(), Store(), Slots(), Tasks()
        self.readings = Readings()
        self.labourers = {labourer.name: labourer for labourer in labourers}
        self.settings = EssentialSettings(
            labourers=self.labourers, resources={resource.name: resource for resource in resources}
        )
        self.known: dict[LabourerName, Limit] = {}
        self.regulator = self.another()

    def another(self, **parts: Any) -> Regulator:
        given = {
            "records": self.records,
            "sources": self.readings,
            "slots": self.slots,
            "tasks": self.tasks,
            "clock": self.clock,
            "settings": self.settings,
            "known": self.known,
        }
        return Regulator(**{**given, **parts})

    def tick(self, seconds: float = 60, **values: float) -> None:
        """A minute later, by these readings; `_` in a name stands for `:`."""
        self.clock.advance(seconds=seconds)
        self.readings.values = {name.replace("_", ":"): value for name, value in values.items()}
        self.regulator.tick()

    def limits(self, *names: str) -> dict[str, int]:
        """Of these labourers, or of all."""
        asked = [self.labourers[LabourerName(name)] for name in names] or list(self.labourers.values())
        return {str(name): limit.value for name, limit in self.regulator.limits(asked).items()}

    def limit(self, name: str = "sync") -> Limit:
        labourer = self.labourers[LabourerName(name)]
        return self.regulator.limits([labourer])[labourer.name]

    def run(self, name: str, count: int) -> None:
        """Let the labourer's slot rows hold so many names."""
        labourer = LabourerName(name)
        version = sum(row.version for row in self.slots._rows.values() if row.labourer == labourer)
        names = {task_id(JobId(f"running-{name}"), n): Name(1, self.clock.now()) for n in range(count)}
        self.slots.write(SlotRow(labourer=labourer, number=0, capacity=count, version=version, names=names))

    def queue(self, name: str, count: int) -> None:
        """Let so many more tasks wait."""
        job, now = JobId(f"job-{name}-{len(self.tasks.tasks)}"), self.clock.now()
        common: dict[str, Any] = {"payload": {}, "labourer": LabourerName(name), "created_at": now, "greenfield": now}
        self.tasks.create(
            [lifecycle.queued(Task(id=task_id(job, n), job_id=job, **common)) for n in range(count)],
        )

    def standing(self, name: str = "sync") -> Standing:
        return Standing.from_json(self.records.records[of_labourer(name)].value)

    def budget(self, name: str = ORDERS) -> Budget:
        return Budget.from_json(self.records.records[of_resource(name)].value)

    def shares(self, name: str = ORDERS) -> dict[str, int]:
        return {str(labourer): share for labourer, share in self.budget(name).shares.items()}

    def sentences(self, owner: RecordKey) -> list[str]:
        """Of the owner's log, oldest first."""
        return [entry.what["why"] for entry in self.records.entries if entry.owner == owner.owner]

    def order(self, key: RecordKey, **orders: Any) -> None:
        """What an operator writes."""
        record = self.records.read([key])[key]
        state: Budget | Standing
        state = (
            Budget.from_json(record.value) if key.owner.startswith("resource/") else Standing.from_json(record.value)
        )
        changed = replace(state, control=replace(state.control, **orders))
        self.records.write(replace(record, value=changed.to_json()))

    def pause(self, key: RecordKey = of_everything()) -> None:  # noqa: B008  (a constant)
        self.order(key, paused_by="ann", paused_why="a deploy", paused_at=self.clock.now())

    def resume(self, key: RecordKey = of_everything()) -> None:  # noqa: B008  (a constant)
        self.order(key, paused_by=None, paused_why=None, paused_at=None)
