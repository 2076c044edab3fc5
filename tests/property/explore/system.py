"""A small system, all that can happen in it next, and what must hold wherever it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sosw.domain.errors import InvokeRefused, InvokeUncertain, SoswError
from sosw.domain.report import COMPLETE
from sosw.domain.slots import SlotRow, resized
from sosw.domain.task import TaskState
from sosw.ports import Outcome as BatchOutcome
from sosw.scavenger import Scavenger
from sosw.testing import FakeClock
from tests.property.explore.ground import Ground, Numbers, Outcome, is_read, number_of
from tests.property.explore.outside import Outside
from tests.property.explore.parts import TURN, a_task, in_any_order, is_wake, look_at_call, look_at_move
from tests.property.explore.tale import Begin, Book, Clock, Interned, Node
from tests.property.world import roles, witness
from tests.property.world.effects import Effects, LostError
from tests.property.world.stepping import Call

CONSTANT = frozenset({"limit", "left", "remind"})
"""Calls that nobody influences and that influence nobody here: they happen at once."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much of everything may happen in a system: so its states are finitely many."""

    tasks: int = 2
    limit: int = 1
    orchestrators: int = 2
    """Invocations, two at a time."""
    sweeps: int = 1
    crashes: int = 0
    deceptions: int = 0
    """Calls that are lost, refused, repeated, or take effect late."""
    minutes: int = 1
    """How often a lease's time passes."""
    answers: tuple[str, ...] = (COMPLETE,)
    """What attempts may say, each whenever it likes and as often as it likes."""
    is_discarding: bool = False
    """Whether an operator may order any task to be discarded, whatever it is by then."""
    is_lagging: bool = False
    """Whether the index and cheap reads may show the tasks as they were at first."""
    is_woken: bool = False
    """Whether Orchestrators are woken, and begin with the rows; the minute rule's begin with the line."""


class State(NamedTuple):
    """Everything that decides what can happen from here on."""

    minute: int
    tasks: Numbers
    rows: Numbers
    invoked: tuple[tuple[int, int], ...]
    """Tasks and attempts whose Worker was invoked: each may answer at any time, and again."""
    actors: Numbers
    """Nodes of those at work, in order: who they are does not matter."""
    late: Numbers
    """Calls that were given up, but are under way."""
    left: tuple[int, ...]
    """Orchestrators, sweeps, crashes and deceptions that are still to come."""


class Step(NamedTuple):
    """Something that can happen: in words for people, as parts."""

    words: tuple[Any, ...]
    state: State


AT_ONCE = 2
BEGIN, CRASHES, DECEPTIONS = {"orchestrator": 0, "scavenger": 1}, 2, 3


