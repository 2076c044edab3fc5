"""The four Essentials as they are deployed, over tables that a story is given: one thing happens after the other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from sosw import essential, world
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.messages import change
from sosw.domain.report import Report
from sosw.domain.task import JobId, Task, TaskId, task_id
from sosw.domain.verdicts import Snooze
from sosw.health_sources import HealthSources, SignalSource
from sosw.settings import Names
from sosw.signal_desk import SignalDesk
from sosw.testing import FakeClock, InMemoryObjects, InMemorySources, InMemoryWatchStore
from sosw.worker import LeaseTooShort, Worker
from tests.property.crash.events import Context, Event
from tests.property.crash.looks import look_at_changes, shops_of
from tests.property.crash.taps import Point, Tap, Wire
from tests.property.world import roles, witness
from tests.property.world.effects import LostError
from tests.property.world.stepping import Crash

NAMES = Names()
RETRIES = {NAMES.scheduler: 2, NAMES.worker_assistant: 2, NAMES.scavenger: 2}
"""Lambda's own, of asynchronous events and of batches of the stream."""
LATE = "a call that was given up"
ENOUGH_MINUTES = 25
HANDLERS: dict[str, Callable[[], Any]] = {
    NAMES.scheduler: essential.scheduler_handler,
    NAMES.orchestrator: essential.orchestrator_handler,
    NAMES.worker_assistant: essential.worker_assistant_handler,
    NAMES.scavenger: essential.scavenger_handler,
}
GIVEN = frozenset(
    {
        *("clock", "tasks", "slots", "jobs", "records", "config", "invoker", "reminder", "health", "desk"),
        *("bucket", "watches"),
    }
)
"""Parts of `sosw.world.World` that a town brings itself."""
MADE_OF_THEM = frozenset({"gates", "known_limits", "vault"})
"""Parts that the World makes of those."""
UNUSED = frozenset({"database"})

How = Callable[[int, int], str]
"""What the user's code does with a task's number and attempt: `return`, `raise`, `snooze`, `heartbeat`, `vanish`."""


def unknown() -> set[str]:
    """Parts of the World that a town does not know: they would reach for AWS, or be left out."""
    parts = {name for name, part in vars(world.World).items() if isinstance(part, cached_property)}
    return parts - GIVEN - MADE_OF_THEM - UNUSED


