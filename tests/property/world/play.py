"""What can happen next, as actions of a play: who plays it, hypothesis or a die, picks one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.messages import Change, Wake, cancel_event
from sosw.domain.task import TaskState
from sosw.scavenger import Scavenger
from tests.property.world import roles, witness
from tests.property.world.effects import READS, Fault
from tests.property.world.stage import Actor, Stage

Pick = Callable[[int], int]
"""`pick(n)` is a number in [0, n)."""

AT_ONCE = {"orchestrator": 2, "scavenger": 2, "scheduler": 2, "assistant": 2}
LEAPS = [timedelta(seconds=s) for s in (31, 2, 91)]
SKEWS = [timedelta(seconds=s) for s in (0, 0, -40, 40)]
FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
LIMITS = (1, 2, 3, 4, 2, 3, 0)
BATCHES = (roles.ALL, 1, 2)
ENOUGH_MINUTES = 40
HOW = ("raise", "return", "heartbeat", "raise", "return", "snooze", "heartbeat", "retry after", "partial", "give up")


@dataclass(frozen=True)
class Action:
    """`can` says whether it makes sense now; `weight` how often a die should choose it."""

    name: str
    weight: float
    can: Callable[[Play], object]
    act: Callable[[Play, Pick], None]


ACTIONS: dict[str, Action] = {}


def action(weight: float, can: Callable[[Play], object]) -> Callable[[Callable[[Play, Pick], None]], Action]:
    def register(act: Callable[[Play, Pick], None]) -> Action:
        ACTIONS[act.__name__] = Action(act.__name__, weight, can, act)
        return ACTIONS[act.__name__]

    return register


class Play:
    """One story on its stage."""

    def __init__(self, pick: Pick) -> None:
        self.stage = Stage(limit=1 + pick(3))
        jobs = sorted(witness.JOBS)
        self.stage.finish(self.stage.submit(jobs[pick(len(jobs))]))

    def has_room_for(self, kind: str, count: int = 1) -> bool:
        return sum(actor.kind == kind for actor in self.stage.actors) + count <= AT_ONCE[kind]

    def an_actor(self, pick: Pick) -> Actor:
        return self.stage.actors[pick(len(self.stage.actors))]

    def waiting_for(self, name: str) -> list[Actor]:
        """The Orchestrators that are about to make that call."""
        acting = [actor for actor in self.stage.actors if actor.kind == "orchestrator"]
        return [actor for actor in acting if actor.run.call and actor.run.call.name == name]

    def go_on_to_a_write(self, actor: Actor, lag: int) -> None:
        while actor.run.call and actor.run.call.name in READS:
            self.stage.step(actor, lag=lag)

    def come_to_rest(self) -> None:
        """With no more faults, the sweep and the minute rule alone bring everything to its end."""
        stage = self.stage
        stage.end()
        stage.change_limit(max(1, stage.limit))
        for _ in range(ENOUGH_MINUTES):
            if witness.is_at_rest(stage.effects.jobs, stage.tasks):
                return
            self._a_good_minute()
        witness.look_at_rest(stage.effects.jobs, stage.tasks)

    def _a_good_minute(self) -> None:
        stage = self.stage
        stage.pass_time(roles.LEASE)
        stage.finish(stage.scavenge(Scavenger.sweep))
        while stage.orders:
            stage.finish(stage.order(stage.orders.pop()))
        stage.finish(stage.orchestrate({}))
        while stage.events:
            stage.begin_work(stage.events.pop())
        for worker in list(stage.workers):
            stage.end_work(worker, "return", copies=1)
        while stage.mail:
            stage.finish(stage.deliver(stage.mail.pop()))


def taken(messages: list[Any], pick: Pick) -> Any:
    """The newest, or any; one in four is kept, and will come again."""
    at = len(messages) - 1 - pick(len(messages)) * pick(2)
    return messages[at] if pick(4) == 3 else messages.pop(at)


@action(0.7, lambda play: play.has_room_for("scheduler"))
def a_job_is_delivered(play: Play, pick: Pick) -> None:
    jobs = sorted(witness.JOBS)
    play.stage.submit(jobs[pick(len(jobs))], BATCHES[pick(len(BATCHES))])


@action(3, lambda play: play.stage.orders and play.has_room_for("scheduler"))
def an_order_arrives(play: Play, pick: Pick) -> None:
    play.stage.order(taken(play.stage.orders, pick), BATCHES[pick(len(BATCHES))])


@action(0.2, lambda play: play.stage.effects.jobs.jobs and play.has_room_for("scheduler"))
def a_job_is_cancelled(play: Play, pick: Pick) -> None:
    jobs = list(play.stage.effects.jobs.jobs)
    play.stage.order(cancel_event(jobs[pick(len(jobs))], by="", why=""), BATCHES[pick(len(BATCHES))])


@action(5, lambda play: play.has_room_for("orchestrator"))
def the_minute_rule_fires(play: Play, pick: Pick) -> None:
    play.stage.orchestrate({}, SKEWS[pick(len(SKEWS))])


@action(6, lambda play: play.stage.wakes and play.has_room_for("orchestrator"))
def a_wake_arrives(play: Play, pick: Pick) -> None:
    play.stage.orchestrate(taken(play.stage.wakes, pick), SKEWS[pick(len(SKEWS))])


@action(4, lambda play: play.has_room_for("scavenger"))
def a_sweep_begins(play: Play, pick: Pick) -> None:
    """Half of them when leases end: it has seen that, and not acted yet."""
    play.stage.pass_time(roles.LEASE * (pick(3) // 2))
    play.go_on_to_a_write(play.stage.scavenge(Scavenger.sweep), lag=0)


@action(3, lambda play: play.has_room_for("scavenger"))
def the_stream_delivers(play: Play, pick: Pick) -> None:
    """Any changes, late, again, or never."""
    changes = play.stage.effects.tasks.changes
    at = len(changes) - 1 - pick(len(changes))
    batch: list[Change] = changes[at : at + 1 + pick(4)]
    play.stage.scavenge(lambda scavenger: scavenger.pass_on(batch, token=f"{at}+{len(batch)}"))


@action(4, lambda play: play.has_room_for("orchestrator", 2))
def two_orchestrators_meet(play: Play, pick: Pick) -> None:
    """One knows what has ended, the other does not, nor does it know the latest limit; both have read before either
    writes.
    """
    over = {task.id: task.version for task in play.stage.tasks.values() if task.state is not TaskState.RUNNING}
    both = []
    for event in ({}, Wake(ended={roles.LABOURER: over}).to_event()):
        actor = play.stage.orchestrate(event)
        play.go_on_to_a_write(actor, lag=0)
        both.append(actor)
        if pick(3) == 2:
            the_limit_changes.act(play, pick)
    for actor in both:
        if not actor.run.is_over:
            play.stage.step(actor)
            play.go_on_to_a_write(actor, lag=0)


@action(14, lambda play: play.stage.actors)
def a_role_goes_on_to_its_next_write(play: Play, pick: Pick) -> None:
    actor, lag = play.an_actor(pick), max(0, pick(8) - 3)
    play.stage.step(actor, lag=lag)
    play.go_on_to_a_write(actor, lag)


@action(4, lambda play: play.stage.actors)
def a_role_makes_one_call(play: Play, pick: Pick) -> None:
    play.stage.step(play.an_actor(pick), lag=pick(6))


@action(6, lambda play: play.stage.actors)
def a_call_goes_wrong(play: Play, pick: Pick) -> None:
    play.stage.step(play.an_actor(pick), FAULTS[pick(len(FAULTS))], lag=pick(6))


@action(3, lambda play: play.waiting_for("start"))
def an_invocation_is_refused(play: Play, pick: Pick) -> None:
    """One in three after so long that the lease has ended and the retry runs."""
    waiting = play.waiting_for("start")
    actor = waiting[pick(len(waiting))]
    if pick(3) == 2:
        leases_end_and_retries_begin.act(play, pick)
    play.stage.step(actor, Fault.FAILED)


@action(2, lambda play: play.waiting_for("apply_one"))
def a_claim_hangs(play: Play, pick: Pick) -> None:
    waiting = play.waiting_for("apply_one")
    play.stage.step(waiting[pick(len(waiting))], Fault.LATE)


@action(4, lambda play: play.stage.late)
def a_late_call_takes_effect(play: Play, pick: Pick) -> None:
    play.stage.arrive(pick(len(play.stage.late)))


@action(8, lambda play: play.stage.actors)
def a_role_comes_to_its_end(play: Play, pick: Pick) -> None:
    play.stage.finish(play.an_actor(pick))


@action(14, lambda play: play.stage.events)
def a_worker_begins(play: Play, pick: Pick) -> None:
    play.stage.begin_work(play.stage.events.pop(pick(len(play.stage.events))))


@action(14, lambda play: play.stage.workers)
def a_worker_reports(play: Play, pick: Pick) -> None:
    worker = play.stage.workers[pick(len(play.stage.workers))]
    how = HOW[pick(len(HOW))]
    play.stage.end_work(worker, how, copies=(1, 2, 0, 1)[pick(4)])


@action(6, lambda play: play.stage.mail and play.has_room_for("assistant"))
def a_report_arrives(play: Play, pick: Pick) -> None:
    actor = play.stage.deliver(taken(play.stage.mail, pick))
    if pick(2):
        play.stage.finish(actor)


@action(2, lambda _play: True)
def time_passes(play: Play, pick: Pick) -> None:
    play.stage.pass_time(LEAPS[pick(len(LEAPS))])


@action(1, lambda _play: True)
def leases_end_and_retries_begin(play: Play, _pick: Pick) -> None:
    """While others sleep, a whole minute passes as it should."""
    play.stage.pass_time(roles.LEASE)
    play.stage.finish(play.stage.scavenge(Scavenger.sweep))
    play.stage.finish(play.stage.orchestrate({}))


@action(1, lambda _play: True)
def the_limit_changes(play: Play, pick: Pick) -> None:
    play.stage.change_limit(LIMITS[pick(len(LIMITS))])


@action(0.4, lambda play: play.stage.tasks)
def an_operator_cancels(play: Play, pick: Pick) -> None:
    task, now = list(play.stage.tasks)[pick(len(play.stage.tasks))], play.stage.clock.now()
    play.stage.operate(lifecycle.cancel(task, now=now, retention=timedelta(days=1)))


@action(3, lambda play: any(task.state is TaskState.DEAD for task in play.stage.tasks.values()))
def an_operator_replays(play: Play, pick: Pick) -> None:
    dead = [task for task in play.stage.tasks.values() if task.state is TaskState.DEAD]
    play.stage.operate(lifecycle.replay(dead[pick(len(dead))], now=play.stage.clock.now()))


@action(0.4, lambda play: play.stage.tasks)
def an_operator_discards(play: Play, pick: Pick) -> None:
    """Whatever it may be by now: only the dead can be."""
    task = list(play.stage.tasks.values())[pick(len(play.stage.tasks))]
    now = play.stage.clock.now()
    play.stage.operate(lifecycle.discard(task, now=now, retention=timedelta(days=1)))
