"""One labourer's trouble holds up no other, an idle one costs next to nothing, and gates are told what came of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sosw.domain.errors import InvokeRefused, InvokeUncertain
from sosw.domain.task import LabourerName, Task, TaskState
from sosw.limits import StaticLimits
from sosw.ports import Outcome
from sosw.testing import InMemoryTaskStore, RecordingInvoker
from sosw.world import in_parallel
from tests.factories import NOW, World, a_task, seconds


@pytest.mark.parametrize("error", [InvokeRefused("f", "throttled", is_passing=True), InvokeUncertain("f", "no answer")])
def test_a_function_that_is_throttled_or_hangs_is_not_tried_again_in_that_wave(error: Exception) -> None:
    world = World(limit=9)

    def hang(_function: str, _event: Mapping[str, Any]) -> None:
        world.clock.advance(seconds=10)
        raise error

    world.invoker = RecordingInvoker(hang)
    world.queue(9)
    world.orchestrator()({})
    is_refused = isinstance(error, InvokeRefused)
    assert world.clock.now() == NOW + seconds(10)
    assert world.states().count(TaskState.QUEUED) == 9 if is_refused else 8
    assert all(task.tries <= 1 - is_refused for task in world.tasks.tasks.values())


def test_a_function_that_fails_fast_without_a_clear_answer_is_tried_on() -> None:
    world = World(limit=9)

    def fail(_function: str, event: Mapping[str, Any]) -> None:
        if event["task_id"] == "job#0":
            raise InvokeUncertain("f", "internal error")

    world.invoker = RecordingInvoker(fail)
    world.queue(9)
    assert world.orchestrator()({}) == {"started": {"sales": 9}}


def test_what_cannot_be_given_back_now_keeps_its_slot_until_its_lease_ends() -> None:
    class Unclear(InMemoryTaskStore):
        def apply_all(self, transitions: Any) -> list[Outcome]:
            if transitions and transitions[0].move == "give_back":
                return [Outcome.UNCERTAIN for _ in transitions]
            return super().apply_all(transitions)

    world = World(limit=2)
    world.tasks = Unclear()
    world.invoker = RecordingInvoker(_refuse)
    world.queue(2)
    assert world.orchestrator()({}) == {"started": {}}
    assert world.names() == {0: ["job#0", "job#1"]}
    assert world.states() == [TaskState.RUNNING] * 2


def _refuse(function: str, _event: Mapping[str, Any]) -> None:
    raise InvokeRefused(function, "there is no such function", is_passing=False)


def test_functions_that_hang_hold_up_their_own_labourers_alone() -> None:
    """Each of six hangs until all others were started: one after the other, they would hang for ever."""
    names = [f"bad{n}" for n in range(6)] + ["good0", "good1", "good2"]
    world = World(labourers={name: {"max_simultaneous_invocations": 2} for name in names})
    world.tasks.create([a_task(n, labourer=LabourerName(name)) for n, name in enumerate(names * 2)])
    are_good_started, started, were_in_time = threading.Event(), [], []

    def start(function: str, event: Mapping[str, Any]) -> None:
        if function.startswith("bad"):
            were_in_time.append(are_good_started.wait(5))
            raise InvokeUncertain(function, "no answer")
        started.append(event["task_id"])
        if len(started) == 6:
            are_good_started.set()

    world.invoker = RecordingInvoker(start)
    counts = world.orchestrator(in_parallel=in_parallel)({})["started"]
    assert were_in_time == [True] * 12
    assert counts == dict.fromkeys(names, 2)


def test_who_is_woken_for_what_was_done_already_looks_once_and_writes_nothing() -> None:
    world = World(limit=1)
    world.queue(3)
    world.orchestrator()({})

    calls: list[str] = []
    parts = {name: Counting(getattr(world, name), calls) for name in ("tasks", "slots")}
    limits = Counting(StaticLimits(), calls)
    assert world.orchestrator(limits=limits, **parts)({"wake": {"sales": {"job#9": 3}}}) == {"started": {}}
    assert calls == ["limits", "rows", "places"]


def test_who_is_woken_after_the_limit_has_risen_starts_more() -> None:
    world = World(limit=1)
    world.queue(3)
    world.orchestrator()({})
    world.config = World(limit=3).config
    assert world.orchestrator()({"wake": {"sales": {}}}) == {"started": {"sales": 2}}


class Counting:
    """A port whose calls are counted."""

    def __init__(self, port: Any, calls: list[str]) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        self._calls.append(name)
        return getattr(self._port, name)


def test_an_idle_labourer_costs_two_calls_a_minute_over_all_roles() -> None:
    world = World()
    world.queue(1)
    world.orchestrator()({})
    world.report("complete")
    world.orchestrator()({"wake": {"sales": {"job#0": 3}}})
    world.clock.advance(seconds=600)
    calls: list[str] = []
    parts = {name: Counting(getattr(world, name), calls) for name in ("tasks", "slots", "invoker")}
    world.orchestrator(**parts)({})
    world.scavenger(**parts).sweep()
    assert calls == ["places", "rows"]


class Narrow:
    """`Gates` that let one task in at a time, and remember what they were told in the end."""

    next_at = None

    def __init__(self) -> None:
        self.closed: list[set[str]] = []

    def entry(self, labourer: Any, ended: Any) -> Narrow:
        del labourer, ended
        return self

    def admit(self, candidates: Sequence[Task], limit: int) -> list[Task]:
        assert limit
        return list(candidates[:1])

    def close(self, started: Any) -> None:
        self.closed.append(set(started))


def test_what_the_gates_do_not_let_in_waits() -> None:
    world, gates = World(limit=9), Narrow()
    world.queue(9)
    assert world.orchestrator(gates=gates)({}) == {"started": {"sales": 1}}
    assert gates.closed == [{"job#0"}]


def test_the_gates_hear_that_what_was_refused_was_not_started() -> None:
    world, gates = World(limit=9), Narrow()
    world.invoker = RecordingInvoker(_refuse)
    world.queue(9)
    world.orchestrator(gates=gates)({})
    assert gates.closed == [set()]


def test_the_gates_hear_that_what_was_named_may_have_been_started_when_that_is_not_known() -> None:
    class Broken(InMemoryTaskStore):
        def apply_all(self, *_: Any) -> list[Outcome]:
            raise ConnectionError

    world, gates = World(limit=9), Narrow()
    world.tasks = Broken()
    world.queue(9)
    assert world.orchestrator(gates=gates)({}) == {"started": {}}
    assert gates.closed == [{"job#0"}]
