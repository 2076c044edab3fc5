"""The rate of starts: tokens are taken before, given back only when that cannot exceed the rate, else lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from sosw.domain.bucket import TOKEN
from sosw.domain.errors import InvokeUncertain
from sosw.domain.moments import to_ms
from sosw.domain.records import Record, RecordKey, of_labourer
from sosw.domain.resources import Rate
from sosw.rate_gate import BUCKET_GRACE, ROUNDS, Purse, RateGate
from sosw.testing import FakeClock, InMemoryRecordStore
from tests.factories import LABOURER, seconds

RATE, KEY = Rate(per_second=1, burst=4), of_labourer(LABOURER, "bucket")


class Records(InMemoryRecordStore):
    """Before each of the next `races` writes somebody else writes; after each of `lost`, the reply is lost."""

    races = lost = writes = 0
    is_down = False

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        if self.is_down:
            raise InvokeUncertain("table", "no answer")
        return super().read(keys)

    def write(self, record: Record) -> Record:
        self.writes += 1
        if self.races:
            self.races -= 1
            known = self.records.get(record.key, replace(record, version=0))
            self.records[record.key] = replace(known, version=known.version + 1)
        written = super().write(record)
        if self.lost:
            self.lost -= 1
            raise InvokeUncertain("table", "no answer")
        return written


class Bank:
    def __init__(self) -> None:
        self.records, self.clock, self.paused = Records(), FakeClock(), list[int]()
        self.gate = RateGate(self.records, self.clock, self.paused.append)

    def purse(self, rate: Rate = RATE, *, leaves: bool = False) -> Purse:
        return self.gate.purse(KEY, rate, leaves=leaves)

    def left(self) -> int:
        """Tokens that another dispatch could take now."""
        return self.purse().room(99)


def test_no_more_is_held_than_the_bucket_has() -> None:
    bank = Bank()
    assert bank.purse().hold(3) == 3
    assert bank.purse().hold(3) == 1
    assert bank.purse().hold(3) == 0


def test_an_empty_bucket_is_not_written() -> None:
    bank = Bank()
    bank.purse().hold(4)
    bank.purse().hold(1)
    assert bank.records.writes == 1


def test_what_is_held_already_is_not_taken_again() -> None:
    bank = Bank()
    purse = bank.purse()
    assert [purse.hold(2), purse.hold(2), purse.hold(3)] == [2, 2, 3]
    assert bank.left() == 1


def test_room_counts_what_is_in_hand_and_takes_nothing() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(1)
    assert [purse.room(2), purse.room(9)] == [2, 4]
    assert bank.left() == 3


def test_whoever_loses_the_race_looks_again_and_takes_what_is_left() -> None:
    bank = Bank()
    first, second = bank.purse(), bank.purse()
    assert [first.room(3), second.room(3)] == [3, 3]
    assert [first.hold(3), second.hold(3)] == [3, 1]
    assert bank.paused == [0]


def test_who_loses_every_race_holds_nothing() -> None:
    bank = Bank()
    bank.records.races = 99
    assert bank.purse().hold(1) == 0
    assert bank.paused == list(range(ROUNDS))


def test_tokens_of_a_take_whose_reply_was_lost_are_lost() -> None:
    bank = Bank()
    bank.records.lost = 1
    purse = bank.purse()
    assert purse.hold(3) == 0
    purse.give_back(0)
    assert bank.left() == 1
    assert purse.hold(3) == 1


def test_tokens_that_nobody_used_are_given_back() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(4)
    bank.clock.advance(seconds=1)
    purse.give_back(3)
    assert bank.left() == 2, "one that was given back, one that came meanwhile"


def test_giving_back_is_as_if_they_had_never_been_taken() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(4)
    bank.clock.advance(seconds=100)
    purse.give_back(0)
    assert bank.left() == 4, "not the four that came, and those given back"


def test_where_another_took_some_since_they_are_lost() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(3)
    bank.purse().hold(1)
    purse.give_back(0)
    assert bank.left() == 0


def test_of_two_takes_nothing_is_given_back() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(1)
    purse.hold(3)
    purse.give_back(1)
    assert bank.left() == 1


def test_used_tokens_are_not_given_back() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(2)
    purse.give_back(2)
    assert (bank.left(), bank.records.writes) == (2, 1)


def test_who_empties_a_bucket_that_is_too_small_is_woken_when_it_is_worth_it() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(5)
    assert (purse.next_at, bank.records.writes) == (bank.clock.now() + seconds(1), 1)


def test_who_gets_what_it_wants_need_not_be_woken() -> None:
    bank = Bank()
    purse = bank.purse()
    purse.hold(4)
    purse.see_to_wake()
    assert (purse.next_at, bank.records.writes) == (None, 1)


def test_who_finds_it_empty_is_woken_and_of_many_one() -> None:
    bank = Bank()
    bank.purse().hold(4)
    both = [bank.purse(), bank.purse()]
    for purse in both:
        purse.room(1)
    for purse in both:
        purse.see_to_wake()
    assert [purse.next_at for purse in both] == [bank.clock.now() + seconds(1), None]
    later = bank.purse()
    later.room(1)
    later.see_to_wake()
    assert later.next_at is None


def test_a_wake_that_did_not_come_is_seen_to_by_who_looks_next() -> None:
    bank = Bank()
    bank.purse().hold(5)
    bank.clock.advance(seconds=1)
    purse = bank.purse()
    purse.hold(5)
    assert purse.next_at == bank.clock.now() + seconds(1)


def test_a_wake_that_is_to_come_is_kept_over_takes_and_returns() -> None:
    bank = Bank()
    bank.purse(Rate(per_second=0.1, burst=4)).hold(5)
    bank.clock.advance(seconds=5)
    faster = bank.purse()
    faster.hold(9)
    faster.give_back(0)
    assert faster.next_at is None
    assert bank.records.records[KEY].value["wake"] == to_ms(bank.clock.now() + seconds(5))


def test_where_the_reply_of_a_take_was_lost_nobody_is_woken_by_us() -> None:
    bank = Bank()
    bank.records.lost = 1
    purse = bank.purse()
    purse.hold(5)
    purse.see_to_wake()
    assert purse.next_at is None


def test_a_bucket_of_a_key_may_leave_the_table_when_it_would_be_full_again() -> None:
    bank = Bank()
    bank.purse(leaves=True).hold(4)
    assert bank.records.records[KEY].expires_at == bank.clock.now() + seconds(4) + BUCKET_GRACE


def test_a_bucket_of_a_labourer_stays() -> None:
    bank = Bank()
    bank.purse().hold(4)
    written = bank.records.records[KEY]
    assert (written.expires_at, written.value["parts"]) == (None, 0)


def test_a_lower_rate_holds_at_once() -> None:
    bank = Bank()
    bank.purse().hold(1)
    assert bank.purse(Rate(per_second=1, burst=2)).hold(9) == 2
    assert bank.records.records[KEY].value["parts"] < TOKEN


def test_a_bucket_that_cannot_be_read_is_told() -> None:
    bank = Bank()
    bank.records.is_down = True
    with pytest.raises(InvokeUncertain):
        bank.purse().hold(1)
