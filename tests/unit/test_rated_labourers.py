"""A labourer with a rate is woken when tokens have come, though nothing ends and nobody else wakes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sosw.domain.errors import InvokeUncertain
from sosw.domain.messages import Wake
from sosw.gates import Gates
from sosw.orchestrator import Orchestrator
from sosw.reminding import HORIZON
from tests.factories import LABOURER, NOW, World, seconds

WAKE = Wake(ended={LABOURER: {}})


def rated(limit: int = 9, *, per_second: float = 0.5, burst: int = 2) -> World:
    return World(limit, rate={"per_second": per_second, "burst": burst})


def orchestrator(world: World, **parts: Any) -> Orchestrator:
    gates = Gates(records=world.records, slots=world.slots, tasks=world.tasks, clock=world.clock)
    return world.orchestrator(gates=gates, **{"reminder": world.reminder, **parts})


def test_it_is_woken_in_the_second_after_its_next_token_has_come() -> None:
    world = rated()
    world.queue(5)
    assert orchestrator(world)({}) == {"started": {LABOURER: 2}}
    assert world.reminder.wakes == [(NOW + seconds(3), WAKE)]


def test_it_goes_on_from_reminder_to_reminder() -> None:
    world = rated()
    world.queue(5)
    role = orchestrator(world)
    role({})
    for _ in range(3):
        at, wake = world.reminder.wakes[-1]
        world.clock.advance(at - world.clock.now())
        role(wake.to_event())
    assert len(world.started) == 5


def test_who_is_not_short_of_tokens_needs_no_reminder() -> None:
    world = rated()
    world.queue(2)
    orchestrator(world)({})
    assert world.reminder.wakes == []


def test_who_is_short_of_slots_alone_needs_no_reminder() -> None:
    world = rated(1)
    world.queue(5)
    orchestrator(world)({})
    assert world.reminder.wakes == []


def test_of_many_orchestrators_that_find_no_tokens_one_is_woken() -> None:
    world = rated()
    world.queue(5)
    for _ in range(3):
        orchestrator(world)(WAKE.to_event())
    assert len(world.reminder.wakes) == 1


def test_tokens_that_come_later_than_a_reminder_can_wait_are_left_to_the_minute_rule() -> None:
    world = rated(per_second=1 / (HORIZON + timedelta(minutes=1)).total_seconds(), burst=1)
    world.queue(2)
    orchestrator(world)({})
    assert world.reminder.wakes == []


def test_a_reminder_that_fails_stops_nothing() -> None:
    class Failing:
        def remind(self, wakes: object) -> None:
            del wakes
            raise InvokeUncertain("queue", "no answer")

    world = rated()
    world.queue(5)
    assert orchestrator(world, reminder=Failing())({}) == {"started": {LABOURER: 2}}


def test_without_a_reminder_the_next_wake_sees_what_has_come() -> None:
    world = rated()
    world.queue(5)
    role = orchestrator(world, reminder=None)
    role({})
    world.clock.advance(seconds=2)
    assert role({}) == {"started": {LABOURER: 1}}