class Town:
    """One story's. `stores` has `tasks`, `slots`, `jobs`, `records` and `config`."""

    def __init__(self, stores: Any, how: How, point: Point | None, *, reached: Any) -> None:
        """`reached` are the stores that the roles see; `stores` are those that are looked at."""
        self.stores, self.how, self.clock = stores, how, FakeClock()
        self.wire = Wire(point, self.minute)
        self.sources = InMemorySources()
        self.inbox: deque[Event] = deque()
        self.reminders: list[tuple[Any, Any]] = []
        self.notices: list[tuple[str, str]] = []
        self.questions: dict[str, int] = {}
        self.limit = 99
        self.is_silent = False
        """Whether the stream of the tasks table delivers nothing, and no wake of the Scavenger arrives."""
        self._begun: Counter[tuple[str, int]] = Counter()
        self._containers: dict[str, list[Any]] = {}
        self._seen: dict[TaskId, Task] = {}
        self._numbers = 0
        self._parts = {
            name: Tap(self.wire, name, real)
            for name, real in {
                "tasks": reached.tasks, "slots": reached.slots, "jobs": reached.jobs, "records": reached.records,
                "config": reached.config, "invoker": self, "reminder": self, "sources": self.sources,
                "notifier": self, "bucket": InMemoryObjects(), "watches": InMemoryWatchStore(),
            }.items()
        }  # fmt: skip

    # --- what the Essentials reach ---

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """As an `Invoker`."""
        if "task_id" in event and function not in HANDLERS:
            attempt = (event["task_id"], event["sosw"]["attempt"])
            self._begun[attempt] += 1
            assert self._begun[attempt] == 1, f"2: attempt {attempt} is invoked twice"
        if not (self.is_silent and "wake" in event):
            self.send(function, dict(event))

    def remind(self, wakes: Any) -> None:
        """As a `Reminder`."""
        self.reminders += list(wakes)

    def publish(self, subject: str, text: str) -> None:
        """As a `Notifier`."""
        self.notices.append((subject, text))

    def send(self, function: str, body: Any) -> None:
        """An event is under way."""
        self._numbers += 1
        self.inbox.append(Event(function, body, f"r{self._numbers}"))

    # --- what happens ---

    def run(self) -> None:
        """Until nothing is under way."""
        while self.inbox:
            self._handle(self.inbox.popleft())

    def minute(self) -> None:
        """A lease's time passes, and the minute rules fire."""
        self.clock.advance(roles.LEASE)
        late, self.wire.late = self.wire.late, []
        due = [(at, wake) for at, wake in self.reminders if at <= self.clock.now()]
        self.reminders = [reminder for reminder in self.reminders if reminder not in due]
        for _, wake in due:
            self.send(NAMES.orchestrator, wake.to_event())
        self.send(NAMES.scavenger, {})
        self.send(NAMES.orchestrator, {})
        for effect in late:
            self.send(LATE, effect)  # the sweep was faster, and so was the next attempt
        self.run()

    def come_to_rest(self) -> None:
        """By its own means."""
        for _ in range(ENOUGH_MINUTES):
            if self.is_at_rest():
                self._look_at_slots()
                return
            self.minute()
        jobs = {job.id: job.state.value for job in self._jobs()}
        raise AssertionError(f"1: not at rest: {witness.facts(self._seen)}, jobs {jobs}")

    def _look_at_slots(self) -> None:
        """Nothing holds a slot for ever."""
        self.minute()
        held = [task for row in self.stores.slots.rows(roles.LABOURER) for task in row.names]
        assert not held, f"4: slots are held by what is over: {held}"

    def is_at_rest(self) -> bool:
        open_jobs = any(job.state.is_open for job in self._jobs())
        return not open_jobs and all(task.state.is_closed for task in self._seen.values())

    def operate(self, what: Callable[[Mapping[str, Any]], Any]) -> None:
        """An operator does something by hand, and does it again when it fails."""
        for _ in range(3):
            self.wire.role = "operator"
            try:
                what(self._parts)
            except SoswError:
                continue
            except Crash:
                continue
            break
        self._look()
        self.run()

    def _handle(self, event: Event) -> None:
        self.wire.role = event.function.removeprefix("sosw-") if event.function in HANDLERS else "worker"
        try:
            if event.function in HANDLERS:
                self._invoke(event)
            elif event.function == LATE:
                event.body()
            else:
                self._work(event)
        except (Crash, SoswError) as error:
            self._fail(event, error)
        self._look(event.body["attempt"] if event.function == NAMES.worker_assistant else None)

    def _fail(self, event: Event, error: BaseException) -> None:
        """Lambda tries some again."""
        is_meant = self.wire.was_faulty and not isinstance(error, InvalidInput)
        assert is_meant or isinstance(error, (Crash, LostError)), f"5: {event.function} failed by itself: {error!r}"
        if event.tries < RETRIES.get(event.function, 0):
            self.inbox.append(replace(event, tries=event.tries + 1))

    def _invoke(self, event: Event) -> None:
        warm = self._containers.setdefault(event.function, [])
        handler = warm.pop() if warm else self._container(event.function)
        try:
            handler(event.body, Context(event.request_id, self.questions.pop(event.function, 1_000_000)))
        except SoswError:
            warm.append(handler)
            raise
        warm.append(handler)

    def _container(self, function: str) -> Any:
        handler = HANDLERS[function]()
        environment = world.World(NAMES)
        own = {name: part for name, part in self._parts.items() if name in GIVEN}
        records = self._parts["records"]
        own |= {"clock": self.clock, "desk": SignalDesk(records=records, clock=self.clock)}  # type: ignore[dict-item]
        own |= {"health": HealthSources({"signals": SignalSource(records)})}  # type: ignore[dict-item]
        vars(environment).update(own)
        handler._world = environment
        return handler

    def _work(self, event: Event) -> None:
        """The user's Lambda."""
        invoker = self._parts["invoker"]
        how = self.how(int(event.body["task_id"].split("#")[1]), event.body["sosw"]["attempt"])

        class Told(Worker):
            def __call__(self, event: Any) -> Any:
                if how == "vanish":
                    raise Crash
                if how == "raise":
                    raise LostError("no")
                if how == "snooze":
                    raise Snooze(15)
                if how == "heartbeat":
                    self.heartbeat()
                self.signal("db", latency=0.1)
                return {"did": shops_of(event)}

        def send(report: Report) -> None:
            invoker.start(NAMES.worker_assistant, report.to_event())

        with suppress(LeaseTooShort, Snooze):
            Told().run(event.body, remaining=roles.TIME_OUT, clock=self.clock, send=send)

    # --- what holds ---

    def _look(self, answered: int | None = None) -> None:
        """After each invocation: the invariants, and what the stream tells of what has changed.

        `answered`: the attempt that an answer was of, and that alone it may have moved.
        """
        tasks = self._read()
        moved = [old for i, old in self._seen.items() if answered is not None and tasks.get(i) != old]
        assert all(old.attempt == answered for old in moved), f"3: an answer of attempt {answered} moves another one"
        changes = [change(self._seen.get(i), task) for i, task in tasks.items() if self._seen.get(i) != task]
        look_at_changes(self._seen, tasks, self._begun)
        self._seen = tasks
        rows = {row.number: row for row in self.stores.slots.rows(roles.LABOURER)}
        running = witness.running(tasks)
        assert len(running) <= self.limit, f"4: {len(running)} run, the limit is {self.limit}"
        witness.look_at_slots(rows, tasks)
        told = [told for told in changes if told.state.value != "running"]
        if told and not self.is_silent:
            self.send(NAMES.scavenger, {"Records": told})

    def look_at_end(self) -> None:
        """When all is at rest."""
        for job in self._jobs():
            made = [task for task in self._seen.values() if task.job_id == job.id]
            assert job.total is None or len(made) == job.total, f"6: job {job.id} of {job.total} has {len(made)} tasks"
        for task in self._seen.values():
            expected = {"did": shops_of(task.payload)} if task.state.value == "done" else None
            assert task.result == expected, f"8: {task.id} is {task.state.value} with result {task.result}"

    def _read(self) -> dict[TaskId, Task]:
        """All tasks of all jobs there are."""
        ids = [task_id(JobId(key), number) for key, count in witness.JOBS.items() for number in range(count + 1)]
        found: dict[TaskId, Task] = self.stores.tasks.get_many(ids)
        return dict(sorted(found.items()))

    def _jobs(self) -> list[Any]:
        return [job for job in (self.stores.jobs.get(JobId(key)) for key in witness.JOBS) if job]
