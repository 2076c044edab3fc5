"""The four Essentials as they are deployed, over tables that a story is given: one thing happens after the other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from sosw import essential
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.messages import change
from sosw.domain.task import JobId, Task, TaskId, task_id
from sosw.domain.verdicts import NonRetryable, RetryAfter
from sosw.health_sources import HealthSources, SignalSource
from sosw.large import ValueUnreachable
from sosw.settings import Names
from sosw.signal_desk import SignalDesk
from sosw.testing import FakeClock
from tests.property.crash import workers
from tests.property.crash.events import Context, Event
from tests.property.crash.looks import look_at_changes, shops_of
from tests.property.crash.outside import ON_DEAD, Death, Outside, death
from tests.property.crash.taps import Point, Tap, Wire
from tests.property.crash.workers import How
from tests.property.world import roles, witness
from tests.property.world.effects import LostError
from tests.property.world.stepping import Crash

NAMES = Names()
RETRIES = {NAMES.scheduler: 2, NAMES.worker_assistant: 2, NAMES.scavenger: 2}
"""Lambda's own, of asynchronous events and of batches of the stream."""
VERDICTS = (NonRetryable, RetryAfter)
LATE = "a call that was given up"
ENOUGH_MINUTES = 25
HANDLERS: dict[str, Callable[[], Any]] = {
    NAMES.scheduler: essential.scheduler_handler,
    NAMES.orchestrator: essential.orchestrator_handler,
    NAMES.worker_assistant: essential.worker_assistant_handler,
    NAMES.scavenger: essential.scavenger_handler,
}
_TAPPED = ("tasks", "slots", "jobs", "records", "config", "watches", "bucket", "sources", "invoker", "reminder")
GIVEN = frozenset({"clock", "health", "desk", *_TAPPED})
"""Parts of the Essentials' Worlds that a town brings itself."""
MADE_OF_THEM = frozenset({"gates", "known_limits", "vault"})
"""Parts that a World makes of those."""
UNUSED = frozenset({"clients", "cloudwatch", "database", "quick_records"})


def unknown() -> set[str]:
    """Parts of the Worlds that a town does not know: they would reach for AWS, or be left out."""
    worlds = {kind for each in HANDLERS.values() for kind in type(each()._world).__mro__}
    parts = {name for kind in worlds for name, part in vars(kind).items() if isinstance(part, cached_property)}
    return parts - GIVEN - MADE_OF_THEM - UNUSED


