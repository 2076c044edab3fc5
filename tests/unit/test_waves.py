"""The Orchestrator works in waves: labourers take turns, and nothing is claimed that there is no time to invoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sosw.domain.errors import InvokeRefused
from sosw.domain.task import LabourerName, TaskState, task_id
from sosw.naming import WAVE
from sosw.orchestrator import WAVE_TIME
from sosw.testing import RecordingInvoker
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
