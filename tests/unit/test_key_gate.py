"""Limits by key: a task is named in its key's row before anything else, and its name is let go only when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.domain import lifecycle, slots
from sosw.domain.errors import InvokeUncertain, StaleTask
from sosw.domain.lifecycle import Transition
from sosw.domain.settings import Labourer
from sosw.domain.slots import CLAIM_GRACE, Name, SlotRow
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.key_gate import KEY_LIFE, ROUNDS, KeyGate, Ring, key_owner
from sosw.testing import FakeClock, InMemorySlotStore, InMemoryTaskStore
from tests.factories import LABOURER, LEASE, POLICY, a_task, claimed

OWNER = key_owner(LABOURER, "k")
SALES = Labourer(name=LABOURER, arn="", max_simultaneous_invocations=10)


class Slots(InMemorySlotStore):
    """Before each of the next `races` writes somebody else writes the row; after each of `lost`, the reply is lost."""

    races = lost = reads = writes = 0

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        self.reads += 1
        return super().rows(labourer)

    def write(self, row: SlotRow) -> SlotRow:
        self.writes += 1
        if self.races:
            self.races -= 1
            known = {r.number: r for r in super().rows(row.labourer)}
            super().write(known.get(row.number, SlotRow(labourer=row.labourer, number=row.number)))
        written = super().write(row)
        if self.lost:
            self.lost -= 1
            raise InvokeUncertain("table", "no answer")
        return written


class Tasks(InMemoryTaskStore):
    reads = 0
    is_down = False

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        self.reads += 1
        if self.is_down:
            raise InvokeUncertain("table", "no answer")
        return super().get_many(task_ids, is_consistent=is_consistent)


class House:
    """Tasks 0 … 4 of one key wait."""

    def __init__(self) -> None:
        self.slots, self.tasks, self.clock, self.paused = Slots(), Tasks(), FakeClock(), list[int]()
        self.gate = KeyGate(self.slots, self.tasks, self.clock, self.paused.append)
        self.waiting = [a_task(n, key="k") for n in range(5)]
        self.tasks.create(self.waiting)

    def ring(self, limit: int = 1, ended: dict[TaskId, int] | None = None) -> Ring:
        return self.gate.ring(SALES, "k", limit, ended or {})

    def named(self) -> list[str]:
        return [task for row in self.slots.rows(OWNER) for task in row.names]

    def claim(self, task: Task) -> Task:
        return self.tasks.apply(lifecycle.claim(task, row=0, now=self.clock.now(), lease=LEASE))

    def end(self, task: Task) -> Task:
        done = lifecycle.complete(task.id, attempt=task.attempt, now=self.clock.now(), retention=timedelta(days=1))
        return self.tasks.apply(done)

    def task(self, number: int) -> Task:
        return self.tasks.tasks[self.waiting[number].id]


def test_as_many_are_named_as_the_key_may_run_at_once() -> None:
    house = House()
    assert house.ring(2).enter(house.waiting) == house.waiting[:2]
    assert house.named() == ["job#0", "job#1"]


def test_who_looks_is_told_which_might_enter_and_names_none() -> None:
    house = House()
    assert house.ring(2).open_to(house.waiting) == house.waiting[:2]
    assert house.slots.writes == 0


def test_a_task_that_another_has_named_does_not_enter() -> None:
    house = House()
    house.ring(2).enter(house.waiting[:1])
    assert house.ring(2).enter(house.waiting) == house.waiting[1:2]


def test_a_key_is_full_while_its_attempts_run_and_free_when_they_have_ended() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    running = house.claim(house.waiting[0])
    assert house.ring().enter(house.waiting[1:]) == []
    house.end(running)
    assert house.ring().enter(house.waiting[1:]) == house.waiting[1:2]
    assert house.named() == ["job#1"]


def test_what_a_wake_tells_of_ended_attempts_saves_reading_them() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    ended = house.end(house.claim(house.waiting[0]))
    assert house.ring(ended={ended.id: ended.version}).enter(house.waiting[1:2]) == house.waiting[1:2]
    assert house.tasks.reads == 0


def test_a_key_with_room_costs_no_look_at_its_tasks() -> None:
    house = House()
    house.ring(4).enter(house.waiting[:2])
    house.ring(4).enter(house.waiting[2:4])
    assert (house.tasks.reads, house.slots.reads, house.slots.writes) == (0, 2, 2)


def test_a_task_that_waits_for_its_retry_is_named_anew() -> None:
    house = House()
    house.ring(2).enter(house.waiting[:1])
    running = house.claim(house.waiting[0])
    back = house.tasks.apply(lifecycle.give_back(running, due=house.clock.now()))
    assert house.ring(2).enter([back]) == [back]
    assert house.slots.rows(OWNER)[0].names[back.id] == Name(back.version, house.clock.now())


def test_a_name_that_nobody_claims_is_fenced_when_it_is_old_and_not_before() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    house.clock.advance(CLAIM_GRACE - timedelta(milliseconds=1))
    assert house.ring().enter(house.waiting[1:]) == []
    assert house.task(0).version == 1
    house.clock.advance(timedelta(milliseconds=1))
    assert house.ring().enter(house.waiting[1:]) == house.waiting[1:2]
    assert house.task(0).version == 2
    with pytest.raises(StaleTask):
        house.claim(house.waiting[0])


def test_a_waiting_task_with_an_old_name_is_fenced_where_the_key_has_room_too() -> None:
    house = House()
    house.ring(2).enter(house.waiting[:1])
    house.clock.advance(CLAIM_GRACE)
    assert house.ring(2).enter(house.waiting[:1]) == [], "it is seen at the version that is fenced off now"
    assert house.ring(2).enter([house.task(0)]) == [house.task(0)]


def test_a_claim_that_wins_against_the_fence_keeps_its_name() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    house.clock.advance(CLAIM_GRACE)
    careful = house.tasks.apply

    def claimed_first(transition: Transition) -> Task:
        house.tasks.apply = careful  # type: ignore[method-assign]
        house.claim(house.waiting[0])
        return careful(transition)

    house.tasks.apply = claimed_first  # type: ignore[method-assign]
    assert house.ring().enter(house.waiting[1:]) == []
    assert house.named() == ["job#0"]


def test_the_name_of_a_task_that_has_left_the_table_is_dropped() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    house.tasks.tasks.pop(house.waiting[0].id)
    assert house.ring().enter(house.waiting[1:2]) == house.waiting[1:2]


def test_whoever_loses_the_race_for_a_row_looks_again() -> None:
    house = House()
    slow, fast = house.ring(2), house.ring(2)
    slow.open_to(house.waiting)
    fast.enter(house.waiting[:1])
    assert slow.enter(house.waiting[:2]) == house.waiting[1:2]
    assert house.paused == [0]


def test_who_loses_every_race_has_named_nothing() -> None:
    house = House()
    house.slots.races = 99
    assert house.ring().enter(house.waiting) == []
    assert house.paused == list(range(ROUNDS))


def test_names_whose_write_got_no_answer_are_anothers() -> None:
    house = House()
    house.slots.lost = 1
    ring = house.ring()
    with pytest.raises(InvokeUncertain):
        ring.enter(house.waiting[:1])
    assert not ring.holds(house.waiting[0])
    assert house.named() == ["job#0"]
    ring.release(set())
    assert (house.named(), house.task(0).version) == (["job#0"], 1)


def test_what_was_not_started_is_fenced_and_let_go() -> None:
    house = House()
    ring = house.ring(3)
    ring.enter(house.waiting[:3])
    house.claim(house.waiting[0])
    ring.release({house.waiting[0].id})
    assert house.named() == ["job#0"]
    assert [house.task(n).version for n in range(3)] == [2, 2, 2]


def test_what_runs_keeps_its_name_whatever_is_said_of_it() -> None:
    house = House()
    ring = house.ring()
    ring.enter(house.waiting[:1])
    house.claim(house.waiting[0])
    ring.release(set())
    assert house.named() == ["job#0"]


def test_what_was_given_back_is_let_go_without_a_fence() -> None:
    house = House()
    ring = house.ring()
    ring.enter(house.waiting[:1])
    back = house.tasks.apply(lifecycle.give_back(house.claim(house.waiting[0]), due=house.clock.now()))
    ring.release(set())
    assert (house.named(), house.task(0)) == ([], back)


def test_what_cannot_be_let_go_now_is_dropped_as_anothers() -> None:
    house = House()
    ring = house.ring()
    ring.enter(house.waiting[:1])
    house.tasks.is_down = True
    ring.release(set())
    house.tasks.is_down = False
    house.clock.advance(CLAIM_GRACE)
    assert house.ring().enter(house.waiting[1:2]) == house.waiting[1:2]


def test_rows_of_a_key_leave_the_table_long_after_the_last_attempt_that_they_name() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    assert [row.expires_at for row in house.slots.rows(OWNER)] == [house.clock.now() + KEY_LIFE]
    longest = Labourer(name=LABOURER, arn="", max_simultaneous_invocations=1, cooldown=timedelta(seconds=21_600))
    assert 2 * (longest.lease + timedelta(minutes=15)) < KEY_LIFE


def test_a_key_of_more_than_a_row_fills_one_row_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "ROW_SLOTS", 2)
    house = House()
    house.ring(5).enter(house.waiting[:3])
    assert [(row.capacity, list(row.names)) for row in house.slots.rows(OWNER)] == [
        (2, ["job#0", "job#1"]),
        (2, ["job#2"]),
    ]


def test_a_lower_limit_evicts_nobody_and_lets_in_nobody_until_enough_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "ROW_SLOTS", 2)
    house = House()
    house.ring(4).enter(house.waiting[:4])
    running = [house.claim(task) for task in house.waiting[:4]]
    assert house.ring(1).enter(house.waiting[4:]) == []
    for task in running[:3]:
        house.end(task)
    assert house.ring(1).enter(house.waiting[4:]) == []
    house.end(running[3])
    assert house.ring(1).enter(house.waiting[4:]) == house.waiting[4:]
    assert house.named() == ["job#4"]


def test_a_failed_attempt_frees_its_key() -> None:
    house = House()
    house.ring().enter(house.waiting[:1])
    running = house.claim(house.waiting[0])
    house.clock.advance(LEASE)
    expiry = lifecycle.expire(running, now=house.clock.now(), policy=POLICY, retention=LEASE, jitter=0)
    house.tasks.apply(expiry)
    assert house.ring().enter(house.waiting[1:2]) == house.waiting[1:2]


def test_a_task_held_at_one_version_is_not_held_at_another() -> None:
    house = House()
    ring = house.ring()
    ring.enter(house.waiting[:1])
    assert ring.holds(house.waiting[0])
    assert not ring.holds(replace(house.waiting[0], version=2))
    assert not ring.holds(claimed(house.waiting[1]))
