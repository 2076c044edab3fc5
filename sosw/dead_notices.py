"""Tells of tasks that died: one message a minute at most, a count for each labourer, and the function it names.

The minute sweep looks through the lines of the dead from where the last one stopped, so a lost message of the stream
costs time and no notice. It looks at labourers of which the stream told a death in the last minutes (`hear`), and at
each of the others once in ten minutes. What was told is noted for each labourer (`sosw.domain.dead_marks`) after it
was sent: whoever dies between the two, or does not get to know whether it was sent, has it told once more.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sosw.dead_line import DeadLine, light
from sosw.domain import dead_notice
from sosw.domain.dead import DeadCount, error_of
from sosw.domain.dead_marks import WINDOW, Mark
from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.metrics import DEAD, UNTOLD, Owner
from sosw.domain.moments import EPOCH, from_ms, to_ms
from sosw.domain.ranks import Place
from sosw.domain.records import Record, of_everything, of_labourer
from sosw.domain.task import LabourerName, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sosw.domain.messages import Change
    from sosw.domain.settings import EssentialSettings
    from sosw.ports import Clock, Invoker, Metrics, Notifier, RecordStore, TaskStore

log = logging.getLogger(__name__)

RECORD = "dead"
BETWEEN = timedelta(seconds=50)
"""No message follows another one sooner: the minute rule may be some seconds early."""
HINT, FRESH = timedelta(minutes=3), timedelta(minutes=2)
"""A labourer of which a death was heard is looked at for so long; what is fresher than that needs no new note."""
TURNS = 10
"""Minutes in which each labourer is looked at once, whatever was heard."""
MAX_LOOKED = 2_000
"""Deaths of one labourer that a sweep looks at."""
MAX_TOLD = 10_000
"""Deaths of all labourers after which a sweep looks no further: they are held in memory, without their payloads."""
ROUNDS = 4
NOTICE, CALL = "notice", "call"
"""What is told by message, and to the function `on_dead`: each has a mark of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What there is to tell by one mark."""

    mark: Mark
    """As it was."""
    looked: tuple[Place, ...]
    """All since its floor; not all, unless `is_whole`."""
    is_whole: bool
    tasks: tuple[Task, ...]
    """Without payload, result and stats."""

    def told(self, now: datetime) -> Mark:
        """The mark once it is told."""
        return self.mark.after(self.looked, now, is_whole=self.is_whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a look at a labourer's line found."""

    labourer: LabourerName
    record: Record
    news: Mapping[str, _News]
    """By mark: what people are told, and what the function is handed, may stand at different moments."""

    @property
    def has_news(self) -> bool:
        """Something is to be told."""
        return any(news.tasks for news in self.news.values())

    def told(self, marks: set[str], now: datetime) -> Record:
        """The record once the news of these marks are told."""
        moved = {name: news.told(now) if name in marks else news.mark for name, news in self.news.items()}
        return replace(self.record, value={name: mark.to_json() for name, mark in moved.items()})


