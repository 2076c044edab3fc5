"""What holds for every division of a budget."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sosw.domain.shares import LEAST_WITH_ROOM, ROOM_PARTS, Draw, lowered, raised, water_fill
from sosw.domain.task import LabourerName

NAMES = st.sampled_from([LabourerName(name) for name in "abcdef"])
WEIGHTS = st.sampled_from([0.5, 1.0, 2.0, 3.0, 10.0])
DRAWS = st.dictionaries(
    NAMES, st.builds(Draw, weight=WEIGHTS, running=st.integers(0, 40), wants=st.integers(0, 60)), min_size=1
)
IDLE = st.dictionaries(NAMES, st.builds(Draw, weight=WEIGHTS, running=st.just(0), wants=st.integers(0, 60)), min_size=1)
"""Nothing runs yet: what is fair, and nothing else."""
TOTALS = st.integers(0, 120)
SHARES = st.dictionaries(NAMES, st.integers(0, 60))


@given(TOTALS, DRAWS)
def test_what_runs_and_what_may_start_never_exceed_the_budget_or_what_runs_already(
    total: int, draws: dict[LabourerName, Draw]
) -> None:
    shares = water_fill(total, draws)
    running = sum(draw.running for draw in draws.values())
    assert sum(max(shares[name], draw.running) for name, draw in draws.items()) <= max(total, running)
    assert list(shares) == list(draws)
    assert min(shares.values()) >= 0


@given(TOTALS, IDLE)
def test_nothing_of_a_budget_is_kept_back(total: int, draws: dict[LabourerName, Draw]) -> None:
    assert sum(water_fill(total, draws).values()) == total


@given(TOTALS, IDLE)
def test_what_is_not_for_work_that_waits_is_a_tenth_at_most(total: int, draws: dict[LabourerName, Draw]) -> None:
    shares = water_fill(total, draws)
    if any(shares[name] < draw.wants for name, draw in draws.items()):
        unused = sum(max(0, shares[name] - draw.wants) for name, draw in draws.items())
        assert unused <= max(total // ROOM_PARTS, total >= LEAST_WITH_ROOM)


@given(TOTALS, IDLE)
def test_no_slot_would_do_more_good_to_one_who_has_less_for_its_weight(
    total: int, draws: dict[LabourerName, Draw]
) -> None:
    shares = water_fill(total, draws)
    for name, draw in draws.items():
        for other, its in draws.items():
            if shares[name] < draw.wants and other != name and shares[other] > (its.wants == 0):
                assert (shares[other] - 1) / its.weight <= shares[name] / draw.weight


@given(st.integers(0, 60), st.lists(WEIGHTS, min_size=1, max_size=6))
def test_where_all_want_more_each_gets_its_weight_within_a_slot(total: int, weights: list[float]) -> None:
    draws = {LabourerName(str(n)): Draw(weight=w, running=0, wants=1_000) for n, w in enumerate(weights)}
    shares = water_fill(total, draws)
    for name, draw in draws.items():
        assert shares[name] < total * draw.weight / sum(weights) + 1


@given(TOTALS, IDLE)
def test_a_larger_budget_takes_no_slot_from_work_beyond_room_to_begin(
    total: int, draws: dict[LabourerName, Draw]
) -> None:
    smaller, larger = water_fill(total, draws), water_fill(total + 1, draws)
    served = [sum(min(some[name], draw.wants) for name, draw in draws.items()) for some in (smaller, larger)]
    assert served[1] >= served[0] - 1


@given(TOTALS, IDLE)
def test_one_with_work_keeps_its_first_slot_before_others_keep_room(
    total: int, draws: dict[LabourerName, Draw]
) -> None:
    shares = water_fill(total, draws)
    working = [name for name, draw in draws.items() if draw.wants]
    if total >= len(working):
        assert all(shares[name] for name in working)


@given(TOTALS, DRAWS)
def test_shares_come_to_what_is_fair_as_soon_as_nobody_is_over_it(total: int, draws: dict[LabourerName, Draw]) -> None:
    fair = water_fill(total, {name: replace(draw, running=0) for name, draw in draws.items()})
    if all(draw.running <= fair[name] for name, draw in draws.items()):
        assert water_fill(total, draws) == fair


@given(TOTALS, SHARES)
def test_lowered_shares_fit_and_none_rises(total: int, shares: dict[LabourerName, int]) -> None:
    fewer = lowered(shares, total)
    assert sum(fewer.values()) == min(total, sum(shares.values()))
    assert all(fewer[name] <= share for name, share in shares.items())


@given(TOTALS, SHARES)
def test_raised_shares_fill_the_budget_and_none_falls(total: int, shares: dict[LabourerName, int]) -> None:
    more = raised(shares, total)
    assert sum(more.values()) == max(total if any(shares.values()) else 0, sum(shares.values()))
    assert all(more[name] >= share for name, share in shares.items())
