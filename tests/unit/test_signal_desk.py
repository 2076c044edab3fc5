"""What becomes of signals in the WorkerAssistant: budgets react at once, and no report pays for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from sosw.domain.errors import SoswError
from sosw.domain.records import Entry, Record, RecordKey, ResourceName, of_resource
from sosw.domain.resources import Resource
from sosw.domain.signals import Signals
from sosw.domain.standing import Budget, Control
from sosw.signal_desk import EVERY, KEPT, MAX_UNDECLARED, REST, SignalDesk
from sosw.testing import FakeClock, InMemoryRecordStore
from tests.factories import seconds

DB, API = ResourceName("rds:orders"), ResourceName("api:shop")
BUSY = {"count": 1, "errors": {"429": 1}}
FINE = {"count": 1, "timed": 1, "seconds": 0.1}


def resource(name: ResourceName, **fields: Any) -> Resource:
    return Resource(**{"name": name, "query": None, "target": 70, "band": 5, "ceiling": 100, "start": 40, **fields})


RESOURCES = {name: resource(name) for name in (DB, API)}


def halve(resource: Resource, budget: Budget, signals: Signals, now: datetime) -> Budget:
    """Each error halves the budget; uses that went well are counted in its memory."""
    limit = float(resource.start or 0) if budget.limit is None else budget.limit
    lowered = limit / 2**signals.failed
    memory = {"uses": budget.memory.get("uses", 0) + signals.count}
    if signals.failed:
        return replace(budget, limit=lowered, changed_at=now, why=f"{signals.failed} of {signals.count} uses failed")
    return replace(budget, memory=memory)


class Desk:
    """A desk over records in memory, and its clock."""

    def __init__(self, records: InMemoryRecordStore | None = None, react: Any = halve) -> None:
        self.clock, self.records = FakeClock(), records or InMemoryRecordStore()
        self.desk = SignalDesk(records=self.records, clock=self.clock, react=react)

    def take(self, **signals: Any) -> dict[str, int]:
        """By resource, written with `_` for `:`."""
        given = {name.replace("_", ":"): told for name, told in signals.items()}
        return dict(self.desk.take(given, RESOURCES))

    def budget(self, name: ResourceName = DB) -> Budget:
        return Budget.from_json(self.version(name).value)

    def version(self, name: ResourceName = DB) -> Record:
        key = of_resource(name)
        return self.records.read([key])[key]

    @property
    def log(self) -> list[tuple[str, Any]]:
        return [(entry.owner, entry.what) for entry in self.records.entries]


class Raced(InMemoryRecordStore):
    """Somebody else writes the record before each of the next `races` writes."""

    races = 0

    def write(self, record: Record) -> Record:
        if self.races:
            self.races -= 1
            other = self.records.get(record.key, Record(key=record.key))
            super().write(replace(other, value={**other.value, "limit": 20.0}))
        return super().write(record)


class Broken(InMemoryRecordStore):
    """Fails while `error` is set, after `calls` more calls, at reading or at writing."""

    error: Exception | None = None
    fails_at = "read"
    calls = 0

    def read(self, keys: Any) -> dict[RecordKey, Record]:
        self.calls += 1
        if self.error and self.fails_at == "read":
            raise self.error
        return super().read(keys)

    def write(self, record: Record) -> Record:
        self.calls += 1
        if self.error and self.fails_at == "write":
            raise self.error
        return super().write(record)


def test_a_report_without_signals_costs_no_call() -> None:
    records = Broken()
    desk = Desk(records)
    assert desk.desk.take(None, RESOURCES) == {}
    assert records.calls == 0


def test_the_budget_reacts_at_once_and_its_log_says_why() -> None:
    desk = Desk()
    assert desk.take(rds_orders=BUSY) == {"signals": 1, "budgets_changed": 1}
    assert (desk.budget().limit, desk.budget().changed_at) == (20, desk.clock.now())
    assert desk.log == [("resource/rds:orders", {"why": "1 of 1 uses failed: 40 → 20"})]


def test_the_budget_before_its_first_tick_is_its_floor_where_no_start_is_given() -> None:
    desk = Desk(react=lambda _resource, budget, *_: replace(budget, limit=4.5, why="slow"))
    without = {DB: resource(DB, start=None, floor=2)}
    assert desk.desk.take({DB: FINE}, without)["budgets_changed"] == 1
    assert desk.log == [("resource/rds:orders", {"why": "slow: 2 → 4"})]


def test_a_budget_that_stays_the_same_number_is_kept_without_a_line_in_the_log() -> None:
    desk = Desk()
    assert desk.take(rds_orders=FINE) == {"signals": 1}
    assert desk.budget().memory == {"uses": 1}
    assert desk.log == []


def test_a_budget_that_does_not_change_is_not_written() -> None:
    desk = Desk(react=lambda _resource, budget, *_: budget)
    desk.take(rds_orders=FINE)
    assert desk.version().version == 0


def test_a_budget_reacts_once_a_second_and_to_all_that_was_heard_meanwhile() -> None:
    desk = Desk()
    for _ in range(3):
        desk.take(rds_orders=FINE)
        desk.clock.advance(seconds=0.3)
    assert (desk.version().version, desk.budget().memory) == (1, {"uses": 1})
    desk.clock.advance(seconds=0.1)
    desk.take(rds_orders=FINE)
    assert (desk.version().version, desk.budget().memory) == (2, {"uses": 4})


def test_each_budget_has_a_second_of_its_own() -> None:
    desk = Desk()
    desk.take(rds_orders=BUSY)
    assert desk.take(api_shop=BUSY, rds_orders=BUSY) == {"signals": 2, "budgets_changed": 1}
    assert (desk.budget(DB).limit, desk.budget(API).limit) == (20, 20)
    desk.clock.advance(EVERY)
    assert desk.take(api_shop=FINE) == {"signals": 1, "budgets_changed": 1}
    assert (desk.budget(DB).limit, desk.budget(API).memory) == (10, {"uses": 1})


def test_what_is_older_than_half_a_minute_tells_nothing_of_now() -> None:
    desk = Desk()
    desk.take(rds_orders=FINE)
    desk.take(rds_orders=BUSY)
    desk.clock.advance(KEPT + seconds(0.001))
    desk.take(rds_orders=FINE)
    assert desk.budget().limit is None


def test_a_lost_race_is_tried_once_more_from_what_is_there_then() -> None:
    records = Raced()
    records.races = 1
    desk = Desk(records)
    assert desk.take(rds_orders=BUSY)["budgets_changed"] == 1
    assert desk.budget().limit == 10
    assert [what for _, what in desk.log] == [{"why": "1 of 1 uses failed: 20 → 10"}]


def test_what_lost_two_races_is_kept_for_the_next_time() -> None:
    records = Raced()
    records.races = 2
    desk = Desk(records)
    assert desk.take(rds_orders=BUSY) == {"signals": 1}
    assert (desk.budget().limit, desk.log) == (20, [])
    desk.clock.advance(EVERY)
    desk.take(rds_orders=FINE)
    assert desk.budget().limit == 10


@pytest.mark.parametrize("fails_at", ["read", "write"])
def test_after_a_call_that_failed_no_report_waits_for_another_one_for_a_while(fails_at: str) -> None:
    records = Broken()
    records.error, records.fails_at = SoswError("DynamoDB is too busy"), fails_at
    desk = Desk(records)
    assert desk.take(rds_orders=BUSY, api_shop=BUSY) == {"signals": 2}
    calls = records.calls
    desk.clock.advance(EVERY)
    assert desk.take(rds_orders=BUSY) == {"signals": 1}
    assert (calls, records.calls) == ({"read": 1, "write": 2}[fails_at], calls)
    records.error = None
    desk.clock.advance(REST)
    desk.take(rds_orders=FINE)
    assert desk.budget().limit == {"read": 10, "write": 20}[fails_at]  # no write is risked twice


def test_a_record_that_cannot_be_read_stops_no_other_budget(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.records.write(Record(key=of_resource(DB), value={"control": 7}))
    assert desk.take(rds_orders=BUSY, api_shop=BUSY) == {"signals": 2, "budgets_changed": 1}
    assert (desk.version(DB).version, desk.budget(API).limit) == (1, 20)
    assert caplog.messages.count("signals.failed") == 1
    desk.clock.advance(EVERY)
    desk.take(rds_orders=BUSY)
    assert caplog.messages.count("signals.failed") == 1


def test_signals_of_a_resource_that_nobody_declared_are_counted_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    assert desk.take(db=FINE) == {"signals_undeclared": 1}
    assert desk.take(db={"count": 2}) == {"signals_undeclared": 2}
    assert caplog.messages == ["resource.undeclared"]
    assert desk.records.records == {}


def test_names_that_nobody_declared_fill_neither_the_memory_nor_the_log(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    for n in range(MAX_UNDECLARED + 5):
        desk.take(**{f"db{n}": FINE})
    assert len(caplog.messages) == MAX_UNDECLARED


def test_a_budget_whose_resource_is_declared_no_more_is_left_alone() -> None:
    desk = Desk()
    desk.take(rds_orders=FINE)
    desk.take(rds_orders=BUSY)
    desk.clock.advance(EVERY)
    desk.desk.take({API: FINE}, {API: RESOURCES[API]})
    assert desk.budget(DB).limit is None


def test_bad_signals_are_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    assert desk.take(rds_orders={"count": -1}, api_shop=BUSY) == {
        "signals": 1,
        "signals_dropped": 1,
        "budgets_changed": 1,
    }
    assert dict(desk.desk.take("none", RESOURCES)) == {"signals_dropped": 1}
    assert caplog.messages.count("signal.dropped") == 2


def test_by_itself_a_desk_reacts_as_the_controller_does() -> None:
    records = InMemoryRecordStore()
    clock = FakeClock()
    desk = SignalDesk(records=records, clock=clock)
    for _ in range(20):
        desk.take({DB: {"count": 50, "errors": {"429": 50}}}, RESOURCES)
        clock.advance(seconds=1)
    key = of_resource(DB)
    assert Budget.from_json(records.read([key])[key].value).limit == pytest.approx(20)
    assert records.entries[0].what["why"].endswith("failed by 429: 40 → 20")


def test_a_change_that_an_operators_limit_hides_is_kept_and_not_told() -> None:
    desk = Desk()
    limited = Budget(limit=40, control=Control(limit=10, limit_by="ann", limit_why="locks"))
    desk.records.write(replace(desk.version(), value=limited.to_json()))
    assert desk.take(rds_orders=BUSY) == {"signals": 1}
    assert (desk.budget().limit, desk.log) == (20, [])
    desk.clock.advance(EVERY)
    assert desk.take(rds_orders=BUSY) == {"signals": 1}
    desk.clock.advance(EVERY)
    assert desk.take(rds_orders=BUSY) == {"signals": 1, "budgets_changed": 1}
    assert desk.log == [("resource/rds:orders", {"why": "1 of 1 uses failed: 10 → 5"})]


def test_a_line_of_the_log_that_is_lost_takes_nothing_back(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()

    def lost(entry: Entry) -> None:
        raise SoswError("busy", entry)

    desk.records.note = lost  # type: ignore[method-assign]
    assert desk.take(rds_orders=BUSY) == {"signals": 1, "budgets_changed": 1}
    assert (desk.budget().limit, "note.lost" in caplog.messages) == (20, True)
