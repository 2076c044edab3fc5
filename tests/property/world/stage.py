"""The stage on which the roles play: who is at work, what is under way between them, and what goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sosw.domain.errors import StaleTask
from sosw.domain.lifecycle import Transition
from sosw.domain.report import Report
from sosw.domain.slots import SlotRow
from sosw.domain.task import JobId, Slot, Task, TaskId
from sosw.domain.verdicts import NonRetryable, RetryAfter, Snooze
from sosw.ports import Clock, Limit
from sosw.scavenger import Scavenger
from sosw.testing import FakeClock
from tests.property.world import roles, witness
from tests.property.world.effects import READS, Effects, Fault, LostError
from tests.property.world.ports import SkewedClock
from tests.property.world.stepping import Call, Crash, Run

NO_SKEW = timedelta()
RAISED: dict[str, Exception] = {
    "raise": ValueError("no"),
    "snooze": Snooze(15),
    "retry after": RetryAfter(25),
    "give up": NonRetryable("never"),
}
"""By what the user's code does, what it raises."""


@dataclass(eq=False)
class Actor:
    """A role at work."""

    kind: str
    run: Run
    event: Any = None
    deadline: datetime | None = None
    """Of a Worker: when Lambda ends it."""
    clock: Clock | None = None
    """That of its machine."""


