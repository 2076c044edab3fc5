"""The Orchestrator works in waves: labourers take turns, and nothing is claimed that there is no time to invoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sosw.domain.errors import InvokeRefused, InvokeUncertain, StaleRow
from sosw.domain.rounds import GROUP
from sosw.domain.slots import ROW_SLOTS, SlotRow
from sosw.domain.task import LabourerName, TaskState, task_id
from sosw.limits import StaticLimits
from sosw.naming import NAMING_ROUNDS, WAVE
from sosw.orchestrator import WAVE_TIME
from sosw.settings import Names
from sosw.testing import InMemorySlotStore, RecordingInvoker
from tests.factories import JOB, World, a_task, seconds
from tests.unit.test_long_jobs import shrinking

MANY = 2 * WAVE + 5
ENOUGH = WAVE_TIME.total_seconds()


def busy(*names: str) -> World:
    world = World(labourers={name: {"max_simultaneous_invocations": 1000} for name in names})
    for number, name in enumerate(names):
        numbers = range(number * MANY, (number + 1) * MANY)
        world.tasks.create([a_task(n, labourer=LabourerName(name)) for n in numbers])
    return world


def test_all_that_may_start_is_started_however_many_waves_it_takes() -> None:
    world = busy("a", "b")

    assert world.orchestrator()({}) == {"started": {"a": MANY, "b": MANY}}


def test_labourers_take_turns() -> None:
    world = busy("a", "b")
    world.orchestrator()({})
    turns = [event["sosw"]["labourer"] for _, event in world.invoker.started]

    assert turns[: 2 * WAVE] == ["a"] * WAVE + ["b"] * WAVE


def test_without_the_time_for_a_wave_nothing_is_claimed_that_could_not_be_invoked() -> None:
    world = busy("a", "b")
    started = world.orchestrator()({}, remaining=shrinking(ENOUGH, ENOUGH, ENOUGH - 1))

    assert started == {"started": {"a": WAVE, "b": WAVE}}
    assert world.states().count(TaskState.RUNNING) == len(world.started) == 2 * WAVE


def test_what_there_is_no_time_for_goes_to_a_fresh_invocation_at_once() -> None:
    world = busy("a", "b")
    world.orchestrator()({}, remaining=shrinking(ENOUGH, ENOUGH, ENOUGH - 1))
    assert world.wakes == [{"a": {}, "b": {}}]


def test_what_is_handed_over_takes_along_what_has_ended() -> None:
    world = busy("a", "b")
    world.orchestrator()({"wake": {"a": {}, "b": {"x#0": 3}}}, remaining=shrinking(ENOUGH, ENOUGH - 1))
    assert world.wakes == [{"b": {"x#0": 3}, "a": {}}]


def test_an_invocation_that_started_nothing_hands_nothing_over() -> None:
    world = busy("a")
    assert world.orchestrator()({}, remaining=shrinking(ENOUGH - 1)) == {"started": {}}
    assert world.wakes == []


def test_a_hand_over_that_is_refused_is_left_to_the_minute_rule(caplog: pytest.LogCaptureFixture) -> None:
    world = busy("a", "b")
    world.invoker = RecordingInvoker(_refusing_itself)
    started = world.orchestrator()({}, remaining=shrinking(ENOUGH, ENOUGH - 1))
    assert started == {"started": {"a": WAVE}}
    assert [r.message for r in caplog.records] == ["dispatch.cut", "hand_over.failed"]


def _refusing_itself(function: str, _event: Mapping[str, Any]) -> None:
    if function == Names().orchestrator:
        raise InvokeUncertain(function, "no answer")


def many(count: int) -> World:
    world = World(labourers={f"l{n}": {"max_simultaneous_invocations": 1} for n in range(count)})
    world.tasks.create([a_task(n, labourer=LabourerName(f"l{n}")) for n in range(count)])
    return world


def test_many_labourers_are_shared_out_to_invocations_that_do_not_wait_for_each_other() -> None:
    world = many(2 * GROUP + 1)
    first = world.orchestrator()({})["started"]
    rounds = [event for function, event in world.invoker.started if function == Names().orchestrator]
    others = [world.orchestrator()(event)["started"] for event in rounds]
    assert len(rounds) == 2
    assert len(first) + sum(map(len, others)) == 2 * GROUP + 1
    assert len({**first, **others[0], **others[1]}) == 2 * GROUP + 1


def test_a_round_that_could_not_be_started_is_done_by_who_wanted_to() -> None:
    world = many(GROUP + 1)
    world.invoker = RecordingInvoker(_refusing_itself)
    assert len(world.orchestrator()({})["started"]) == GROUP + 1


def test_a_round_starts_what_is_due_of_its_labourers_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    world = many(3)
    assert world.orchestrator()({"sosw": {"round": ["l2", "gone"]}}) == {"started": {"l2": 1}}
    assert [r.message for r in caplog.records] == ["labourer.unknown"]


class Ticking(StaticLimits):
    def __init__(self, error: Exception | None = None) -> None:
        self.ticks, self.error = 0, error

    def tick(self) -> None:
        self.ticks += 1
        if self.error:
            raise self.error


def test_the_minute_rule_ticks_first_and_neither_a_wake_nor_a_round_does() -> None:
    world, limits = many(1), Ticking()
    orchestrator = world.orchestrator(limits=limits)
    orchestrator({"wake": {"l0": {}}})
    orchestrator({"sosw": {"round": ["l0"]}})
    assert limits.ticks == 0
    orchestrator({})
    assert limits.ticks == 1


def test_a_tick_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    world = many(1)
    orchestrator = world.orchestrator(limits=Ticking(ConnectionError()))
    assert orchestrator({}) == {"started": {"l0": 1}}
    assert orchestrator.get_stats() == {"started": 1, "ticks_failed": 1}
    assert [r.message for r in caplog.records] == ["tick.failed"]


def test_without_a_labourer_the_minute_rule_has_nothing_to_do() -> None:
    world = World()
    world.config = {}
    assert world.orchestrator()({}) == {"started": {}}


def test_a_function_that_refuses_everything_is_not_woken_by_its_own_refusals() -> None:
    def refuse(function: str, event: Mapping[str, Any]) -> None:
        if "sosw" in event:
            raise InvokeRefused(function, "there is no such function", is_passing=False)

    world = World(limit=4)
    world.invoker = RecordingInvoker(refuse)
    world.queue(50)
    world.orchestrator()({})
    seen = [change for change in world.tasks.changes if change.version > 1]
    world.scavenger().pass_on(seen, token="1")

    assert world.wakes == []
    assert {world.tasks.tasks[task_id(JOB, n)].state for n in range(4)} == {TaskState.QUEUED}
    assert [at for at, _ in world.reminder.wakes] == [world.clock.now() + seconds(61)]


def test_slots_are_dropped_even_when_every_round_of_naming_was_lost() -> None:
    world = World(limit=2)
    world.queue(2)
    world.orchestrator()({})
    ended = {task_id(JOB, n): 3 for n in range(2)}
    races: list[int] = []

    class Contended(type(world.slots)):  # type: ignore[misc]
        def write(self, row: Any) -> Any:
            if len(races) < 8:
                races.append(1)
                world.slots.write(world.slots.rows(row.labourer)[0])
            return world.slots.write(row)

        def rows(self, labourer: Any) -> Any:
            return world.slots.rows(labourer)

    world.orchestrator(slots=Contended())({"wake": {"sales": ended}})

    assert world.names() == {}


class Contended(InMemorySlotStore):
    """Another Orchestrator is faster at all rows but one, each time that they were read."""

    is_left = True

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        self.is_left = True
        return super().rows(labourer)

    def write(self, row: SlotRow) -> SlotRow:
        if not self.is_left:
            raise StaleRow(row)
        self.is_left = False
        return super().write(row)


def test_a_wave_that_gets_one_row_at_a_time_ends_after_some_rounds_and_the_next_wake_goes_on() -> None:
    rows = NAMING_ROUNDS + 1
    world = World(limit=rows * ROW_SLOTS)
    world.tasks.create([a_task(n) for n in range(rows * (ROW_SLOTS + 1))])
    world.orchestrator()({})
    ended = {}
    for names in world.names().values():
        world.report("complete", int(names[0].rpartition("#")[2]))
        ended[names[0]] = world.tasks.tasks[names[0]].version
    contended = Contended()
    contended.__dict__.update(world.slots.__dict__)
    wake = {"wake": {"sales": ended}}
    assert world.orchestrator(slots=contended)(wake) == {"started": {"sales": NAMING_ROUNDS}}
    assert world.orchestrator()(wake) == {"started": {"sales": rows - NAMING_ROUNDS}}
    assert [len(names) for names in world.names().values()] == [ROW_SLOTS] * rows
