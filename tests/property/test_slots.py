"""What holds for slot rows, whatever they hold and whatever the limit becomes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain.slots import ROW_SLOTS, Name, SlotRow, resized
from sosw.domain.task import TaskId
from tests.factories import LABOURER, NOW

LIMITS = st.integers(0, 6 * ROW_SLOTS)


@st.composite
def row_lists(draw: st.DrawFn) -> list[SlotRow]:
    """Rows as any history may have left them: some never written, some above their capacity."""
    rows = []
    for number in sorted(draw(st.sets(st.integers(0, 4)))):
        held = draw(st.integers(0, ROW_SLOTS))
        names = {TaskId(f"t#{number}.{n}"): Name(draw(st.integers(1, 3)), NOW) for n in range(held)}
        capacity = draw(st.integers(0, ROW_SLOTS))
        rows.append(SlotRow(labourer=LABOURER, number=number, capacity=capacity, version=1, names=names))
    return rows


def held(rows: list[SlotRow]) -> int:
    return sum(len(row.names) for row in rows)


def room(rows: list[SlotRow]) -> int:
    return sum(max(row.capacity, len(row.names)) for row in rows)


@given(row_lists(), LIMITS)
def test_together_rows_have_room_for_the_limit_and_for_what_they_hold_and_no_more(
    rows: list[SlotRow], limit: int
) -> None:
    after = resized(rows, LABOURER, limit)
    assert room(after) == max(limit, held(rows))
    assert sum(row.free for row in after) == max(0, limit - held(rows))


@given(row_lists(), LIMITS)
def test_resizing_evicts_nobody_and_keeps_every_row_in_its_place(rows: list[SlotRow], limit: int) -> None:
    after = resized(rows, LABOURER, limit)
    assert [row.number for row in after] == list(range(len(after)))
    assert {row.number: row.names for row in rows} == {row.number: row.names for row in after if row.version}
    assert all(0 <= row.capacity <= ROW_SLOTS for row in after)


@given(row_lists(), LIMITS)
def test_resizing_twice_changes_nothing_more(rows: list[SlotRow], limit: int) -> None:
    once = resized(rows, LABOURER, limit)
    assert resized(once, LABOURER, limit) == once


@given(row_lists(), LIMITS, LIMITS)
def test_rows_forget_the_limits_that_they_had(rows: list[SlotRow], before: int, limit: int) -> None:
    once = resized(resized(rows, LABOURER, before), LABOURER, limit)
    kept = [row for row in once if row.version or row.number < len(resized(rows, LABOURER, limit))]
    assert kept == resized(rows, LABOURER, limit)
    assert all(row.capacity == 0 for row in once if row not in kept)


@given(row_lists(), LIMITS, st.data())
def test_what_ends_gives_its_slot_to_another_and_takes_none(
    rows: list[SlotRow], limit: int, data: st.DataObject
) -> None:
    ending = data.draw(st.lists(st.sampled_from([t for row in rows for t in row.names] or [TaskId("none")])))
    after = [row.without(dict.fromkeys(ending, 99)) for row in rows]
    free = [sum(row.free for row in resized(each, LABOURER, limit)) for each in (rows, after)]
    assert free[0] <= free[1] <= free[0] + len(set(ending))


@given(row_lists(), st.dictionaries(st.from_regex(r"t#[0-4]\.[0-9]", fullmatch=True).map(TaskId), st.integers(0, 5)))
def test_exactly_the_names_older_than_the_evidence_are_dropped(rows: list[SlotRow], ended: dict[TaskId, int]) -> None:
    for row in rows:
        kept = row.without(ended)
        dropped = {task for task, name in row.names.items() if name.version < ended.get(task, 0)}
        assert kept.names.keys() == row.names.keys() - dropped
        assert replace(kept, names=row.names) == row
