"""One job whose totals are told late, twice or not at all, while sweeps overlap, die and meet a busy table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.errors import SoswError
from sosw.domain.job import Totals
from sosw.domain.messages import Change
from sosw.domain.recount import QUIET, Recount
from sosw.domain.retry import RetryPolicy
from sosw.domain.task import Failure, TaskState, task_id
from sosw.storage import ObjectsFailed
from tests.factories import DAY, JOB, one_by_one
from tests.unit.archiving import archived
from tests.unit.recounted import MINUTE
from tests.unit.recounted_by_archive import Archived
from tests.unit.test_tallies import tally

TROUBLES = (0.0, 0.02, 0.1, 0.3)
"""How many calls of a sweep meet trouble, from story to story."""
SECOND = timedelta(seconds=1)
OVERLAPS = 2


class Died(BaseException):
    """The invocation has ended amid its work."""


class Troubled:
    """A store: before or after a call something may happen."""

    def __init__(self, store: Any, story: Story) -> None:
        self._store, self._story = store, story

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found
        return lambda *args, **more: self._story.call(name, lambda: found(*args, **more))


class Story:
    """By a seed; `wrong` is what is not as it should be when all has been quiet for long enough."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._tasks = self._random.randint(1, 9)
        self._trouble, self._sweeps, self._told = self._random.choice(TROUBLES), 0, 0
        self._late: list[tuple[list[Change], str]] = []
        self.world = Archived(self._tasks)
        names = ("jobs", "watches", "tasks", "objects", "records")
        self._stores = {name: Troubled(getattr(self.world, name), self) for name in names}

    def play(self) -> dict[str, tuple[Any, Any]]:
        """All of it."""
        pace = self._random.choice((1, 3, 30, 200))
        for _ in range(self._random.choice((20, 60, 150))):
            self._random.choice((self._act, self._tell, lambda: self._sweep(after=self._random.randint(0, pace))))()
        self._trouble = 0
        for number in range(self._tasks):
            while self._state(number) is TaskState.QUEUED:
                self._end(number)
        for _ in range(20):
            self._tell()
        for step, times in ((5 * MINUTE, 100), (6 * 60 * MINUTE, 80), (MINUTE, 10)):
            for _ in range(times):
                self._sweep(after=step // MINUTE)
        return self._wrong()

    def call(self, name: str, call: Callable[[], Any]) -> Any:
        """Of a store, by a sweep."""
        if self._random.random() >= self._trouble:
            return call()
        refused = ObjectsFailed("bucket", name, "busy") if name == "put" else SoswError("busy", name)
        match self._random.choice(("refused", "dies", "dies after", "lost reply", "sweep", "batch", "act")):
            case "refused":
                raise refused
            case "dies":
                raise Died
            case "dies after":
                call()
                raise Died
            case "lost reply":
                call()
                raise refused
            case "sweep" if self._sweeps < OVERLAPS:
                self._sweep()
            case "batch":
                self._tell()
            case "act":
                self._act()
        return call()

    def _sweep(self, after: int = 0) -> None:
        """It may run out of time anywhere."""
        self.world.clock.advance(after * MINUTE)
        looks = iter([True] * (self._random.choice((1, 2, 5, 1000)) if self._trouble else 1000))
        stores = {name: self._stores[name] for name in ("jobs", "tasks")}
        archivist = self.world.archivist(**stores)
        archivist.watches, archivist.objects = self._stores["watches"], self._stores["objects"]
        scavenger = self.world.scavenger(**stores, records=self._stores["records"], archivist=archivist)
        archivist.recounting._tallies = scavenger.tallies
        self._sweeps += 1
        try:
            scavenger.sweep(remaining=lambda: 900 * SECOND if next(looks, False) else SECOND)
        except Died:
            pass
        finally:
            self._sweeps -= 1

    def _tell(self) -> None:
        """A batch of the stream, which may come late, or never."""
        changes = self.world.tasks.changes[self._told :]
        if self._late and self._random.random() < 0.4:
            batch, token = self._late.pop(self._random.randrange(len(self._late)))
        elif changes:
            batch, token = changes[: self._random.randint(1, len(changes))], f"batch {self._told}"
            self._told += len(batch)
            if self._random.random() < 0.5:
                self._late += [(batch, token)] * self._random.randint(0, 1)
                return
        else:
            return
        self.world.scavenger(in_parallel=one_by_one).pass_on(batch, token=token)

    def _act(self) -> None:
        """A task ends, or an operator has a dead one tried anew; who orders that may die before it is done."""
        number, world = self._random.randrange(self._tasks), self.world
        if self._state(number) is TaskState.QUEUED:
            self._end(number)
        elif self._state(number) is TaskState.DEAD:
            world.jobs.count_again(JOB, world.clock.now() + QUIET)
            if self._random.random() < 0.8:
                world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(JOB, number)], now=world.clock.now()))

    def _state(self, number: int) -> TaskState:
        return self.world.tasks.tasks[task_id(JOB, number)].state

    def _end(self, number: int) -> None:
        """One attempt: it succeeds, or fails, for good or not."""
        now, tasks = self.world.clock.now(), self.world.tasks
        task = tasks.apply(lifecycle.claim(tasks.tasks[task_id(JOB, number)], row=0, now=now, lease=DAY))
        most = self._random.choice((1, 500, None, None))
        if most is None:
            tasks.apply(lifecycle.complete(task.id, attempt=task.attempt, now=now, retention=DAY))
        else:
            failure, policy = Failure(attempt=task.attempt, at=now, error="E"), RetryPolicy(max_attempts=most)
            tasks.apply(lifecycle.fail(task, failure, policy=policy, retention=DAY, jitter=0))

    def _wrong(self) -> dict[str, tuple[Any, Any]]:
        """What is, and what should be."""
        world, tasks = self.world, self.world.tasks.tasks.values()
        right, told = Recount(job_id=JOB, at=None).with_closed(tasks).found, tally(world)
        heard = Totals(**{name: getattr(told, name) for name in Totals.__dataclass_fields__})
        lines = {f"{task.id} {task.state.value}" for task in tasks}
        pairs = {
            "totals": (world.totals(), right),
            "tally": (heard, right),
            "check": ((world.recount.at, world.recount.owed), (None, Totals())),
            "archive": (lines & set(archived(world)), lines),
            "is watched": (world.watched.due is not None, bool(right.dead)),
        }
        return {what: (found, wanted) for what, (found, wanted) in pairs.items() if found != wanted}