class DeadNotices:
    """Never raises: what could not be told is told by the next sweep, and other work goes on."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self,
        *,
        tasks: TaskStore,
        records: RecordStore,
        invoker: Invoker,
        notifier: Notifier | None,
        metrics: Metrics,
        clock: Clock,
        settings: EssentialSettings,
        prefix: str,
    ) -> None:
        """`notifier`: None where no topic is configured; deaths are counted and logged all the same."""
        self._tasks, self._records, self._invoker, self._clock = tasks, records, invoker, clock
        self._notifier, self._metrics, self._settings, self._prefix = notifier, metrics, settings, prefix

    def hear(self, changes: Iterable[Change]) -> None:
        """Note of which labourers the stream tells a death: the sweep looks there first."""
        heard = {change.labourer for change in changes if change.state is TaskState.DEAD}
        if not heard:
            return
        try:
            self._note(heard)
        except SoswError as error:
            log.warning("deaths.unheard", extra={"labourers": sorted(heard), "why": str(error)})

    def tell(self, has_time: Callable[[], bool] = lambda: True) -> None:
        """Tell of all that died since the last time, as far as there is time; those told longest ago come first."""
        try:
            self._tell(has_time)
        except Exception:
            log.exception("deaths.untold")  # the sweep has other work to do, and the next one tells

    def _note(self, heard: set[LabourerName]) -> None:
        for _ in range(ROUNDS):
            record, now = self._read(), self._clock.now()
            known: dict[str, int] = record.value.get("look", {})
            news = [name for name in sorted(heard) if known.get(name, 0) < to_ms(now + FRESH)]
            if not news:
                return
            look = known | {str(name): to_ms(now + HINT) for name in news}
            try:
                self._records.write(replace(record, value={**record.value, "look": look}))
            except StaleRecord:
                continue  # who was faster may have noted the same: look again
            return
        log.warning("deaths.unheard", extra={"labourers": sorted(heard), "why": "the record is busy"})

    def _tell(self, has_time: Callable[[], bool]) -> None:
        record, now = self._read(), self._clock.now()
        if now - from_ms(record.value.get("told_at", 0)) < BETWEEN:
            return  # another sweep has just told
        record = self._acquainted(record)
        looks = self._looks(record, now, has_time)
        if not looks or not self._claim(record, looks, now):
            return
        done: Counter[LabourerName] = Counter()
        told = {NOTICE} if self._notify(looks) else set[str]()
        for look in looks:
            done[look.labourer] = len(look.news[NOTICE].tasks) if told else 0
            marks = told | ({CALL} if CALL in look.news and self._call(look, has_time) else set())
            if marks:
                self._mark(look.told(marks, now))
        log.info("deaths.told", extra={"count": done.total(), "labourers": dict(done)})

    def _acquainted(self, record: Record) -> Record:
        """Remember who is registered: once they are not any more, their tasks die all the same."""
        known = record.value.get("known", [])
        names = {*known, *self._settings.labourers, *self._settings.mistaken}
        if names == set(known):
            return record
        acquainted = replace(record, value={**record.value, "known": sorted(names)})
        try:
            return self._records.write(acquainted)
        except StaleRecord:
            return acquainted  # a hint came between: whoever writes next reads it first

    def _looks(self, record: Record, now: datetime, has_time: Callable[[], bool]) -> list[_Look]:
        """Of those with news. Who is left out for want of time or room has the oldest mark, and is the first later."""
        names = self._due(record, now)
        known = self._records.read(of_labourer(name, RECORD) for name in names)
        marks = {name: known[of_labourer(name, RECORD)] for name in names}
        waiting = deque(sorted(names, key=lambda name: (marks[name].value.get(NOTICE, {}).get("floor", 0), name)))
        found: list[_Look] = []
        room = MAX_TOLD
        while waiting and room > 0 and has_time():
            look = self._try(name := waiting.popleft(), marks[name], now)
            if look and look.has_news:
                found.append(look)
                room -= sum(len(news.tasks) for news in look.news.values())
        if waiting:
            log.warning("deaths.cut", extra={"labourers": list(waiting)})
        return found

    def _due(self, record: Record, now: datetime) -> list[LabourerName]:
        """Those heard of, and whose turn it is; those that are not registered any more are among them."""
        heard = [name for name, until in record.value.get("look", {}).items() if until > to_ms(now)]
        known = record.value.get("known", [])
        turn = (now - EPOCH) // timedelta(minutes=1) % TURNS
        return [LabourerName(name) for name in sorted({*heard, *known[turn::TURNS]})]

    def _try(self, labourer: LabourerName, record: Record, now: datetime) -> _Look | None:
        try:
            return self._look(labourer, record, now)
        except Exception:
            log.exception("deaths.unread", extra={"labourer": labourer})  # whatever it is, it holds up no other
            return None

    def _look(self, labourer: LabourerName, record: Record, now: datetime) -> _Look:
        """The function's mark begins where the notice stood when it was declared. Where both stand alike, as they do
        unless one could not be told, the line is read once for both.
        """
        marks = {NOTICE: Mark.from_json(record.value.get(NOTICE, {}))}
        if self._function(labourer):
            given = record.value.get(CALL)
            marks[CALL] = marks[NOTICE] if given is None else Mark.from_json(given)
        news: dict[str, _News] = {}
        for name, mark in marks.items():
            known = next((each for each in news.values() if each.mark == mark), None)
            news[name] = known or self._news(labourer, mark, now)
        return _Look(labourer=labourer, record=record, news=news)

    def _news(self, labourer: LabourerName, mark: Mark, now: datetime) -> _News:
        looked: list[Place] = []
        for page in DeadLine(self._tasks).pages(labourer, mark.floor, now + WINDOW):
            looked += page
            if len(looked) >= MAX_LOOKED:
                break
        fresh = mark.fresh(looked)
        tasks = tuple(light(task) for task in DeadLine(self._tasks).dead(fresh))
        return _News(mark=mark, looked=tuple(looked), is_whole=len(looked) < MAX_LOOKED, tasks=tasks)

    def _claim(self, record: Record, looks: list[_Look], now: datetime) -> bool:
        """Be the one that tells in this minute; a labourer with news is looked at again in the next ones."""
        told_at = record.value.get("told_at", 0)
        names = [look.labourer for look in looks]
        for _ in range(ROUNDS):
            value = dict(record.value)
            if value.get("told_at", 0) != told_at:
                return False
            look = {name: until for name, until in value.get("look", {}).items() if until > to_ms(now)}
            look |= dict.fromkeys(names, to_ms(now + HINT))
            value |= {"told_at": to_ms(now), "look": look, "known": sorted({*value.get("known", []), *names})}
            try:
                self._records.write(replace(record, value=value))
            except StaleRecord:
                record = self._read()  # a hint came between, or another sweep tells: the next round knows
            else:
                return True
        log.warning("deaths.unclaimed", extra={"labourers": names, "why": "the record is busy"})
        return False

    def _notify(self, looks: list[_Look]) -> bool:
        """Whether people were told, and the counts with it."""
        tasks = [task for look in looks for task in look.news[NOTICE].tasks]
        dead = DeadCount()
        for task in tasks:
            dead.add(task.labourer, error_of(task), task.greenfield)
        if tasks and not self._publish(dead, tasks):
            return False
        for labourer, count in dead.by_labourer().items():
            self._metrics.note({DEAD: count}, Owner.labourer(labourer))
        return True

    def _publish(self, dead: DeadCount, tasks: list[Task]) -> bool:
        """Whether the topic has the message, or there is none."""
        if self._notifier is None:
            return True
        oldest = sorted(tasks, key=lambda task: task.greenfield)
        try:
            self._notifier.publish(
                dead_notice.subject(dead, self._prefix), dead_notice.text(dead, oldest, self._prefix)
            )
        except SoswError as error:
            log.warning("deaths.unsent", extra={"count": dead.total, "why": str(error)})
            for labourer, count in dead.by_labourer().items():
                self._metrics.note({UNTOLD: count}, Owner.labourer(labourer))
            return False
        return True

    def _call(self, look: _Look, has_time: Callable[[], bool]) -> bool:
        """Whether the labourer's function was handed all that it has not had: the tasks are read again, to be whole."""
        function = self._function(look.labourer)
        places = [Place(task.rank or 0, task.id) for task in look.news[CALL].tasks]
        try:
            for event in dead_notice.events(look.labourer, DeadLine(self._tasks).dead(places)):
                if not has_time():
                    return False
                self._invoker.start(str(function), {"prefix": self._prefix, **event})
        except Exception:
            log.exception("deaths.uncalled", extra={"labourer": look.labourer})  # as above
            self._metrics.note({UNTOLD: len(places)}, Owner.labourer(look.labourer))
            return False
        return True

    def _mark(self, record: Record) -> None:
        try:
            self._records.write(record)
        except SoswError as error:
            log.warning("deaths.unmarked", extra={"owner": record.key.owner, "why": str(error)})  # told once more

    def _function(self, labourer: LabourerName) -> str | None:
        known = self._settings.labourers.get(labourer)
        return known.on_dead if known else None

    def _read(self) -> Record:
        key = of_everything(RECORD)
        return self._records.read([key])[key]
