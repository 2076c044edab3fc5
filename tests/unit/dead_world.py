"""A world in which tasks die, and someone tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sosw.dead_notices import RECORD, DeadNotices
from sosw.domain.errors import InvokeUncertain, StaleRecord
from sosw.domain.metrics import Metric, Owner
from sosw.domain.records import Record, of_everything
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import LabourerName
from sosw.testing import InMemoryRecordStore
from tests.unit.test_dead_orders import DeadWorld

OTHER = LabourerName("other")


class Watched(DeadWorld):
    """With someone who tells of deaths; `refuse` stops what is published."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, str]] = []
        self.counted: list[tuple[str, str, float]] = []
        self.untold: list[tuple[str, str, float]] = []
        self.refuse = False
        self.has_topic = True

    def publish(self, subject: str, text: str) -> None:
        if self.refuse:
            raise InvokeUncertain("topic", "busy")
        self.published.append((subject, text))

    def note(self, values: Mapping[Metric, float], of: Owner | None = None) -> None:
        assert of is not None
        told = [(metric.name, of.name, number) for metric, number in values.items()]
        self.counted += [each for each in told if each[0] == "dead"]
        self.untold += [each for each in told if each[0] == "untold"]

    def notices(self, **parts: Any) -> DeadNotices:
        given = {"tasks": self.tasks, "records": self.records, "invoker": self.invoker, "clock": self.clock, **parts}
        given = {"metrics": self, "settings": EssentialSettings.from_mapping(self.config), **given}
        return DeadNotices(**given, notifier=self if self.has_topic else None, prefix="sosw")

    def minute(self, **parts: Any) -> None:
        """The next minute's sweep."""
        self.clock.advance(seconds=60)
        self.scavenger(deaths=self.notices(**parts)).sweep()

    def minutes(self, count: int = 10) -> None:
        for _ in range(count):
            self.minute()

    def stream(self) -> None:
        """Let the stream pass on all that happened."""
        self.scavenger(deaths=self.notices()).pass_on(self.tasks.changes, token="t")

    @property
    def told(self) -> float:
        return sum(number for _, _, number in self.counted)

    @property
    def called(self) -> list[tuple[str, list[str]]]:
        """Functions, and the tasks that they were handed."""
        return [
            (f, [task["task_id"] for task in event["dead"]]) for f, event in self.invoker.started if "dead" in event
        ]

    def with_function(self) -> None:
        self.config["task_config"]["labourers"]["sales"]["on_dead"] = "undertaker"


class Records:
    """Record store in which `before` is called with what is about to be written."""

    def __init__(self, store: InMemoryRecordStore, before: Callable[[Record], object]) -> None:
        self._store, self._before = store, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, record: Record) -> Record:
        self._before(record)
        return self._store.write(record)


def interrupted(world: Watched, by: Callable[[], object]) -> Records:
    """The world's records; `by` comes before the first write of what all notices share."""
    waiting = [by]

    def before(record: Record) -> None:
        if record.key == of_everything(RECORD) and waiting:
            waiting.pop()()

    return Records(world.records, before)


def busy(tries: list[Record]) -> Callable[[Record], object]:
    def write(record: Record) -> None:
        tries.append(record)
        raise StaleRecord(record)

    return write


def fails(error: Exception) -> Any:
    raise error
