"""Facts with defaults, for tests of explanations: a labourer of 100 that draws on a database."""

from __future__ import annotations

from typing import Any

from sosw.domain.facts import LabourerFacts, TaskFacts
from sosw.domain.health import Query
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.settings import Labourer
from sosw.domain.slots import Name, SlotRow
from sosw.domain.standing import Budget, Control
from sosw.domain.task import Failure, TaskId
from tests.factories import LABOURER, NOW, a_task, seconds

DATABASE = ResourceName("rds:orders")
CPU = Query(source="cloudwatch", details="{}")
RESOURCE = Resource(name=DATABASE, query=CPU, label="CPU", unit="%", target=70, band=5, floor=4, ceiling=90, start=8)
PAUSED = Control(paused_by="ann", paused_why="migration", paused_at=NOW)
LIMITED = Control(limit=40, limit_by="bob", limit_why="locks", limit_at=NOW)


def settings(limit: int = 100, **fields: Any) -> Labourer:
    return Labourer(**{"name": LABOURER, "arn": "sales", "max_simultaneous_invocations": limit, **fields})


def names(count: int, *, begin: int = 100_000) -> tuple[SlotRow, ...]:
    """Rows with that many names, of tasks that are not looked at."""
    taken = {TaskId(f"job#{begin + number}"): Name(1, NOW) for number in range(count)}
    return (SlotRow(labourer=LABOURER, number=0, capacity=count, version=1, names=taken),)


def budget(share: int | None = 40, **fields: Any) -> Budget:
    """Of the database, of which the labourer has a share."""
    shares = {} if share is None else {LABOURER: share}
    return Budget(**{"limit": 48.7, "reading": 83.0, "read_at": NOW, "shares": shares, **fields})


def labourer(running: int = 0, *, due: int = 0, **fields: Any) -> LabourerFacts:
    """Of one that has so many running and due, five seconds after noon."""
    given = {"labourer": settings(), "known": ["sales"], "rows": names(running), **fields}
    ids = [TaskId(f"job#{number}") for number in range(due)]
    return LabourerFacts(**{"name": LABOURER, "now": NOW + seconds(5), "due": ids, **given})


def drawing(running: int = 0, *, due: int = 0, of: Budget | None = None, **fields: Any) -> LabourerFacts:
    """Of one that draws on the database."""
    drawn = {"resources": {DATABASE: RESOURCE}, "budgets": {DATABASE: of or budget()}}
    return labourer(running, due=due, **{**drawn, **fields})


def task(of: LabourerFacts | None = None, *, number: int = 0, **fields: Any) -> TaskFacts:
    """Of task `number`, waiting since noon unless `fields` say otherwise."""
    parts = {name: fields.pop(name) for name in ("job", "key", "key_rate") if name in fields}
    return TaskFacts(task=a_task(number, **fields), of=of or labourer(), **parts)


def failed(attempt: int = 1) -> Failure:
    return Failure(attempt=attempt, at=NOW, error="ValueError", message="no such shop")