class Town:
    """One story's. `stores` has `tasks`, `slots`, `jobs`, `records` and `config`."""

    def __init__(self, stores: Any, how: How, point: Point | None, *, reached: Any) -> None:
        """`reached` are the stores that the roles see; `stores` are those that are looked at."""
        self.stores, self.how, self.clock = stores, how, FakeClock()
        self.wire = Wire(point, self.minute)
        self.outside = Outside()
        self.sources = self.outside.sources
        self.inbox: deque[Event] = deque()
        self.reminders: list[tuple[Any, Any]] = []
        self.questions: dict[str, int] = {}
        self.limit = 99
        self.is_silent = False
        """Whether the stream of the tasks table delivers nothing, and no wake of the Scavenger arrives."""
        self._begun: Counter[tuple[str, int]] = Counter()
        self.deaths: Counter[Death] = Counter()
        """Of all times."""
        self.hands_over = False
        """Whether the labourer names a function for its dead."""
        self._containers: dict[str, list[Any]] = {}
        self.seen: dict[TaskId, Task] = {}
        self._numbers = 0
        self.parts = self._tapped(reached)

    def _tapped(self, reached: Any) -> dict[str, Tap]:
        """All that goes over the wire."""
        stores = {name: getattr(reached, name) for name in ("tasks", "slots", "jobs", "records", "config", "watches")}
        outside = {"bucket": self.outside.bucket, "notifier": self.outside, "sources": self.sources}
        real: dict[str, Any] = {**stores, **outside, "invoker": self, "reminder": self}
        return {name: Tap(self.wire, name, part) for name, part in real.items()}

    # --- what the Essentials reach ---

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """As an `Invoker`."""
        if function == ON_DEAD:
            self.outside.hand(event)
            return
        if "task_id" in event and function not in HANDLERS:
            attempt = (event["task_id"], event["sosw"]["attempt"])
            self._begun[attempt] += 1
            assert self._begun[attempt] == 1, f"2: attempt {attempt} is invoked twice"
        if not (self.is_silent and "wake" in event):
            self.send(function, dict(event))

    def remind(self, wakes: Any) -> None:
        """As a `Reminder`."""
        self.reminders += list(wakes)

    def send(self, function: str, body: Any) -> None:
        """An event is under way."""
        self._numbers += 1
        self.inbox.append(Event(function, body, f"r{self._numbers}"))

    # --- what happens ---

    def run(self) -> None:
        """Until nothing is under way."""
        while self.inbox:
            self._handle(self.inbox.popleft())

    def minute(self, after: timedelta = roles.LEASE) -> None:
        """A lease's time passes, or another one, and the minute rules fire."""
        self.clock.advance(after)
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
        raise AssertionError(f"1: not at rest: {witness.facts(self.seen)}, jobs {jobs}")

    def _look_at_slots(self) -> None:
        """Nothing holds a slot for ever."""
        self.minute()
        held = [task for row in self.stores.slots.rows(roles.LABOURER) for task in row.names]
        assert not held, f"4: slots are held by what is over: {held}"

    def is_at_rest(self) -> bool:
        open_jobs = any(job.state.is_open for job in self._jobs())
        return not open_jobs and all(task.state.is_closed for task in self.seen.values())

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
        self._look(workers.answered(event.body) if event.function == NAMES.worker_assistant else None)

    def _fail(self, event: Event, error: BaseException) -> None:
        """Lambda tries some again."""
        is_meant = bool(self.wire.wrong) and not isinstance(error, InvalidInput)
        assert is_meant or isinstance(error, (Crash, LostError, *VERDICTS)), (
            f"5: {event.function} failed by itself: {error!r}"
        )
        if event.tries < RETRIES.get(event.function, 0):
            self.inbox.append(replace(event, tries=event.tries + 1))

    def _invoke(self, event: Event) -> Any:
        warm = self._containers.setdefault(event.function, [])
        handler = warm.pop() if warm else self._container(event.function)
        try:
            answer = handler(event.body, Context(event.request_id, self.questions.pop(event.function, 1_000_000)))
        except SoswError:
            warm.append(handler)
            raise
        warm.append(handler)
        return answer

    def _container(self, function: str) -> Any:
        handler = HANDLERS[function]()
        environment = type(handler._world)(NAMES)
        own = {name: part for name, part in self.parts.items() if name in GIVEN}
        records = self.parts["records"]
        own |= {"clock": self.clock, "desk": SignalDesk(records=records, clock=self.clock)}  # type: ignore[dict-item]
        own |= {"health": HealthSources({"signals": SignalSource(records)})}  # type: ignore[dict-item]
        vars(environment).update(own)
        handler._world = environment
        return handler

    def _work(self, event: Event) -> None:
        """The user's Lambda."""
        how = self.how(int(event.body["task_id"].split("#")[1]), event.body["sosw"]["attempt"])
        workers.work(event.body, how, self.clock, self)

    def report(self, event: dict[str, Any]) -> None:
        """A Worker tells the WorkerAssistant."""
        self.parts["invoker"].start(NAMES.worker_assistant, event)

    def ask(self, event: Mapping[str, Any]) -> Any:
        """A Worker does, and awaits the answer."""
        role = self.wire.role
        try:
            return self._invoke(Event(NAMES.worker_assistant, dict(event), "asked"))
        except Crash:
            raise ValueUnreachable("the WorkerAssistant died") from None
        finally:
            self.wire.role = role

    # --- what holds ---

    def _look(self, answered: int | None = None) -> None:
        """After each invocation: the invariants, and what the stream tells of what has changed.

        `answered`: the attempt that an answer was of, and that alone it may have moved.
        """
        tasks = self._read()
        moved = [old for i, old in self.seen.items() if answered is not None and tasks.get(i) != old]
        assert all(old.attempt == answered for old in moved), f"3: an answer of attempt {answered} moves another one"
        changes = [change(self.seen.get(i), task) for i, task in tasks.items() if self.seen.get(i) != task]
        look_at_changes(self.seen, tasks, self._begun)
        dead = [task for task in tasks.values() if task.state.value == "dead"]
        self.deaths.update(death(task) for task in dead if _died(self.seen.get(task.id), task))
        self.seen = tasks
        rows = {row.number: row for row in self.stores.slots.rows(roles.LABOURER)}
        running = witness.running(tasks)
        assert len(running) <= self.limit, f"4: {len(running)} run, the limit is {self.limit}"
        witness.look_at_slots(rows, tasks)
        told = [told for told in changes if told.state.value != "running"]
        if told and not self.is_silent:
            self.send(NAMES.scavenger, {"Records": told})

    def forget(self, task: Task) -> None:
        """TTL takes it out of the table."""
        self.stores.forget(task)
        del self.seen[task.id]

    def look_at_end(self) -> None:
        """When all is at rest. A task that is not done may have a partial result."""
        for job in self._jobs():
            made = [task for task in self.seen.values() if task.job_id == job.id]
            assert job.total is None or len(made) == job.total, f"6: job {job.id} of {job.total} has {len(made)} tasks"
        for task in self.seen.values():
            shops = shops_of(task.payload)
            expected = [{"did": shops}] if task.state.value == "done" else [None, {"part": shops}]
            assert task.result in expected, f"8: {task.id} is {task.state.value} with result {task.result}"

    def _read(self) -> dict[TaskId, Task]:
        """All tasks of all jobs there are."""
        ids = [task_id(JobId(key), number) for key, count in witness.JOBS.items() for number in range(count + 1)]
        found: dict[TaskId, Task] = self.stores.tasks.get_many(ids)
        return {task: replace(each, **self.outside.whole(each)) for task, each in sorted(found.items())}

    def _jobs(self) -> list[Any]:
        return [job for job in (self.stores.jobs.get(JobId(key)) for key in witness.JOBS) if job]


def _died(old: Task | None, new: Task) -> bool:
    return old is None or old.state is not new.state or old.greenfield != new.greenfield
