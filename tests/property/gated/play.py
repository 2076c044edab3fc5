"""What happens at the gates, told by a die; and what must hold after every write."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.resources import Rate
from sosw.domain.retry import RetryPolicy
from sosw.domain.settings import Labourer
from sosw.domain.task import Failure, JobId, Task, TaskId, TaskState, task_id
from sosw.scavenger import Scavenger
from sosw.testing import FakeClock
from tests.property.gated.cast import Effects, Ledger, dispatcher
from tests.property.world import roles
from tests.property.world.effects import READS, Fault, LostError
from tests.property.world.ports import SkewedClock
from tests.property.world.stepping import Call, Crash, Run
from tests.property.world.telling import listening, small

JOB, TASKS, KEYS = JobId("a"), 6, ("x", "x", "y", None)
RATES = (None, Rate(per_second=0.05, burst=2))
RATES_PER_KEY = (None, Rate(per_second=0.02, burst=1))
SKEWS = (0, 0, -40, 40)
FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
LOOKS = READS | {"read_record"}
LEAPS = [timedelta(seconds=s) for s in (31, 0.5, 7, 91)]
ENOUGH_MINUTES = 60
POLICY = RetryPolicy(base=timedelta(seconds=1), cap=timedelta(seconds=2), max_attempts=9)


class Play:
    """Up to three dispatches and a sweep at once."""

    def __init__(self, die: Random) -> None:
        self.die, self.clock, self.ledger = die, FakeClock(), Ledger()
        self.effects = Effects(self._witness)
        self.is_skewed = die.random() < 0.3
        self.labourer = Labourer(
            name=roles.LABOURER,
            arn="",
            max_simultaneous_invocations=die.randint(2, 4),
            duration=roles.TIME_OUT,
            cooldown=roles.LEASE - roles.TIME_OUT,
            rate=die.choice(RATES),
            rate_per_key=die.choice(RATES_PER_KEY),
            max_per_key=die.choice((1, 1, 2, None)),
        )
        self.runs: list[Run] = []
        self.late: list[Call] = []
        self.effects.tasks.create([self._a_task(number) for number in range(TASKS)])

    def _a_task(self, number: int) -> Task:
        now = self.clock.now()
        return lifecycle.queued(
            Task(
                id=task_id(JOB, number), job_id=JOB, labourer=roles.LABOURER, payload={}, key=self.die.choice(KEYS),
                created_at=now, greenfield=now,
            )
        )  # fmt: skip

    # --- what can happen ---

    def dispatch(self) -> None:
        tasks = self.effects.tasks.tasks
        over = {t.id: t.version for t in tasks.values() if t.state is not TaskState.RUNNING}
        ended = over if self.die.random() < 0.5 else {}
        skew = timedelta(seconds=self.die.choice(SKEWS) * self.is_skewed)
        clock = SkewedClock(self.clock, skew)
        self._enter(Run(dispatcher(self.labourer, clock, self.clock, ended, self.ledger)))

    def sweep(self) -> None:
        self._enter(Run(roles.scavenger(Scavenger.sweep, self.clock)))

    def meet(self) -> None:
        """Two have read before either writes."""
        self.dispatch()
        self.dispatch()
        for run in self.runs[-2:]:
            self._to_a_write(run)

    def go_on(self) -> None:
        run = self.die.choice(self.runs)
        self.step(run, lag=self.die.choice((0, 0, 1, 3)))
        if self.die.random() < 0.7:
            self._to_a_write(run)

    def go_wrong(self) -> None:
        self.step(self.die.choice(self.runs), self.die.choice(FAULTS))

    def finish(self, run: Run | None = None) -> None:
        run = run or self.die.choice(self.runs)
        while not run.is_over:
            self.step(run)

    def arrive(self) -> None:
        self.effects.arrive(self.late.pop(self.die.randrange(len(self.late))))

    def end_an_attempt(self) -> None:
        task, now = self.die.choice(self._running()), self.clock.now()
        failure = Failure(attempt=task.attempt, at=now, error="E")
        day = timedelta(days=1)
        move = self.die.choice((
            lifecycle.complete(task.id, attempt=task.attempt, now=now, retention=day),
            lifecycle.fail(task, failure, policy=POLICY, retention=day, jitter=0),
        ))  # fmt: skip
        self.effects.perform(Call("apply", (move,)), 0)

    def pass_time(self) -> None:
        self.clock.advance(self.die.choice(LEAPS))

    def act(self) -> None:
        actions = [(self.pass_time, 1.5)]
        if len(self.runs) < 3:
            actions += [(self.dispatch, 5), (self.sweep, 1)]
        if len(self.runs) < 2:
            actions += [(self.meet, 4)]
        if self.runs:
            actions += [(self.go_on, 14), (self.go_wrong, 4), (self.finish, 5)]
        if self.late:
            actions += [(self.arrive, 3)]
        if self._running():
            actions += [(self.end_an_attempt, 4)]
        (chosen,) = self.die.choices([a for a, _ in actions], [weight for _, weight in actions])
        chosen()

    def come_to_rest(self) -> None:
        """With no more faults, nothing waits for ever."""
        self.end()
        for _ in range(ENOUGH_MINUTES):
            if all(task.state.is_closed for task in self.effects.tasks.tasks.values()):
                return
            self.clock.advance(roles.LEASE)
            for begin in (self.sweep, self.dispatch):
                begin()
                for run in list(self.runs):
                    self.finish(run)
            while self._running():
                self.end_an_attempt()
        raise AssertionError(f"1: not at rest: {self.effects.tasks.tasks}")

    def end(self) -> None:
        for run in self.runs:
            while not run.is_over:
                run.fail(Crash())
        self.runs, self.late = [], []

    # --- how it happens ---

    def step(self, run: Run, fault: Fault = Fault.NONE, lag: int = 0) -> None:
        if fault is Fault.LATE and run.call and run.call.name not in LOOKS:
            self.late.append(run.call)
        self.effects.carry_out(run, fault, lag)
        if run.is_over:
            self.runs.remove(run)
            self._look_at_rates()
            if run.error is not None and not isinstance(run.error, (Crash, LostError)):
                raise run.error

    def _enter(self, run: Run) -> None:
        if not run.is_over:
            self.runs.append(run)

    def _to_a_write(self, run: Run) -> None:
        while run.call and run.call.name in LOOKS:
            self.step(run)

    def _running(self) -> list[Task]:
        return [t for t in self.effects.tasks.tasks.values() if t.state is TaskState.RUNNING]

    # --- what must hold ---

    def _witness(self, _call: Call, _before: dict[TaskId, Task]) -> None:
        most = self.labourer.max_per_key
        for key in {task.key for task in self._running()} - {None}:
            count = sum(task.key == key for task in self._running())
            assert most is None or count <= most, f"key: {count} of {key} run, {most} may"

    def _look_at_rates(self) -> None:
        if not self.is_skewed:
            _look_at_rate(self.labourer.rate, self.ledger.spans())
            for key in set(KEYS) - {None}:
                _look_at_rate(self.labourer.rate_per_key, self.ledger.spans(key))


def _look_at_rate(rate: Rate | None, spans: list[Any]) -> None:
    """In no span of time were more tokens taken than the bucket gives."""
    if rate is None:
        return
    for begin in {since for since, _ in spans}:
        for end in {until for _, until in spans}:
            count = sum(begin <= since and until <= end for since, until in spans)
            most = rate.burst + rate.per_second * max(0, (end - begin).total_seconds())
            assert count <= most, f"rate: {count} started, {most} may"


def tell(seed: int, length: int = 80) -> None:
    """The story of `length` actions that the die `seed` throws; raises when a rule breaks."""
    with listening(), small(1 + seed % 2):
        play = Play(Random(seed))
        try:
            for _ in range(length):
                play.act()
            play.come_to_rest()
        finally:
            play.end()
