"""Slot rows: whoever writes must have seen the latest version."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.domain.errors import StaleRow
from sosw.domain.slots import Name, SlotRow
from sosw.domain.task import LabourerName, TaskId
from tests.contract.backends import World
from tests.contract.moves import NOW


def test_a_labourer_has_no_rows_before_the_first_is_written(world: World) -> None:
    assert world.slots.rows(world.labourer) == []


def test_a_row_comes_back_as_written_at_its_next_version(world: World) -> None:
    names = {TaskId("job#1"): Name(1, NOW), TaskId("job#2"): Name(77, NOW + timedelta(milliseconds=1))}
    row = SlotRow(labourer=world.labourer, number=0, capacity=16, names=names)
    written = world.slots.write(row)
    assert written == replace(row, version=1)
    assert world.slots.rows(world.labourer) == [written]
    emptied = world.slots.write(replace(written, names={}, capacity=0))
    assert emptied == replace(row, version=2, names={}, capacity=0)
    assert world.slots.rows(world.labourer) == [emptied]


def test_names_stand_in_a_row_to_the_millisecond_whatever_the_moment(world: World) -> None:
    moments = [NOW + timedelta(microseconds=999_999), NOW.replace(year=1970), NOW.replace(year=9000)]
    names = {TaskId(f"job#{n}"): Name(n, moment) for n, moment in enumerate(moments)}
    written = world.slots.write(SlotRow(labourer=world.labourer, number=0, names=names))
    kept = [NOW + timedelta(milliseconds=999), *moments[1:]]
    assert [name.since for name in written.names.values()] == kept
    assert world.slots.rows(world.labourer) == [written]


def test_a_row_may_leave_the_table_at_a_second(world: World) -> None:
    row = SlotRow(labourer=world.labourer, number=0, expires_at=NOW + timedelta(days=1, milliseconds=5))
    written = world.slots.write(row)
    assert written.expires_at == NOW.replace(microsecond=0) + timedelta(days=1)
    assert world.slots.rows(world.labourer) == [written]
    assert world.slots.write(replace(written, expires_at=None)).expires_at is None


def test_a_row_at_another_version_is_not_overwritten(world: World) -> None:
    row = SlotRow(labourer=world.labourer, number=3, capacity=1)
    first = world.slots.write(row)
    second = world.slots.write(replace(first, capacity=2))
    for version in (0, 1, 3):
        with pytest.raises(StaleRow) as stale:
            world.slots.write(replace(row, capacity=9, version=version))
        assert stale.value.row.version == version
    assert world.slots.rows(world.labourer) == [second]


def test_a_row_that_was_never_written_has_version_0_alone(world: World) -> None:
    with pytest.raises(StaleRow):
        world.slots.write(SlotRow(labourer=world.labourer, number=0, version=1))
    assert world.slots.rows(world.labourer) == []


def test_rows_stand_in_order_of_their_numbers_and_are_the_labourers_own(world: World) -> None:
    other = LabourerName(f"{world.labourer}-other")
    for number in (10, 2, 0, 1, 100):
        world.slots.write(SlotRow(labourer=world.labourer, number=number))
    world.slots.write(SlotRow(labourer=other, number=5))
    assert [row.number for row in world.slots.rows(world.labourer)] == [0, 1, 2, 10, 100]
    assert [row.number for row in world.slots.rows(other)] == [5]
