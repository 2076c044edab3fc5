"""The fast loop: what signals make of a budget."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sosw.domain.controller import react
from sosw.domain.health import OnMissing
from sosw.domain.signals import Signals, signal
from sosw.domain.standing import Budget
from sosw.domain.task import LabourerName
from tests.factories import NOW, seconds
from tests.unit.domain.controlling import ALONE, RDS, calls, calm, confirmed, steered, told

A, B = LabourerName("a"), LabourerName("b")
FULL = Budget(limit=40.0, shares={A: 30, B: 10})


def limit(budget: Budget) -> float:
    assert budget.limit is not None
    return budget.limit


def test_without_signals_nothing_changes() -> None:
    assert react(RDS, FULL, Signals(), NOW) is FULL


def test_errors_that_mean_overload_cut_at_once_and_say_why() -> None:
    budget = told(FULL, 1, **calls(30, 0.1, TooManyConnections=10, KeyError=5))
    assert limit(budget) == 20
    assert budget.why == "rds:orders: 10 of 45 uses failed by TooManyConnections"
    assert budget.cut_at == budget.changed_at == NOW + seconds(1)


def test_the_more_errors_the_deeper_the_cut() -> None:
    cuts = [limit(told(FULL, 1, **calls(200, 0.1, **{"429": bad}))) for bad in (1, 5, 20, 60, 200)]
    assert cuts == sorted(cuts, reverse=True)
    assert 39 < cuts[0] < 40
    assert cuts[-1] == 20


def test_one_error_among_few_uses_is_no_catastrophe() -> None:
    assert limit(told(FULL, 1, **calls(0, 0.0, **{"503": 1}))) == 30


def test_other_errors_change_nothing() -> None:
    assert told(FULL, 1, **calls(5, 0.1, KeyError=30)).limit == 40


def test_a_cut_lowers_the_shares_along_with_the_budget() -> None:
    budget = told(FULL, 1, **calls(0, 0.1, **{"429": 40}))
    assert budget.shares == {A: 15, B: 5}


def test_it_never_falls_below_the_floor() -> None:
    budget = Budget(limit=2.0)
    assert told(budget, 1, **calls(0, 0.1, **{"429": 40})).limit == 2


def test_a_cut_waits_until_the_last_one_has_shown() -> None:
    bad = calls(0, 0.1, **{"429": 40})
    budget = told(FULL, 1, **bad)
    assert told(budget, 3, **bad).limit == 20
    assert told(budget, 10, **bad).limit == 20
    assert told(told(budget, 9, ended=20), 10, **bad).limit == 10
    assert told(budget, 62, **bad).limit == 10


def test_a_cut_waits_longer_while_attempts_are_heard_to_end() -> None:
    bad = calls(0, 0.1, **{"429": 40})
    draining = told(told(FULL, 1, **bad), 30, ended=5)
    assert told(draining, 62, **bad).limit == 20
    assert told(draining, 302, **bad).limit == 10


def test_latency_over_the_usual_cuts_within_seconds_and_says_why() -> None:
    budget = confirmed()
    later = calm(budget, 180, 186, latency=0.25)
    assert 20 <= limit(later) < 32
    assert later.why.startswith("rds:orders latency ")
    assert later.why.endswith(", usually 102 ms")


def test_a_latency_that_is_not_for_certain_too_long_changes_nothing() -> None:
    budget = confirmed()
    assert calm(budget, 180, 200, latency=0.112).limit == 40
    assert told(budget, 181, **calls(2, 0.2)).limit == 40


def test_what_is_usual_must_be_known_first() -> None:
    budget = told(told(FULL, 1, **calls(20, 0.1)), 2, **calls(20, 0.4))
    assert budget.limit == 40
    assert "hot" not in budget.memory


def test_signs_of_overload_are_noted_also_when_it_is_too_soon_to_cut() -> None:
    budget = told(FULL, 1, **calls(0, 0.1, **{"429": 40}))
    assert told(budget, 3, **calls(0, 0.1, **{"429": 40})).memory["hot"] > budget.memory["hot"]


def test_a_latency_that_stays_becomes_the_usual_in_the_end() -> None:
    budget = calm(confirmed(), 180, 1500, latency=0.2)
    assert budget.memory["pulse.usual"] > 0.16
    assert calm(budget, 1500, 1600, latency=0.2).limit == budget.limit


def test_what_is_much_faster_than_usual_is_raised_before_a_metric_shows_it() -> None:
    budget = calm(replace(confirmed(), shares={A: 30, B: 10}), 180, 260, latency=0.07)
    assert limit(budget) == 52
    assert sum(budget.shares.values()) == 52
    assert budget.shares[A] > 30
    assert budget.why.endswith("ms, usually 100 ms")


def test_it_is_not_raised_while_the_metric_says_too_much() -> None:
    budget = replace(confirmed(), reading=90.0)
    assert calm(budget, 180, 260, latency=0.07).limit == 40


def test_it_is_not_raised_soon_after_signs_of_overload_nor_before_a_cut_has_shown() -> None:
    cut = told(confirmed(), 181, **calls(0, 0.1, **{"429": 40}))
    assert limit(cut) == 20
    quick = {**calls(20, 0.07), "ended": 0}
    for second in range(182, 240):
        cut = told(cut, second, **quick)
    assert limit(cut) == 20
    assert limit(told(cut, 245, **quick)) > 20


def test_without_a_metric_it_rises_by_itself_with_a_ramp() -> None:
    budget = replace(FULL, limit=4.0, shares={A: 4})
    seen = [limit(calm(budget, 0, until, resource=ALONE)) for until in (10, 30, 60, 120, 200)]
    assert seen == sorted(seen)
    assert seen[-1] > 30
    assert calm(budget, 0, 20, resource=ALONE).why == "rds:orders latency 100 ms, as usual"


def test_without_latencies_it_is_quiet_as_long_as_nothing_fails() -> None:
    budget = told(replace(FULL, limit=4.0), 20, ALONE, count=5, ended=5)
    assert (limit(budget), budget.why) == (8, "rds:orders is quiet")


def test_without_a_metric_it_does_not_rise_while_calls_get_slower() -> None:
    budget = calm(FULL, 0, 5, resource=ALONE)
    assert calm(budget, 5, 40, latency=0.13, resource=ALONE).limit == budget.limit


def test_without_a_metric_it_rises_in_single_steps_above_its_last_crest() -> None:
    above = replace(FULL, limit=64.0, rising=3, memory={"pulse.crest": 50.0})
    below = replace(FULL, limit=64.0, rising=3, memory={"pulse.crest": 90.0})
    assert limit(told(above, 20, ALONE, **calls(20, 0.1))) == 68
    assert limit(told(below, 20, ALONE, **calls(20, 0.1))) == 72


def test_without_a_metric_it_does_not_rise_far_beyond_what_is_in_use() -> None:
    budget = steered(replace(FULL, limit=40.0), None, 1, 3, ALONE)
    assert calm(budget, 60, 200, resource=ALONE).limit == 40
    busy = steered(replace(FULL, limit=40.0), None, 1, 40, ALONE)
    assert 40 < limit(calm(busy, 60, 500, resource=ALONE)) <= 80


@pytest.mark.parametrize(("on_missing", "least", "most"), [("hold", 39, 40), ("floor", 20, 20), ("ignore", 41, 100)])
def test_while_a_metric_is_missing_it_recovers_as_far_as_declared(on_missing: str, least: int, most: int) -> None:
    resource = replace(RDS, on_missing=OnMissing(on_missing))
    budget = confirmed(resource=resource)
    cut = told(budget, 181, resource, **calls(0, 0.1, **{"429": 40}))
    missing = replace(cut, problem="no data")
    assert least <= limit(calm(missing, 182, 600, resource=resource)) <= most


def test_a_clock_that_is_behind_does_no_harm() -> None:
    budget = calm(confirmed(), 180, 190)
    assert told(budget, 100, **calls(20, 0.1)).limit == 40
    cut = told(budget, 191, **calls(0, 0.1, **{"429": 40}))
    assert told(cut, 100, **calls(0, 0.1, **{"429": 40})).limit == 20


def test_signals_without_squares_are_taken_for_widely_spread() -> None:
    budget = confirmed()
    assert told(budget, 181, count=20, timed=20, seconds=5.0).limit == 40
    assert limit(told(budget, 181, count=400, timed=400, seconds=100.0)) < 40
    assert limit(told(budget, 181, **calls(40, 0.25))) < 40


def test_seconds_are_said_as_people_read_them() -> None:
    budget = calm(confirmed(latency=1.0), 180, 186, latency=3.0)
    assert budget.why.endswith(", usually 1.03 s")


def test_a_call_without_a_latency_teaches_none() -> None:
    budget = react(RDS, FULL, signal(error="KeyError"), NOW)
    assert budget.memory["pulse.usual"] == 0


def test_what_was_told_before_a_change_says_nothing_of_it() -> None:
    budget = calm(confirmed(), 180, 186, latency=0.25)
    assert budget.cut_at is not None
    assert told(FULL, 1, **calls(0, 0.1, **{"429": 40})).memory["pulse.short.count"] == 0
    raised = calm(replace(FULL, limit=4.0), 0, 1, resource=ALONE)
    assert (limit(raised), raised.memory["pulse.long.count"]) == (8, 0)


def test_a_cut_of_the_slow_loop_must_show_before_the_fast_one_cuts_again() -> None:
    cut = steered(FULL, 90.0, 1, 40)
    bad = calls(0, 0.1, **{"429": 40})
    assert told(cut, 70, **bad).limit == cut.limit
    assert limit(told(told(cut, 69, ended=30), 70, **bad)) < limit(cut)
