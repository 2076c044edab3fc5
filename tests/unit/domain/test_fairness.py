"""Tags and ledgers: the rules of weighted fairness."""

from __future__ import annotations

from datetime import timedelta

from sosw.domain import jsontext
from sosw.domain.fairness import (
    MAX_KEYS,
    QUANTUM,
    SETTLING,
    Ledger,
    Placement,
    Taken,
    ledger_of,
    ledgers,
)
from sosw.domain.moments import EPOCH, to_ms
from sosw.domain.ranks import NUMBERS, Section, rank
from sosw.domain.task import JobId
from tests.factories import JOB, NOW, a_task, seconds

OTHER = JobId("other")


def test_tags_of_a_job_lie_apart_by_its_weight() -> None:
    for weight, tags in {1: [7, 107, 207, 307], 3: [7, 40, 73, 107], 100: [7, 8, 9, 10]}.items():
        assert [Placement(tag=7, weight=weight).tag_of(number) for number in range(4)] == tags


def test_no_two_tasks_of_a_job_have_the_same_tag() -> None:
    for weight in range(1, 101):
        tags = [Placement(weight=weight).tag_of(number) for number in range(300)]
        assert len(set(tags)) == 300
        assert tags[weight] == QUANTUM


def test_a_task_that_is_due_stands_ready_by_its_tag() -> None:
    assert Placement(tag=7, weight=2).placed(a_task(3), 3, is_due=True).rank == rank(5, Section.READY, 157)


def test_tasks_that_wait_for_a_moment_stand_by_it_a_little_apart() -> None:
    for placement, is_due in [(Placement(tag=None), False), (Placement(tag=None), True), (Placement(tag=7), False)]:
        ranks = [placement.placed(a_task(n), n, is_due=is_due).rank for n in (0, 3, 4, 4_000)]
        assert ranks == [rank(5, Section.APPOINTED, to_ms(NOW) + ms) for ms in (0, 0, 1, 1_000)]
    heavy = Placement(tag=None, weight=10)
    assert heavy.placed(a_task(4), 4_000, is_due=False).rank == rank(5, Section.APPOINTED, to_ms(NOW) + 100)


def test_the_virtual_time_is_the_lowest_tag_that_waits() -> None:
    assert Ledger(written=900, written_at=EPOCH).virtual_time(300, NOW) == 300


def test_when_nothing_waits_all_that_was_written_a_while_ago_was_served() -> None:
    ledger = Ledger().noted(900, NOW)
    assert ledger.virtual_time(None, NOW) == 0
    assert ledger.virtual_time(None, NOW + SETTLING) == 900


def test_what_is_noted_all_the_time_settles_all_the_same() -> None:
    ledger = Ledger()
    for second in range(60):
        ledger = ledger.noted(100 * second, NOW + seconds(second))
    late = ledger.virtual_time(None, NOW + seconds(60))
    assert 100 * (59 - 2 * SETTLING.total_seconds()) <= late <= 5_900


def test_a_lower_tag_than_was_noted_changes_nothing() -> None:
    ledger = Ledger().noted(900, NOW)
    assert ledger.noted(900, NOW + timedelta(days=1)) is ledger


def test_a_job_begins_where_its_key_ended_or_at_the_virtual_time() -> None:
    ledger = Ledger(keys={"a": Taken(100, 700, OTHER)})
    assert [ledger.start_of(key, JOB, 500) for key in ("a", "b", None)] == [700, 500, 500]
    assert ledger.start_of("a", JOB, 900) == 900


def test_a_job_that_has_taken_its_tags_keeps_them() -> None:
    ledger = Ledger(keys={"a": Taken(600, 700, JOB)})
    assert (ledger.start_of("a", JOB, 500), ledger.start_of("a", JOB, 650)) == (600, 650)


def test_keys_that_have_nothing_ahead_are_forgotten_and_of_the_others_those_with_the_least() -> None:
    ledger = Ledger()
    for n in range(MAX_KEYS + 3):
        ledger = ledger.took(f"k{n}", Taken(0, 100 + n, OTHER), 0)
    assert len(ledger.keys) == MAX_KEYS
    assert "k2" not in ledger.keys
    assert list(ledger.took("new", Taken(164, 264, JOB), 164).keys) == ["new", "k66", "k65"]


def test_a_job_taken_up_again_does_not_take_back_what_a_later_one_of_its_key_has() -> None:
    ledger = Ledger(keys={"a": Taken(700, 900, OTHER)})
    assert ledger.took("a", Taken(100, 700, JOB), 0) is ledger
    assert ledger.took("a", Taken(500, 1_100, JOB), 0).keys == {"a": Taken(500, 1_100, JOB)}


def test_a_job_that_is_given_up_gives_back_what_it_has_not_used() -> None:
    ledger = Ledger(keys={"a": Taken(100, 700, JOB), "b": Taken(0, 50, OTHER)})
    assert ledger.gave_back(JOB).keys["a"] == Taken(100, 100, JOB)
    assert ledger.gave_back(JOB, 300).keys["a"] == Taken(100, 300, JOB)
    assert ledger.gave_back(JOB, 9_999) == ledger
    assert ledger.gave_back(JobId("third")) is ledger


def test_tags_begin_anew_only_when_most_are_used_and_nothing_waits() -> None:
    worn = Ledger(written=NUMBERS - 1, keys={"a": Taken(0, 1, JOB)})
    assert worn.renewed(head=None) == Ledger()
    assert worn.renewed(head=3) is worn
    assert Ledger(written=900).renewed(head=None) == Ledger(written=900)


def test_a_ledger_comes_out_of_its_record_as_it_went_in_beside_those_of_other_priorities() -> None:
    ledger = Ledger(keys={"a": Taken(100, 700, JOB)}, written=900, written_at=NOW, before=400)
    value = jsontext.load(jsontext.dump(ledgers(ledgers({}, 5, ledger), 0, Ledger())))
    assert ledger_of(value, 5) == ledger
    assert ledger_of(value, 0) == ledger_of(value, 9) == Ledger()
