"""The slow loop: what a reading makes of a budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.domain import jsontext
from sosw.domain.controller import limit_of, measured, steer
from sosw.domain.health import OnMissing, Reading
from sosw.domain.moments import to_ms
from sosw.domain.standing import Budget
from tests.factories import NOW, seconds
from tests.unit.domain.controlling import ALONE, RDS, calm, confirmed, steered, told
from tests.unit.domain.controlling import calls as some

FULL = Budget(limit=40.0)


def limit(budget: Budget) -> float:
    assert budget.limit is not None
    return budget.limit


@pytest.mark.parametrize("load", [65.0, 70.0, 75.0])
def test_within_the_band_nothing_changes(load: float) -> None:
    budget = steered(FULL, load, 1, 40)
    assert (budget.limit, budget.reading, budget.why, budget.changed_at) == (40.0, load, "", None)
    assert budget.read_at == NOW


def test_above_the_band_it_falls_by_what_is_too_much_and_says_why() -> None:
    some_more, much_more = steered(FULL, 78.0, 1, 40), steered(FULL, 99.0, 1, 40)
    assert 20.0 == limit(much_more) < limit(some_more) < 40.0
    assert some_more.why == "rds:orders CPU 78 % > 75 %"
    assert (some_more.cut_at, some_more.changed_at) == (NOW + seconds(60), NOW + seconds(60))


def test_it_falls_from_what_is_in_use_not_from_what_is_allowed() -> None:
    assert limit(steered(FULL, 90.0, 1, 10)) <= 10
    assert limit(steered(FULL, 90.0, 1, 0)) == 20


def test_it_never_falls_below_the_floor_nor_by_more_than_the_deepest_cut() -> None:
    budget = FULL
    seen = [40.0]
    for minute in range(1, 12):
        budget = steered(budget, 100.0, minute, int(limit(budget)))
        seen.append(limit(budget))
        assert seen[-1] >= max(RDS.floor, int(seen[-2]) * RDS.decrease)
    assert seen[-1] == RDS.floor


def test_below_the_band_it_rises_with_a_ramp_and_says_why() -> None:
    first = steered(FULL, 30.0, 1, 40)
    second = steered(first, 31.0, 2, 44)
    assert (limit(first), limit(second)) == (44, 52)
    assert (first.why, second.rising) == ("rds:orders CPU 30 % < 65 %", 2)


def test_it_rises_by_no_more_than_the_load_has_room_for() -> None:
    budget, loads = Budget(limit=10.0), []
    for minute in range(1, 20):
        in_use = int(limit_of(RDS, budget))
        loads.append(20.0 + in_use)
        budget = steered(budget, loads[-1], minute, in_use)
    assert loads == sorted(loads)
    assert 65.0 <= loads[-1] <= 70.0


def test_it_stays_within_the_ceiling() -> None:
    budget = FULL
    for minute in range(1, 20):
        budget = steered(budget, 10.0, minute, int(limit_of(RDS, budget)))
    assert limit(budget) == RDS.ceiling
    assert steered(budget, 10.0, 30, 100).limit == RDS.ceiling


def test_what_is_not_used_is_not_raised() -> None:
    budget = steered(FULL, 20.0, 1, 20)
    assert (budget.limit, budget.rising) == (40.0, 0)


def test_a_reading_that_was_seen_changes_nothing() -> None:
    budget = steered(FULL, 90.0, 1, 40)
    assert steer(RDS, budget, Reading(value=99.0, at=budget.read_at), in_use=40, now=NOW + seconds(180)) is budget
    older = Reading(value=99.0, at=NOW - seconds(60))
    assert steer(RDS, budget, older, in_use=40, now=NOW + seconds(180)) is budget


def test_it_changes_at_most_once_in_the_settle_time() -> None:
    slow = replace(RDS, settle=timedelta(seconds=180))
    budget = steered(FULL, 90.0, 1, 40, slow)
    after = [steered(budget, 90.0, minute, 20, slow).limit for minute in (2, 3, 3.95)]
    assert [later == budget.limit for later in after] == [True, True, False]


def test_a_late_reading_is_not_corrected_twice() -> None:
    budget = FULL
    for minute in range(1, 4):
        budget = steered(budget, 70.0, minute, 40)
    once = steered(budget, 90.0, 4, 40)
    late = steer(RDS, once, Reading(value=90.0, at=NOW + seconds(210)), in_use=int(limit(once)), now=NOW + seconds(300))
    assert limit(late) > limit(once) * 0.75


def test_what_has_changed_since_the_reading_counts() -> None:
    budget = FULL
    for minute in range(1, 6):
        budget = steered(budget, 70.0, minute, 40)
    cut = steered(budget, 95.0, 6, 40)
    relieved = steer(
        RDS, cut, Reading(value=70.0, at=NOW + seconds(330)), in_use=int(limit(cut)), now=NOW + seconds(420)
    )
    assert limit(relieved) > limit(cut)
    assert relieved.why.startswith("rds:orders CPU 70 % and heading for ")


def test_a_missing_reading_is_said_and_what_held_holds() -> None:
    budget = steered(steered(FULL, 70.0, 1, 40), None, 2, 40, problem="AccessDenied: cloudwatch:GetMetricData")
    assert (budget.limit, budget.problem, budget.reading) == (40.0, "AccessDenied: cloudwatch:GetMetricData", 70.0)
    assert steered(budget, None, 3, 40).problem == "no value"
    assert steered(budget, 71.0, 4, 40).problem == ""


def test_a_missing_reading_falls_to_the_floor_where_that_is_declared() -> None:
    strict = replace(RDS, on_missing=OnMissing.FLOOR)
    budget = steered(FULL, None, 1, 40, strict, problem="no data")
    assert (budget.limit, budget.why) == (2, "rds:orders CPU is missing: no data")
    assert steered(budget, None, 2, 2, strict).changed_at == budget.changed_at


def test_without_a_measurement_it_notes_what_is_used_and_no_problem() -> None:
    budget = steered(FULL, None, 1, 33, ALONE)
    assert (budget.limit, budget.problem) == (40.0, "")
    assert 33.0 in budget.memory.values()


def test_a_new_budget_starts_where_it_is_declared_and_old_ones_keep_to_new_bounds() -> None:
    assert limit_of(RDS, Budget()) == 40
    assert limit_of(replace(RDS, start=None), Budget()) == 2
    assert limit_of(replace(RDS, ceiling=30), FULL) == 30
    assert steered(Budget(limit=1.0), 70.0, 1, 1).limit == 2


def test_a_source_without_a_time_is_read_as_of_now() -> None:
    budget = steer(RDS, FULL, Reading(value=90.0), in_use=40, now=NOW)
    assert (budget.read_at, limit(budget) < 40) == (NOW, True)
    assert steer(RDS, budget, Reading(value=90.0), in_use=30, now=NOW + seconds(60)).limit != budget.limit


def test_signs_of_overload_stop_rises_for_a_while() -> None:
    hot = replace(FULL, memory={"hot": float(to_ms(NOW + seconds(50)))})
    assert steered(hot, 30.0, 1, 40).limit == 40
    assert limit(steered(hot, 30.0, 1.5, 40)) > 40


def test_a_cut_of_the_fast_loop_is_not_undone_by_a_reading_from_before_it() -> None:
    cut = replace(FULL, memory={"fast cut": float(to_ms(NOW + seconds(10)))})
    assert steered(cut, 30.0, 1, 40).limit == 40
    assert limit(steered(cut, 30.0, 2, 40)) > 40


def test_a_rise_of_the_fast_loop_is_not_undone_by_a_reading_from_before_it() -> None:
    risen = replace(FULL, memory={"fast rise": float(to_ms(NOW + seconds(10)))})
    assert steered(risen, 90.0, 1, 40).limit == 40
    assert limit(steered(risen, 90.0, 2, 40)) < 40


def test_the_usual_latency_is_that_of_minutes_in_the_band() -> None:
    budget = confirmed(latency=0.1)
    assert budget.memory["pulse.usual"] == pytest.approx(0.1)
    assert budget.memory["pulse.confirmed"] == 1.0
    slower = steered(calm(budget, 180, 240, 0.11), 72.0, 4, 40)
    assert 0.1 < slower.memory["pulse.usual"] < 0.11


@pytest.mark.parametrize(("load", "latency"), [(90.0, 0.11), (40.0, 0.095)])
def test_a_load_out_of_the_band_makes_nothing_usual(load: float, latency: float) -> None:
    budget = calm(confirmed(), 180, 240, latency)
    assert steered(budget, load, 4, 40).memory["pulse.usual"] == budget.memory["pulse.usual"]


def test_a_latency_that_a_low_load_bears_is_usual() -> None:
    budget = calm(confirmed(), 180, 240, 0.11)
    assert steered(budget, 50.0, 4, 40).memory["pulse.usual"] > budget.memory["pulse.usual"]


def test_what_it_remembers_is_plain_and_stays_small() -> None:
    budget = FULL
    for minute in range(1, 120):
        budget = told(budget, minute * 60 - 30, **some(20, 0.1))
        budget = steered(budget, 60.0 + minute % 20, minute, int(limit_of(RDS, budget)))
    assert Budget.from_json(jsontext.load(jsontext.dump(budget.to_json()))) == budget
    assert len(budget.memory) < 70


def test_a_memory_that_cannot_be_steered_by_is_begun_anew() -> None:
    budget = steered(FULL, 80.0, 1, 40)
    broken = replace(budget, memory={**budget.memory, "gain": 0.0})
    assert steered(broken, 80.0, 2, 38).memory["gain"] > 0


def test_it_is_said_how_it_is() -> None:
    assert measured(RDS, 83.04) == "rds:orders CPU 83.04 %"
    assert measured(replace(RDS, label="connections", unit=""), 1500) == "rds:orders connections 1,500"
