"""The tallies of labourers, from the stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.records import Record, RecordKey, of_labourer
from sosw.domain.tally import TOTALS, Counted, Tally
from sosw.domain.task import LabourerName
from sosw.tallies import TRIES
from sosw.testing import InMemoryRecordStore
from tests.factories import LABOURER, World, a_task, one_by_one

OTHER = LabourerName("other")


class Store(InMemoryRecordStore):
    """Counts its calls; `rivals` writes of others come first, each in the middle of one of ours."""

    def __init__(self, rivals: int = 0) -> None:
        super().__init__()
        self.reads, self.writes, self.rivals = 0, 0, rivals

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        self.reads += 1
        return super().read(keys)

    def write(self, record: Record) -> Record:
        self.writes += 1
        if self.rivals:
            self.rivals -= 1
            known = super().read([record.key])[record.key]
            counted = Counted.from_json(known.value).with_batch(Tally(done=100), f"rival {self.rivals}")
            super().write(Record(key=record.key, version=known.version, value=counted.to_json()))
        return super().write(record)


def world_with(store: InMemoryRecordStore) -> World:
    world = World()
    world.records = store
    return world


def tally(world: World, labourer: LabourerName = LABOURER) -> Tally:
    key = of_labourer(labourer, TOTALS)
    return Counted.from_json(world.records.read([key])[key].value).tally


def test_a_batch_is_one_read_and_a_write_for_each_labourer_however_many_tasks() -> None:
    store = Store()
    world = world_with(store)
    world.tasks.create([a_task(n, labourer=(LABOURER, OTHER)[n % 2]) for n in range(100)])
    world.scavenger().pass_on(world.tasks.changes, token="batch")
    assert (store.reads, store.writes) == (1, 2)
    assert (tally(world), tally(world, OTHER)) == (Tally(created=50), Tally(created=50))


def test_a_batch_that_comes_again_counts_once() -> None:
    world = World()
    world.queue(3)
    for _ in range(2):
        world.scavenger().pass_on(world.tasks.changes, token="batch")
    assert tally(world) == Tally(created=3)


def test_a_batch_with_nothing_to_count_calls_nothing() -> None:
    store = Store()
    world_with(store).scavenger().pass_on([], token="batch")
    assert (store.reads, store.writes) == (0, 0)


def test_batches_that_are_counted_at_once_all_count() -> None:
    world = world_with(Store(rivals=TRIES - 1))
    world.queue(3)
    world.scavenger().pass_on(world.tasks.changes, token="batch")
    assert tally(world) == Tally(created=3, done=100 * (TRIES - 1))


def test_a_record_that_is_always_contended_is_left_as_the_others_wrote_it(caplog: pytest.LogCaptureFixture) -> None:
    world = world_with(Store(rivals=TRIES))
    world.queue(3)
    world.scavenger().pass_on(world.tasks.changes, token="batch")
    assert (tally(world), "tallies.failed" in caplog.messages) == (Tally(done=100 * TRIES), True)


def test_tallies_that_cannot_be_read_or_written_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Unread(InMemoryRecordStore):
        def read(self, keys: Any) -> Any:
            raise SoswError("too busy", keys)

    class Unwritten(InMemoryRecordStore):
        def write(self, record: Record) -> Record:
            raise SoswError("too busy", record)

    for store in (Unread(), Unwritten()):
        world = world_with(store)
        world.queue(1)
        assert world.scavenger().pass_on(world.tasks.changes, token="batch") == {"woken": ["sales"]}
    assert caplog.messages.count("tallies.failed") == 2


def test_a_correction_that_cannot_be_written_is_told_to_who_makes_it() -> None:
    from sosw.tallies import Tallies  # noqa: PLC0415  (the one test that needs no role)

    with pytest.raises(StaleRecord):
        Tallies(Store(rivals=TRIES), one_by_one).correct(LABOURER, Tally(done=1), token="c")


def test_whoever_has_lost_a_race_pauses_before_the_next_one() -> None:
    from sosw.tallies import Tallies  # noqa: PLC0415  (as above)

    pauses: list[int] = []
    Tallies(Store(rivals=3), one_by_one, pause=pauses.append).correct(LABOURER, Tally(done=1), token="c")
    assert pauses == [0, 1, 2]
