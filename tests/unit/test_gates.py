"""A dispatch at the gates: who may start, in which order, and what becomes of those that were let in for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.errors import InvokeUncertain
from sosw.domain.records import Record, RecordKey, of_labourer
from sosw.domain.resources import Rate
from sosw.domain.settings import Labourer
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName, Task, TaskId
from sosw.gates import LOOK_PAST, Entry, Gates, looked_at
from sosw.key_gate import key_owner
from sosw.testing import FakeClock, InMemoryRecordStore, InMemorySlotStore, InMemoryTaskStore
from tests.factories import LABOURER, LEASE, a_task, seconds

PLAIN = Labourer(name=LABOURER, arn="", max_simultaneous_invocations=10)
RATED = replace(PLAIN, rate=Rate(per_second=1, burst=3))
KEYED = replace(PLAIN, max_per_key=1)
BOTH = replace(RATED, max_per_key=1)
RATED_KEYS = replace(PLAIN, rate_per_key=Rate(per_second=1, burst=1))
ALL = replace(RATED_KEYS, max_per_key=2)


class Records(InMemoryRecordStore):
    calls = 0
    down: RecordKey | None = None

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        self.calls += 1
        wanted = list(keys)
        if self.down in wanted:
            raise InvokeUncertain("table", "no answer")
        return super().read(wanted)

    def write(self, record: Record) -> Record:
        self.calls += 1
        return super().write(record)


class Slots(InMemorySlotStore):
    reads = writes = 0
    down = unwritable = ""

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        self.reads += 1
        if labourer == self.down:
            raise InvokeUncertain("table", "no answer")
        return super().rows(labourer)

    def write(self, row: SlotRow) -> SlotRow:
        self.writes += 1
        if row.labourer == self.unwritable:
            raise InvokeUncertain("table", "no answer")
        return super().write(row)


class Yard:
    """Tasks wait, with these keys."""

    def __init__(self, *keys: str | None) -> None:
        self.records, self.slots, self.tasks, self.clock = Records(), Slots(), InMemoryTaskStore(), FakeClock()
        self.gates = Gates(records=self.records, slots=self.slots, tasks=self.tasks, clock=self.clock)
        self.waiting = [a_task(n, key=key) for n, key in enumerate(keys)]
        self.tasks.create(self.waiting)

    def entry(self, labourer: Labourer, **ended: int) -> Entry:
        return self.gates.entry(labourer, {TaskId(task): version for task, version in ended.items()})

    def admit(self, labourer: Labourer, limit: int = 99) -> list[int]:
        """What a new dispatch lets in, by number."""
        return numbers(self.entry(labourer).admit(self.waiting, limit))

    def claim(self, task: Task) -> Task:
        return self.tasks.apply(lifecycle.claim(task, row=0, now=self.clock.now(), lease=LEASE))

    def tokens(self, labourer: Labourer, what: str = "bucket") -> int:
        rate = labourer.rate if what == "bucket" else labourer.rate_per_key
        assert rate
        return self.gates.rates.purse(of_labourer(LABOURER, what), rate, leaves=False).room(99)

    def named(self, key: str) -> list[str]:
        return [task for row in self.slots.rows(key_owner(LABOURER, key)) for task in row.names]


def numbers(tasks: Iterable[Task]) -> list[int]:
    return [int(task.id.split("#")[1]) for task in tasks]


def test_a_labourer_without_rates_and_keys_costs_nothing() -> None:
    yard = Yard("x", "x", None)
    entry = yard.entry(PLAIN)
    assert numbers(entry.admit(yard.waiting, 2)) == [0, 1]
    entry.close(set())
    assert (yard.records.calls, yard.slots.reads, yard.slots.writes, entry.next_at) == (0, 0, 0, None)


def test_a_rate_lets_in_as_many_as_there_are_tokens_in_their_order() -> None:
    yard = Yard(None, None, None, None)
    entry = yard.entry(RATED)
    let_in = entry.admit(yard.waiting, 99)
    assert numbers(let_in) == [0, 1, 2]
    entry.close({task.id for task in let_in})
    assert entry.next_at == yard.clock.now() + seconds(1)
    assert yard.admit(RATED) == []


def test_tasks_of_one_key_are_let_in_up_to_its_limit_and_others_pass_them() -> None:
    yard = Yard("x", "x", None, "y", "x", "y")
    assert yard.admit(KEYED) == [0, 2, 3]


def test_no_more_are_let_in_than_there_are_slots_and_no_more_keys_are_looked_at() -> None:
    yard = Yard("a", "b", "c", "d")
    assert yard.admit(KEYED, limit=2) == [0, 1]
    assert yard.slots.reads == 2
    assert yard.admit(KEYED, limit=0) == []


def test_blocked_keys_are_looked_past_to_fill_the_slots() -> None:
    yard = Yard("x", "x", "x", "y", "z")
    for task in yard.entry(KEYED).admit(yard.waiting[:1], 1):
        yard.claim(task)
    assert yard.admit(KEYED, limit=1) == [3]


def test_tasks_that_are_all_held_up_by_their_keys_cost_no_write_and_no_token() -> None:
    yard = Yard("x", "x", "x")
    for task in yard.entry(BOTH).admit(yard.waiting[:1], 1):
        yard.claim(task)
    before = (yard.slots.writes, yard.records.calls)
    assert yard.admit(BOTH) == []
    assert (yard.slots.writes, yard.records.calls) == before


def test_a_rate_by_key_holds_up_its_own_key_alone() -> None:
    yard = Yard("x", "x", "y", None)
    entry = yard.entry(RATED_KEYS)
    let_in = entry.admit(yard.waiting, 99)
    assert numbers(let_in) == [0, 2, 3]
    entry.close({task.id for task in let_in})
    assert entry.next_at == yard.clock.now() + seconds(1)
    assert yard.records.records[of_labourer(LABOURER, "bucket#x")].expires_at


def test_a_key_without_a_slot_costs_no_look_at_its_bucket() -> None:
    yard = Yard("x", "x")
    one = replace(ALL, max_per_key=1)
    for task in yard.entry(one).admit(yard.waiting[:1], 1):
        yard.claim(task)
    before = yard.records.calls
    assert yard.admit(one) == []
    assert yard.records.calls == before


def test_what_was_let_in_and_not_started_gives_back_its_tokens_and_its_slot() -> None:
    yard = Yard("x", "y", None)
    entry = yard.entry(replace(ALL, rate=Rate(per_second=1, burst=3)))
    assert numbers(entry.admit(yard.waiting, 99)) == [0, 1, 2]
    yard.claim(yard.waiting[1])
    entry.close({yard.waiting[1].id})
    assert yard.tokens(RATED) == 2
    assert [yard.tokens(ALL, f"bucket#{key}") for key in "xy"] == [1, 0]
    assert [yard.named(key) for key in "xy"] == [[], ["job#1"]]


def test_a_dispatch_of_slots_or_of_rates_alone_ends_as_well() -> None:
    for labourer in (KEYED, RATED_KEYS):
        yard = Yard("x")
        entry = yard.entry(labourer)
        assert numbers(entry.admit(yard.waiting, 99)) == [0]
        entry.close(set())
        assert yard.named("x") == []
        assert yard.admit(labourer) == [0]


def test_what_it_let_in_stays_in_when_it_is_offered_again_and_pays_once() -> None:
    yard = Yard("x", "y", "z", "z")
    entry = yard.entry(BOTH)
    assert numbers(entry.admit(yard.waiting[:2], 99)) == [0, 1]
    assert numbers(entry.admit(yard.waiting, 99)) == [0, 1, 2]
    assert yard.tokens(BOTH) == 0
    assert [yard.named(key) for key in "xyz"] == [["job#0"], ["job#1"], ["job#2"]]


def test_what_was_let_in_counts_against_the_limit_first() -> None:
    yard = Yard(None, None, None)
    entry = yard.entry(PLAIN)
    entry.admit(yard.waiting[1:], 2)
    assert numbers(entry.admit(yard.waiting, 2)) == [1, 2]


def test_a_token_of_a_task_that_is_offered_no_more_pays_for_no_other() -> None:
    yard = Yard(None, None, None, None)
    entry = yard.entry(RATED)
    entry.admit(yard.waiting[:2], 99)
    assert numbers(entry.admit(yard.waiting[2:], 99)) == [2], "the first two may be named already"


def test_a_task_that_was_let_in_at_another_version_passes_anew() -> None:
    yard = Yard("x")
    entry = yard.entry(ALL)
    (old,) = entry.admit(yard.waiting, 99)
    new = yard.tasks.apply(lifecycle.fence(old))
    assert entry.admit([new], 99) == [new]
    assert yard.tokens(ALL, "bucket#x") == 0


def test_the_trouble_of_one_key_holds_up_no_other() -> None:
    yard = Yard("x", "y", "z", "v")
    yard.slots.down = key_owner(LABOURER, "x")
    yard.slots.unwritable = key_owner(LABOURER, "y")
    yard.records.down = of_labourer(LABOURER, "bucket#z")
    assert yard.admit(ALL) == [3]


def test_keys_are_looked_at_and_entered_in_parallel() -> None:
    yard = Yard("x", "y", None)
    sizes: list[int] = []

    def in_parallel(call: Any, items: Iterable[Any]) -> None:
        batch = list(items)
        sizes.append(len(batch))
        for item in batch:
            call(item)

    yard.gates = Gates(
        records=yard.records, slots=yard.slots, tasks=yard.tasks, clock=yard.clock, in_parallel=in_parallel
    )
    assert yard.admit(KEYED) == [0, 1, 2]
    assert sizes == [2, 2]


def test_more_tasks_are_offered_only_where_keys_may_hold_some_up() -> None:
    assert [looked_at(labourer, 5) for labourer in (PLAIN, RATED)] == [5, 5]
    assert [looked_at(labourer, 5) for labourer in (KEYED, RATED_KEYS)] == [5 + LOOK_PAST] * 2
