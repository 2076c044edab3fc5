"""Freeing slots while others write the same rows."""

from __future__ import annotations

from sosw.domain.slots import SlotRow
from sosw.domain.task import TaskId
from sosw.slot_keeper import ROUNDS, SlotKeeper
from sosw.testing import InMemorySlotStore
from tests.factories import LABOURER, NOW, a_task


class Contended(InMemorySlotStore):
    """Before each of the first `times` writes, somebody else writes the same row."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.writes = 0

    def write(self, row: SlotRow) -> SlotRow:
        self.writes += 1
        if self.times and row.version:
            self.times -= 1
            super().write(self.rows(row.labourer)[row.number])
        return super().write(row)


def filled(times: int = 0) -> Contended:
    """Two rows that both name task 0 (at versions 1 and 2), and row 0 also task 1."""
    store = Contended(times)
    empty = SlotRow(labourer=LABOURER, number=0, capacity=4)
    store.write(empty.named([a_task(0, version=1), a_task(1, version=1)], NOW))
    store.write(SlotRow(labourer=LABOURER, number=1, capacity=4).named([a_task(0, version=2)], NOW))
    store.writes = 0
    return store


def held(store: InMemorySlotStore) -> list[list[str]]:
    return [list(row.names) for row in store.rows(LABOURER)]


DROP: dict[TaskId, int] = {a_task(0).id: 3}


def drop(keeper: SlotKeeper) -> None:
    keeper.drop(LABOURER, DROP)


def test_what_has_ended_is_dropped_from_every_row() -> None:
    store = filled()
    drop(SlotKeeper(store))
    assert held(store) == [["job#1"], []]


def test_a_name_of_a_later_version_stays() -> None:
    store = filled()
    SlotKeeper(store).drop(LABOURER, {a_task(0).id: 2})
    assert held(store) == [["job#1"], ["job#0"]]


def test_a_failed_claim_frees_its_own_row_and_no_other() -> None:
    store = filled()
    SlotKeeper(store).free(LABOURER, {0: {a_task(0).id: 9}})
    assert held(store) == [["job#1"], ["job#0"]]


def test_what_nobody_holds_is_not_written() -> None:
    store = filled()
    SlotKeeper(store).drop(LABOURER, {a_task(5).id: 9})
    assert store.writes == 0


def test_freeing_reads_again_when_somebody_wrote_first() -> None:
    store = filled(times=3)
    drop(SlotKeeper(store))
    assert held(store) == [["job#1"], []]


def test_freeing_stops_after_some_rounds_and_leaves_the_rest_to_the_sweep() -> None:
    store = filled(times=100)
    drop(SlotKeeper(store))
    assert held(store) == [["job#0", "job#1"], ["job#0"]]
    assert store.writes == 2 * ROUNDS  # both rows in every round


def test_a_while_passes_after_each_lost_race_and_none_after_a_race_that_was_won() -> None:
    paused: list[int] = []
    drop(SlotKeeper(filled(times=3), paused.append))
    assert paused == [0, 1]
    drop(SlotKeeper(filled(), paused.append))
    assert paused == [0, 1]
