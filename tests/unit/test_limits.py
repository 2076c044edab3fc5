"""The limits of an invocation: read once for all, again when they are old, and told by versions in the rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import pytest

from sosw.domain import lifecycle
from sosw.domain.settings import Labourer
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName, TaskState
from sosw.limits import LIMIT_LIFE, LimitBook, StaticLimits
from sosw.ports import Limit
from sosw.testing import FakeClock, InMemorySlotStore
from tests.factories import LABOURER, NOW, World, a_task


class Changing:
    """`Limits` that say what they are told to."""

    def __init__(self, value: int = 2, version: int = 1) -> None:
        self.now: dict[LabourerName, Limit] = {LABOURER: Limit(value, version)}
        self.asked: list[list[str]] = []
        self.before: list[Callable[[], object]] = []
        """What happens before each answer."""
        self.after: list[Callable[[], object]] = []
        """What happens once the answer is on its way."""

    def change(self, value: int, version: int) -> None:
        self.now[LABOURER] = Limit(value, version)

    def tick(self) -> None:
        """Nothing is measured here."""

    def limits(self, labourers: Sequence[Labourer]) -> dict[LabourerName, Limit]:
        self.asked.append([labourer.name for labourer in labourers])
        if self.before:
            self.before.pop(0)()
        answer = {labourer.name: self.now[labourer.name] for labourer in labourers if labourer.name in self.now}
        if self.after:
            self.after.pop(0)()
        return answer


def sized(world: World) -> list[tuple[int, int, int]]:
    return [(row.capacity, row.sized, len(row.names)) for row in world.slots.rows(LABOURER)]


def test_without_records_the_settings_hold_at_version_0() -> None:
    labourer = Labourer.from_mapping("sales", {"max_simultaneous_invocations": 7})
    StaticLimits().tick()
    assert StaticLimits().limits([labourer]) == {"sales": Limit(7, 0)}


def test_the_limit_in_force_is_what_is_read_and_not_what_the_settings_allow() -> None:
    world = World(limit=9)
    world.queue(9)
    assert world.orchestrator(limits=Changing(2, version=5))({}) == {"started": {"sales": 2}}
    assert sized(world) == [(2, 5, 2)]


def test_one_reading_serves_all_labourers_that_have_something_due() -> None:
    settings = {"max_simultaneous_invocations": 1}
    world = World(labourers=dict.fromkeys(("a", "b", "idle"), settings))
    world.tasks.create([a_task(0, labourer=LabourerName("a")), a_task(1, labourer=LabourerName("b"))])
    limits = Changing()
    limits.now = {LabourerName(name): Limit(1, 1) for name in ("a", "b", "idle")}
    assert world.orchestrator(limits=limits)({}) == {"started": {"a": 1, "b": 1}}
    assert limits.asked == [["a", "b"]]


def test_when_nothing_is_due_no_limit_is_read() -> None:
    limits = Changing()
    World().orchestrator(limits=limits)({})
    assert limits.asked == []


def test_a_labourer_whose_limit_cannot_be_told_waits_and_delays_no_other(caplog: pytest.LogCaptureFixture) -> None:
    settings = {"max_simultaneous_invocations": 1}
    world = World(labourers={"a": settings, "b": settings})
    world.tasks.create([a_task(0, labourer=LabourerName("a")), a_task(1, labourer=LabourerName("b"))])
    limits = Changing()
    limits.now = {LabourerName("b"): Limit(1, 1)}
    assert world.orchestrator(limits=limits)({}) == {"started": {"b": 1}}
    assert [r.message for r in caplog.records] == ["labourer.failed"]


def test_a_limit_that_is_old_is_read_again() -> None:
    clock, limits = FakeClock(), Changing(2)
    labourer = World().orchestrator().settings.labourers[LABOURER]
    book = LimitBook(limits, [labourer], clock)
    assert [book.of(labourer).value, book.of(labourer).value] == [2, 2]
    limits.change(1, 2)
    clock.advance(seconds=LIMIT_LIFE.total_seconds())
    assert (book.of(labourer).value, len(limits.asked)) == (1, 2)


def test_who_finds_rows_sized_by_a_later_limit_reads_the_limit_again() -> None:
    world, limits = World(limit=9), Changing(5, version=1)
    world.queue(9)
    limits.after = [lambda: limits.change(1, 2)]
    world.slots.write(SlotRow(labourer=LABOURER, number=0, capacity=1, sized=2))
    assert world.orchestrator(limits=limits)({}) == {"started": {"sales": 1}}
    assert sized(world) == [(1, 2, 1)]


def test_a_limit_that_changes_while_rows_are_sized_admits_nobody_by_the_older_one() -> None:
    """Between the sizing by version 1 and the reading after it, another Orchestrator sizes by version 2."""
    world, limits = World(limit=9), Changing(5, version=1)
    world.queue(9)

    class Sized(InMemorySlotStore):
        is_first = True

        def write(self, row: SlotRow) -> SlotRow:
            written = super().write(row)
            if self.is_first:
                self.is_first = False
                limits.change(2, 2)
                assert world.orchestrator(limits=limits)({}) == {"started": {"sales": 2}}
            return written

    world.slots = Sized()
    assert world.orchestrator(limits=limits)({}) == {"started": {}}
    assert sized(world) == [(2, 2, 2)]


def test_nothing_is_named_by_a_new_limit_before_every_row_is_sized_by_it() -> None:
    """Version 2 takes a row away in which version 1 still names a task: then there is one slot less for version 2."""
    world, limits = World(limit=99), Changing(18, version=1)
    world.queue(18)
    before = world.orchestrator(limits=limits)
    before({})
    world.report("complete", 0)
    world.report("complete", 16)
    older = world.slots.rows(LABOURER)[1]
    older = world.slots.write(older.without({a_task(16).id: 3}))
    world.tasks.create([a_task(n) for n in range(18, 30)])

    class Slow(InMemorySlotStore):
        is_first = True

        def write(self, row: SlotRow) -> SlotRow:
            if self.is_first:
                self.is_first = False
                super().write(older.named([world.task(18)], NOW))
            return super().write(row)

    store = Slow()
    store._rows = world.slots._rows
    world.slots = store
    limits.change(17, 2)
    world.orchestrator(limits=limits)({"wake": {"sales": {"job#0": 3}}})
    named = [task for row in world.slots.rows(LABOURER) for task in row.names]
    assert len(named) == 17


def test_rows_keep_the_stamp_of_who_sized_them_last_although_their_size_stays() -> None:
    world, limits = World(limit=9), Changing(1, version=1)
    world.queue(9)
    orchestrator = world.orchestrator(limits=limits)
    orchestrator({})
    limits.change(1, 3)
    world.clock.advance(seconds=9)
    orchestrator({})
    assert sized(world) == [(1, 3, 1)]


def test_versions_that_begin_anew_are_followed_and_said(caplog: pytest.LogCaptureFixture) -> None:
    world = World(limit=9)
    world.queue(9)
    world.slots.write(SlotRow(labourer=LABOURER, number=0, capacity=9, sized=40))
    with caplog.at_level(logging.WARNING):
        assert world.orchestrator(limits=Changing(2, version=1))({}) == {"started": {"sales": 2}}
    assert {r.message for r in caplog.records} == {"limit.began_anew"}
    assert sized(world) == [(2, 1, 2)]


def test_who_cannot_read_a_later_limit_sizes_no_row_by_an_older_one() -> None:
    world, limits = World(limit=9), Changing(9, version=1)
    world.queue(9)
    before = world.slots.write(SlotRow(labourer=LABOURER, number=0, capacity=2, sized=40))
    limits.now[LABOURER] = Limit(9, version=1, is_read=False)
    assert world.orchestrator(limits=limits)({}) == {"started": {}}
    assert world.slots.rows(LABOURER) == [before]


def test_tasks_are_looked_for_in_every_shard_that_the_line_ever_had() -> None:
    world, limits = World(limit=9), Changing(9, version=1)
    world.queue(1)
    far = next(task for n in range(99) if (task := lifecycle.queued(a_task(1 + n), tag=1, shards=16)).shard)
    world.tasks.create([far])
    limits.now[LABOURER] = Limit(9, version=1, shards=16)
    assert world.orchestrator(limits=limits)({}) == {"started": {"sales": 2}}


def test_a_pause_stops_what_is_due_and_nothing_that_runs() -> None:
    world, limits = World(limit=9), Changing(2, version=1)
    world.queue(9)
    orchestrator = world.orchestrator(limits=limits)
    orchestrator({})
    limits.change(0, 2)
    world.clock.advance(seconds=9)
    assert orchestrator({}) == {"started": {}}
    assert world.states().count(TaskState.RUNNING) == 2
