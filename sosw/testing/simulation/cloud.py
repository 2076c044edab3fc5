"""The functions of a simulated environment: invoked a little after they were asked for, ended at their time-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from sosw.domain import jsontext
from sosw.domain.errors import InvalidInput, InvokeUncertain, SoswError
from sosw.domain.messages import Change, Wake, change
from sosw.domain.task import Task, TaskState
from sosw.testing.simulation.engine import Life
from sosw.testing.simulation.ports import CallLost, Calls

Role = TypeVar("Role")

RETRY_AFTER = timedelta(minutes=1)
"""Lambda's, for an asynchronous event whose function has failed."""
BATCH = 100
"""Changes that the Scavenger is given at once."""


@dataclass(slots=True)
class Function:
    """What is invoked."""

    run: Callable[[Any, Callable[[], timedelta]], None]
    """With the event, and what tells the time left."""
    timeout: timedelta
    retries: int = 0


@dataclass(slots=True)
class Containers(Generic[Role]):
    """Warm ones are used again; as many are made as there are invocations at once."""

    make: Callable[[], Role]
    warm: list[Role] = field(default_factory=list)

    def use(self, work: Callable[[Role], object]) -> None:
        """One that dies is not used again."""
        role = self.warm.pop() if self.warm else self.make()
        work(role)
        self.warm.append(role)


class Cloud:
    """An `Invoker`, and a `Reminder` of one function."""

    def __init__(self, calls: Calls, woken: str) -> None:
        """`woken` is the function that reminders wake."""
        self._engine, self._calls, self._woken = calls.engine, calls, woken
        self.functions: dict[str, Function] = {}

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """See `Invoker.start`."""
        sent = jsontext.load(jsontext.dump(dict(event)))
        try:
            self._calls.make(lambda: self.deliver(function, sent), self._calls.profile.invoke)
        except CallLost as lost:
            raise InvokeUncertain(function, "no answer") from lost

    def remind(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        """See `Reminder.remind`."""
        try:
            self._calls.make(lambda: self._keep(wakes))
        except CallLost as lost:
            raise InvokeUncertain("the queue of wakes", "no answer") from lost

    def _keep(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        for moment, wake in wakes:
            self._engine.at(moment, partial(self.deliver, self._woken, wake.to_event()))

    def deliver(self, name: str, event: Any) -> None:
        """The function begins in a moment: once, unless messages get lost or come twice here."""
        faults, die = self._calls.faults, self._calls.die
        if die.random() >= faults.is_dropped:
            self._engine.after(self._calls.lasting(self._calls.profile.invoke) / 2, lambda: self.begin(name, event))
        if die.random() < faults.is_repeated:
            self._engine.after(faults.late * die.random(), lambda: self.begin(name, event))

    def begin(self, name: str, event: Any, tried: int = 0) -> None:
        """Now."""
        function, begun, life = self.functions[name], self._engine.clock.now(), Life()

        def remaining() -> timedelta:
            return begun + function.timeout - self._engine.clock.now()

        def work() -> None:
            try:
                function.run(event, remaining)
            except InvalidInput:
                raise
            except SoswError:
                if tried < function.retries:
                    self._engine.after(RETRY_AFTER * (tried + 1), lambda: self.begin(name, event, tried + 1))

        def time_out() -> None:
            life.is_over = True

        self._engine.after(function.timeout, time_out)
        self._engine.spawn(work, life)


class Stream:
    """The changes of tasks, in order for each task: batches to one function, one after the other in each shard."""

    def __init__(self, calls: Calls, run: Callable[[list[Change], str], None]) -> None:
        self._engine, self._calls, self._run = calls.engine, calls, run
        self._shards: list[list[Change]] = [[] for _ in range(calls.profile.shards)]
        self._is_busy = [False] * calls.profile.shards
        self._number = 0

    def note(self, before: Task | None, after: Task) -> None:
        """A write took effect. What begins to run is left out, as the template filters it."""
        if after.state is TaskState.RUNNING:
            return
        shard = sum(map(ord, after.id)) % len(self._shards)
        told = change(before, after)
        self._engine.after(self._calls.lasting(self._calls.profile.stream), lambda: self._arrive(shard, told))

    def _arrive(self, shard: int, told: Change) -> None:
        self._shards[shard].append(told)
        if not self._is_busy[shard]:
            self._is_busy[shard] = True
            self._engine.spawn(lambda: self._read(shard))

    def _read(self, shard: int) -> None:
        while self._shards[shard]:
            batch, self._shards[shard] = self._shards[shard][:BATCH], self._shards[shard][BATCH:]
            self._number += 1
            token, faults, die = str(self._number), self._calls.faults, self._calls.die
            copies = 1 + (die.random() < faults.is_repeated) - (die.random() < faults.is_dropped)
            for _ in range(copies):
                self._engine.spawn(partial(self._pass_on, batch, token))
            self._engine.sleep(self._calls.lasting(self._calls.profile.call))
        self._is_busy[shard] = False

    def _pass_on(self, batch: list[Change], token: str) -> None:
        try:
            self._run(batch, token)
        except SoswError:
            return  # what fails is dropped: the sweep mends
