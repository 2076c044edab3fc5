"""Records: whoever writes must have seen the latest version; the log keeps every line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import StaleRecord
from sosw.domain.records import Entry, Record, of_everything, of_labourer, of_resource
from tests.contract.backends import World
from tests.contract.moves import NOW

VALUE: dict[str, Any] = {
    "paused": None,
    "why": "über 75 %",
    "limit": 40,
    "share": 0.1,
    "ids": ["00123", True],
    "deep": {"a.b": {}},
}


def test_a_record_that_was_never_written_is_empty_at_version_0(world: World) -> None:
    keys = [of_labourer(world.labourer), of_resource("never:written")]
    assert world.records.read(keys) == {key: Record(key=key) for key in keys}


def test_a_record_comes_back_as_written_at_its_next_version(world: World) -> None:
    key = of_labourer(world.labourer)
    written = world.records.write(Record(key=key, value=VALUE, expires_at=NOW))
    assert written == Record(key=key, value=VALUE, version=1, expires_at=NOW.replace(microsecond=0))
    again = world.records.write(replace(written, value={}, expires_at=None))
    assert again == Record(key=key, version=2)
    assert world.records.read([key]) == {key: again}


def test_a_record_at_another_version_is_not_overwritten(world: World) -> None:
    key = of_labourer(world.labourer, "bucket")
    second = world.records.write(world.records.write(Record(key=key, value={"n": 1})))
    for version in (0, 1, 3):
        with pytest.raises(StaleRecord, match=f"bucket of labourer/{world.labourer} is no longer at version {version}"):
            world.records.write(replace(second, value={}, version=version))
    assert world.records.read([key]) == {key: second}


def test_records_are_read_many_at_once_each_once(world: World) -> None:
    keys = [of_labourer(world.labourer, f"bucket#{n}") for n in range(120)]
    for key in keys[::40]:
        world.records.write(Record(key=key, value={"of": key.what}))
    found = world.records.read([*keys, *keys, of_everything("nothing")])
    assert len(found) == 121
    assert [key for key in keys if found[key].version] == keys[::40]


def test_the_log_tells_the_latest_lines_of_its_owner_first(world: World) -> None:
    owner, other = of_labourer(world.labourer).owner, of_resource(world.labourer).owner
    world.records.write(Record(key=of_labourer(world.labourer), value={}))
    for second in (3, 1, 2):
        world.records.note(Entry(owner=owner, at=NOW + timedelta(seconds=second), what={"why": f"after {second}"}))
    world.records.note(Entry(owner=other, at=NOW + timedelta(seconds=9), what={"why": "of another"}))
    assert [entry.what["why"] for entry in world.records.log(owner, 2)] == ["after 3", "after 2"]
    assert world.records.log(owner, 9)[-1] == Entry(owner=owner, at=NOW + timedelta(seconds=1), what={"why": "after 1"})
    assert world.records.log("labourer/nobody", 5) == []


def test_two_lines_of_one_moment_are_both_kept(world: World) -> None:
    owner = of_labourer(world.labourer).owner
    for why in ("one", "two"):
        world.records.note(Entry(owner=owner, at=NOW, what={"why": why}))
    assert {entry.what["why"] for entry in world.records.log(owner, 9)} == {"one", "two"}