class System:
    """Makes states of states."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds, self.clock = bounds, FakeClock()
        self.book, self.ground, self.calls = Book(), Ground(bounds.limit), Interned()
        self._begin: dict[str, Begin] = {"orchestrator": self._orchestrator, "scavenger": self._scavenger}
        self.outside = Outside(self.ground, self.now, answers=bounds.answers, is_discarding=bounds.is_discarding)
        self.first = self._first()

    def _first(self) -> State:
        bounds, now = self.bounds, self.clock.now()
        tasks = tuple(self.ground.keep(a_task(n, now)) for n in range(bounds.tasks))
        sized = resized([], roles.LABOURER, bounds.limit, version=1)
        rows = tuple(self.ground.keep(_written(row)) for row in sized)
        left = (bounds.orchestrators, bounds.sweeps, bounds.crashes, bounds.deceptions)
        return State(0, tasks, rows, (), (), (), left)

    def _orchestrator(self, clock: Clock) -> roles.Role:
        event: dict[str, Any] = {"wake": {roles.LABOURER: {}}} if self.bounds.is_woken else {}
        return roles.orchestrator(event, clock, lingers=False, in_parallel=in_any_order)

    @staticmethod
    def _scavenger(clock: Clock) -> roles.Role:
        return roles.scavenger(Scavenger.sweep, clock)

    def now(self, minute: int) -> datetime:
        """A lease passes with every minute of these."""
        return self.clock.now() + minute * roles.LEASE

    # --- what can happen ---

    def steps(self, state: State) -> Iterator[Step]:
        """All that can happen next. An invocation that is about to be sent is sent, or fails, before anything else:
        who invokes first and who later makes no difference to anybody. Nor does the moment of a choice.
        """
        for actor in state.actors:
            call = self.book.nodes[actor].call
            if call and call.name in {"start", TURN}:
                yield from self._of_actor(state, actor)
                return
        for actor in dict.fromkeys(state.actors):
            yield from self._of_actor(state, actor)
        for kind, number in BEGIN.items():
            at_work = sum(self.book.nodes[actor].kind == kind for actor in state.actors)
            if state.left[number] and at_work < AT_ONCE:
                yield self._begins(state, kind)
        for call_number in dict.fromkeys(state.late):
            yield self._arrives(state, call_number)
        yield from map(Step._make, self.outside.steps(state))
        if state.minute < self.bounds.minutes:
            yield Step(("a lease's time passes",), state._replace(minute=state.minute + 1))

    def begun(self, state: State, kind: str) -> State:
        """With an invocation more at work."""
        return self._with(state, self.book.begin(kind, self._begin[kind], self.now(state.minute)))

    def _begins(self, state: State, kind: str) -> Step:
        spent = state._replace(left=_less(state.left, BEGIN[kind]))
        return Step((kind, "begins"), self.begun(spent, kind))

    def going_on(self, state: State, actor: int) -> Iterator[Step]:
        """Its call is made, and answered."""
        node = self.book.nodes[actor]
        call = node.call
        assert call is not None
        look_at_call(call, state.invoked)
        if call.name == TURN:
            yield from self._turns(state, actor, *call.args)
            return
        others = state._replace(actors=_without(state.actors, actor))
        for tasks in self._views(state, call):
            outcome = self.ground.perform(node.asked, call, tasks, state.rows)
            if call.name == "apply" and outcome.tasks != tasks:
                look_at_move(call.args[0], self.ground.things.things, tasks, self.now(state.minute))
            words = (node.kind, call.name, node.asked, "" if tasks is state.tasks else "as it was at first")
            yield Step(words, self._heard(actor, self._after(others, outcome, tasks), outcome.answer))

    def _turns(self, state: State, actor: int, count: int) -> Iterator[Step]:
        """Whoever goes on."""
        others, kind = state._replace(actors=_without(state.actors, actor)), self.book.nodes[actor].kind
        for number in range(count):
            yield Step((kind, TURN, number), self._heard(actor, others, self.ground._answer(number)))

    def _of_actor(self, state: State, actor: int) -> Iterator[Step]:
        yield from self.going_on(state, actor)
        node = self.book.nodes[actor]
        call = node.call
        assert call is not None
        if call.name == TURN:
            return
        others = state._replace(actors=_without(state.actors, actor))
        if state.left[CRASHES]:
            yield Step((node.kind, "dies before", call.name), others._replace(left=_less(state.left, CRASHES)))
        if state.left[DECEPTIONS] and not is_read(call):
            spent = others._replace(left=_less(state.left, DECEPTIONS))
            yield from self._deceptions(spent, actor, node, call)

    def _views(self, state: State, call: Call) -> list[Numbers]:
        """The tasks as a read may show them."""
        is_behind = self.bounds.is_lagging and call.name in {"places", "get_lagging"}
        return [state.tasks, self.first.tasks] if is_behind and state.tasks != self.first.tasks else [state.tasks]

    def _after(self, state: State, outcome: Outcome, seen: Numbers) -> State:
        for attempt in outcome.started:
            assert attempt not in state.invoked, f"2: attempt {attempt} is invoked twice"
        invoked = tuple(sorted((*state.invoked, *outcome.started))) if outcome.started else state.invoked
        tasks = outcome.tasks if seen is state.tasks else state.tasks
        return state._replace(tasks=tasks, rows=outcome.rows, invoked=invoked)

    def _heard(self, actor: int, after: State, answer: int) -> State:
        """The actor goes on, or has come to its end."""
        value = self.ground.answers.things[answer]
        return self._with(after, self.book.after(actor, (answer, after.minute), (value, self.now(after.minute))))

    def _with(self, state: State, node: int) -> State:
        """With an actor at that node, behind all calls of its that are of no interest to anybody else."""
        at = self.book.nodes[node]
        while at.call and (at.call.name in CONSTANT or is_wake(at.call)):
            outcome = self.ground.perform(at.asked, at.call, state.tasks, state.rows)
            value = self.ground.answers.things[outcome.answer]
            node = self.book.after(node, (outcome.answer, state.minute), (value, self.now(state.minute)))
            at = self.book.nodes[node]
        return state._replace(actors=tuple(sorted((*state.actors, node)))) if at.call else state

    def _deceptions(self, spent: State, actor: int, node: Node, call: Call) -> Iterator[Step]:
        """The caller is told nothing but that something went wrong; or its repetition met its own work."""
        outcome = self.ground.perform(node.asked, call, spent.tasks, spent.rows)
        after = self._after(spent, outcome, spent.tasks)
        unclear, refused = self._told(call)
        words = (node.kind, call.name, node.asked)
        yield Step((*words, "its reply is lost"), self._heard(actor, after, unclear))
        yield Step((*words, "is refused"), self._heard(actor, spent, refused))
        if call.name != "start":
            again = self.ground.perform(node.asked, call, after.tasks, after.rows)
            yield Step((*words, "its repetition is answered"), self._heard(actor, after, again.answer))
            number = self.calls.number(node.asked, (node.asked, call))
            late = spent._replace(late=tuple(sorted((*spent.late, number))))
            yield Step((*words, "takes effect later"), self._heard(actor, late, unclear))

    def _told(self, call: Call) -> tuple[int, int]:
        """What a caller hears that gets no answer, and one that is refused."""
        unclear: SoswError | BatchOutcome = LostError()
        refused: SoswError | BatchOutcome = unclear
        if call.name == "apply_one":
            unclear = refused = BatchOutcome.UNCERTAIN
        elif call.name == "start":
            unclear, refused = InvokeUncertain("f", "no answer"), InvokeRefused("f", "throttled", is_passing=True)
        return self.ground._answer(unclear), self.ground._answer(refused)

    def _arrives(self, state: State, number: int) -> Step:
        asked, call = self.calls.things[number]
        outcome = self.ground.perform(asked, call, state.tasks, state.rows)
        after = self._after(state._replace(late=_without(state.late, number)), outcome, state.tasks)
        return Step(("late", call.name, asked), after)

    # --- what holds ---

    def look(self, state: State) -> None:
        """At one state; what holds of every write was looked at when it was made."""
        things = self.ground.things.things
        tasks = {task.id: task for task in (things[n] for n in state.tasks)}
        rows = {row.number: row for row in (things[n] for n in state.rows) if row}
        running = witness.running(tasks)
        assert len(running) <= self.bounds.limit, f"4: {len(running)} run, the limit is {self.bounds.limit}"
        witness.look_at_slots(rows, tasks)

    def running(self, state: State) -> list[tuple[int, int]]:
        """Numbers and attempts of the tasks that run."""
        tasks = [self.ground.things.things[n] for n in state.tasks]
        return [(number_of(task.id), task.attempt) for task in tasks if task.state is TaskState.RUNNING]

    def is_at_rest(self, state: State) -> bool:
        return all(self.ground.things.things[n].state.is_closed for n in state.tasks)


def _written(row: SlotRow) -> SlotRow:
    stores = Effects(lambda _call, _before: None)
    return stores.slots.write(row)


def _less(left: tuple[int, ...], number: int) -> tuple[int, ...]:
    return (*left[:number], left[number] - 1, *left[number + 1 :])


def _without(numbers: Numbers, one: int) -> Numbers:
    at = numbers.index(one)
    return (*numbers[:at], *numbers[at + 1 :])
