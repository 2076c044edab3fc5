"""Carrying out orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sosw.controls import ROUNDS, Controls, control_of
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.records import Entry, Record, of_everything, of_labourer
from sosw.domain.settings import EssentialSettings
from sosw.domain.standing import Decision, Standing
from sosw.testing import FakeClock, InMemoryRecordStore
from tests.factories import NOW

KEY = of_labourer("sales")
SETTINGS = EssentialSettings.checked({"task_config": {"labourers": {"sales": {"max_simultaneous_invocations": 40}}}})


class Contended(InMemoryRecordStore):
    """Before each of the next writes, `meanwhile` writes."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[InMemoryRecordStore], object]] = []

    def write(self, record: Record) -> Record:
        if self.meanwhile:
            other = InMemoryRecordStore()
            other.records, other.entries = self.records, self.entries
            self.meanwhile.pop(0)(other)
        return super().write(record)


class Desk:
    """Controls over records in memory."""

    def __init__(self) -> None:
        self.records, self.clock, self.pauses = Contended(), FakeClock(), list[int]()
        self.controls = Controls(self.records, self.clock, SETTINGS, self.pauses.append)
        self.dispatched: list[Mapping[str, Any]] = []

    def order(self, **order: Any) -> dict[str, Any]:
        return self.controls.answer({"sosw": {"by": "ann", "why": "migration", **order}}, self.dispatch)

    def dispatch(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        self.dispatched.append(event)
        return {"started": {"sales": 3}}

    @property
    def standing(self) -> Standing:
        return Standing.from_json(self.records.records[KEY].value)

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        return [entry.what for entry in self.records.entries]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def decide(records: InMemoryRecordStore) -> None:
    """What the regulation does at any moment: it writes its part of the record."""
    record = records.read([KEY])[KEY]
    decision = Decision(limit=20, of=40, why="health", at=NOW).to_json()
    records.write(Record(key=KEY, value={**record.value, "decision": decision}, version=record.version))


def test_an_order_writes_the_control_and_a_line_with_who_and_why(desk: Desk) -> None:
    done = desk.order(pause="labourer/sales")

    assert (done["changed"], done["said"]) == (
        True, "labourer sales is paused: nothing of it starts, what runs may end",
    )  # fmt: skip
    assert (desk.standing.control.paused_by, desk.standing.control.paused_at) == ("ann", NOW)
    assert desk.records.entries == [
        Entry(owner="labourer/sales", at=NOW, what={
            "order": "pause", "from": "running", "to": "paused", "by": "ann", "why": "migration",
        })
    ]  # fmt: skip


def test_an_order_leaves_the_rest_of_the_record_as_it_is(desk: Desk) -> None:
    desk.records.write(Record(key=KEY, value={"shards": 4, "of_tomorrow": 7}))
    decide(desk.records)
    desk.order(limit="labourer/sales", to=10)

    kept = desk.records.records[KEY].value
    assert (kept["shards"], kept["of_tomorrow"], kept["decision"]["limit"]) == (4, 7, 20)
    assert desk.standing.control.limit == 10


def test_an_order_is_carried_out_although_the_regulation_writes_at_the_same_time(desk: Desk) -> None:
    desk.records.meanwhile = [decide, decide]
    done = desk.order(pause="labourer/sales")

    assert (done["changed"], desk.standing.control.is_paused, desk.standing.decision is not None) == (True, True, True)
    assert (len(desk.lines), desk.pauses) == (1, [0, 1])


def test_two_operators_at_once_are_both_told_what_came_of_it(desk: Desk) -> None:
    bob = Controls(desk.records, desk.clock, SETTINGS)
    event = {"sosw": {"limit": "labourer/sales", "to": 30, "by": "bob", "why": "locks"}}
    desk.records.meanwhile = [lambda _records: bob.answer(event, desk.dispatch)]
    done = desk.order(limit="labourer/sales", to=10)

    assert done["said"] == "labourer sales is limited to 10, it was 30; what its settings allow is never exceeded"
    assert desk.standing.control.limit_by == "ann"
    assert [(line["by"], line["from"], line["to"]) for line in desk.lines] == [
        ("ann", None, 10), ("bob", None, 30), ("ann", 30, 10),
    ]  # fmt: skip


def test_an_order_given_twice_changes_nothing_the_second_time(desk: Desk) -> None:
    desk.order(pause="everything")
    desk.clock.advance(seconds=60)
    version = desk.records.records[of_everything()].version
    done = desk.order(pause="everything", by="bob", why="also")

    assert (done["changed"], len(desk.lines)) == (False, 1)
    assert done["said"] == "everything is paused already, by ann since 2026-01-01 12:00:00 UTC: migration"
    assert desk.records.records[of_everything()].version == version
    assert control_of(desk.records.records[of_everything()]).paused_by == "ann"


def test_what_may_start_again_is_dispatched_at_once(desk: Desk) -> None:
    desk.order(pause="labourer/sales")
    desk.order(limit="labourer/sales", to=10)
    assert desk.dispatched == []
    done = [desk.order(resume="labourer/sales"), desk.order(limit="labourer/sales", to=20)]

    assert desk.dispatched == [{"wake": {"sales": {}}}] * 2
    assert [each["started"] for each in done] == [{"sales": 3}] * 2
    assert desk.order(resume="labourer/sales")["changed"] is False
    assert len(desk.dispatched) == 2


def test_an_order_stands_when_the_dispatch_after_it_fails(desk: Desk) -> None:
    def fail(_event: Mapping[str, Any]) -> Mapping[str, Any]:
        raise SoswError("the table is busy")

    desk.order(pause="labourer/sales")
    done = desk.controls.answer({"sosw": {"resume": "labourer/sales", "by": "ann"}}, fail)

    assert (done["changed"], done.get("started")) == (True, None)
    assert not desk.standing.control.is_paused


def test_no_order_takes_effect_without_its_line(desk: Desk) -> None:
    def fail(entry: Entry) -> None:
        raise SoswError(f"the table is busy: {entry.owner}")

    desk.records.note = fail  # type: ignore[method-assign]
    with pytest.raises(SoswError, match="busy"):
        desk.order(pause="labourer/sales")
    assert desk.records.records == {}


def test_an_order_that_loses_every_race_says_so(desk: Desk) -> None:
    desk.records.meanwhile = [decide] * ROUNDS
    with pytest.raises(SoswError, match="labourer sales is being changed by others at this moment: order it again"):
        desk.order(pause="labourer/sales")


def test_a_wrong_order_writes_nothing(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="did you mean 'sales'"):
        desk.order(pause="labourer/sale")
    assert (desk.records.records, desk.records.entries) == ({}, [])