class Stage:
    """Everything that happens is a call of one of its methods: the same calls make the same story."""

    def __init__(self, limit: int) -> None:
        self.clock, self.effects = FakeClock(), Effects(self._witness)
        self.change_limit(limit)
        self.actors: list[Actor] = []
        self.workers: list[Actor] = []
        self.events: list[dict[str, Any]] = []
        """Invocations of Workers that wait in Lambda's own queue."""
        self.delivered: list[dict[str, Any]] = []
        """Those that have begun."""
        self.wakes: list[dict[str, Any]] = []
        self.mail: list[dict[str, Any]] = []
        """Reports on their way to the WorkerAssistant."""
        self.orders: list[dict[str, Any]] = []
        """Of Schedulers, to go on with a job."""
        self.late: list[tuple[Actor, Call]] = []
        """Calls that were given up, but are still under way."""
        self._inboxes = {roles.NAMES.orchestrator: self.wakes, roles.NAMES.scheduler: self.orders}
        self._begun: set[tuple[TaskId, int]] = set()
        self._rows: dict[int, SlotRow] = {}
        self._named: dict[tuple[TaskId, Slot], int] = {}
        """Every name that was ever written, in that order, and the limit by which its row was sized."""
        self._acting: Actor | None = None
        self.drift: Callable[[], timedelta] = lambda: NO_SKEW
        """By how much the clock of the next machine is wrong."""
        self.is_drifting = False
        """Whether clocks may be wrong by more than a lease bears: then an attempt may be taken for over early."""
        self.copied: set[tuple[TaskId, int]] = set()
        """Attempts whose event Lambda has delivered again: two Workers may be at work on one."""
        self.gone: Counter[JobId] = Counter()
        """Tasks that have left the table, by job."""

    @property
    def tasks(self) -> dict[TaskId, Task]:
        """As they are now."""
        return self.effects.tasks.tasks

    @property
    def limit(self) -> int:
        """What a labourer's record says now; the limit in force is that by which its rows were sized."""
        return self.effects.limits[-1].value

    def change_limit(self, value: int) -> None:
        """From now on it may be read; whoever has read another one works on by that."""
        limits = self.effects.limits
        limits.append(Limit(value, version=len(limits) + 1))

    # --- roles begin ---

    def submit(self, key: str, batches: int = roles.ALL) -> Actor:
        """A job is delivered, perhaps again."""
        shops = list(range(witness.JOBS[key]))
        job = {"lambda_name": roles.LABOURER, "isolate_shops": True, "shops": shops, "period": "yesterday"}
        return self.order({"job": job, "idempotency_key": key}, batches)

    def order(self, event: dict[str, Any], batches: int = roles.ALL) -> Actor:
        """A Scheduler begins, whose time is over after so many `batches`."""
        clock = self._a_clock()
        return self._enter("scheduler", roles.scheduler(event, clock, batches), clock)

    def orchestrate(self, event: dict[str, Any], skew: timedelta = NO_SKEW) -> Actor:
        """An Orchestrator begins, on a machine whose clock is ahead by `skew`."""
        clock = self._a_clock(skew)
        return self._enter("orchestrator", roles.orchestrator(event, clock), clock)

    def scavenge(self, work: Callable[[Scavenger], Any]) -> Actor:
        """A Scavenger begins."""
        clock = self._a_clock()
        return self._enter("scavenger", roles.scavenger(work, clock), clock)

    def deliver(self, report: dict[str, Any]) -> Actor:
        """A report reaches the WorkerAssistant."""
        clock = self._a_clock()
        return self._enter("assistant", roles.assistant(report, clock), clock, event=report)

    def _a_clock(self, skew: timedelta = NO_SKEW) -> Clock:
        return SkewedClock(self.clock, skew + self.drift())

    def _enter(self, kind: str, role: roles.Role, clock: Clock, event: Any = None) -> Actor:
        actor = Actor(kind, Run(role), event, clock=clock)
        self.actors.append(actor)
        self._leave_if_over(actor)
        return actor

    def begin_work(self, event: dict[str, Any]) -> None:
        """Lambda hands an event to a Worker: it works until `end_work`, or refuses."""
        run = Run(roles.worker(event, self._a_clock()))
        worker = Actor("worker", run, event=event, deadline=self.clock.now() + roles.TIME_OUT)
        self.workers.append(worker)
        self.delivered.append(event)
        self._post(worker, copies=1)
        self.look()

    # --- roles go on ---

    def step(self, actor: Actor, fault: Fault = Fault.NONE, lag: int = 0) -> None:
        """The call that `actor` waits for happens, or not; it goes on to its next one, or to its end."""
        self._acting = actor
        if actor.run.call and actor.run.call.name == "wait":
            self.pass_time(*actor.run.call.args)
        if fault is Fault.LATE and actor.run.call and actor.run.call.name not in READS:
            self.late.append((actor, actor.run.call))
        self.effects.carry_out(actor.run, fault, lag)
        self._collect()
        self._leave_if_over(actor)
        self.look()

    def arrive(self, number: int) -> None:
        """A call takes effect after all."""
        self._acting, call = self.late.pop(number)
        self.effects.arrive(call)
        self._collect()
        self.look()

    def finish(self, actor: Actor) -> None:
        """Nothing goes wrong until its end."""
        while actor in self.actors:
            self.step(actor)

    def end_work(self, worker: Actor, how: str, copies: int) -> None:
        """The user's code says that it lives, returns or raises; `copies` of its report reach the mail."""
        if how in RAISED:
            worker.run.fail(RAISED[how])
        else:
            worker.run.answer(how)
        self._post(worker, copies)
        self.look()

    def _post(self, worker: Actor, copies: int) -> None:
        while worker.run.call and worker.run.call.name == "send":
            report: Report = worker.run.call.args[0]
            self.mail += [report.to_event()] * copies
            worker.run.answer(None)
        if worker.run.is_over:
            self.workers.remove(worker)

    def _leave_if_over(self, actor: Actor) -> None:
        if actor.run.is_over:
            self.actors.remove(actor)
            error = actor.run.error
            if error is not None and not isinstance(error, (Crash, LostError)):
                raise error

    def _collect(self) -> None:
        """What was invoked is under way now, each attempt for the first and only time."""
        for function, event in self.effects.started:
            if function in self._inboxes:
                self._inboxes[function].append(event)
                continue
            attempt = (event["task_id"], event["sosw"]["attempt"])
            assert attempt not in self._begun, f"2: attempt {attempt} is invoked twice"
            self._begun.add(attempt)
            self.events.append(event)
        self.effects.started.clear()

    # --- the world goes on ---

    def pass_time(self, by: timedelta) -> None:
        """Time passes; Lambda ends those that were at work for too long."""
        self.clock.advance(by)
        for worker in [w for w in self.workers if w.deadline and w.deadline <= self.clock.now()]:
            worker.run.fail(Crash())
            self.workers.remove(worker)

    def operate(self, transition: Transition) -> None:
        """An operator moves a task by hand."""
        self._acting = None
        try:
            self.effects.perform(Call("apply", (transition,)), 0)
        except StaleTask:
            return
        self.look()

    def forget(self, task: TaskId) -> None:
        """TTL takes a task out of the table."""
        self.gone[self.tasks[task].job_id] += 1
        del self.tasks[task]

    def end(self) -> None:
        """Everyone at work dies, and what is under way is lost."""
        for actor in [*self.actors, *self.workers]:
            if not actor.run.is_over:
                actor.run.fail(Crash())
        under_way: list[list[Any]] = [self.actors, self.workers, self.events, self.mail, self.late]
        for lost in (*under_way, *self._inboxes.values()):
            lost.clear()

    # --- what holds ---

    def look(self) -> None:
        """The invariants that are not of one write."""
        at_work = [(TaskId(w.event["task_id"]), w.event["sosw"]["attempt"]) for w in self.workers]
        watched = [attempt for attempt in at_work if not self.is_drifting and attempt not in self.copied]
        witness.look_at_workers(watched, self.tasks)
        witness.look_at_slots(self._rows, self.tasks)
        witness.look_at_jobs(self.effects.jobs, self.tasks, self.gone)

    def _witness(self, call: Call, before: dict[TaskId, Task]) -> None:
        if call.name == "write":
            (row,) = call.args
            self._look_at_row(row)
        witness.look_at_tasks(before, self.tasks, call)
        if call.name in {"apply", "apply_one"} and self._acting:
            transition: Transition = call.args[0]
            old = before.get(transition.task_id)
            if old:  # else it has left the table, and nothing was moved
                self._look_at_mover(self._acting, transition.move, old)

    def _look_at_row(self, row: SlotRow) -> None:
        old, self._rows[row.number] = self._rows.get(row.number), row
        by_version = {limit.version: limit.value for limit in self.effects.limits}
        for task in witness.look_at_row(old, row):
            slot, limit = Slot(row=row.number, version=row.names[task].version), by_version.get(row.sized, 0)
            self._named.pop((task, slot), None)
            self._named[task, slot] = limit
            witness.look_at_limit(self._rows, self.tasks, limit)

    def _look_at_mover(self, actor: Actor, move: str, old: Task) -> None:
        if actor.kind == "assistant":
            answered = actor.event["attempt"]
            assert answered == old.attempt, f"3: an answer of attempt {answered} moves attempt {old.attempt}"
        if move == "expire":
            assert actor.clock is not None
            assert old.greenfield <= actor.clock.now(), "2: an attempt is expired within its lease"
        if move == "claim":
            witness.look_at_count(self.tasks, self._named)
