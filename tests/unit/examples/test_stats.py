"""The numbers of the flight delays example, against values worked out by hand."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats import LATE_AFTER, Delays, Flight, summarise

ROW = {"carrier": "UA", "flight": "1545", "dest": "IAH", "dep_delay": "2", "arr_delay": "-11", "origin": "EWR"}
NOTHING = Delays(mean=None, median=None, p90=None)


def flight(name: str = "UA1", *, dep: int | None = 0, arr: int | None = 0) -> Flight:
    return Flight(name=name, dest="IAH", dep_delay=dep, arr_delay=arr)


def test_a_line_becomes_a_flight() -> None:
    assert Flight.from_row(ROW) == Flight(name="UA1545", dest="IAH", dep_delay=2, arr_delay=-11)


def test_na_is_no_delay_at_all() -> None:
    cancelled = Flight.from_row(ROW | {"dep_delay": "NA", "arr_delay": "NA"})

    assert (cancelled.dep_delay, cancelled.arr_delay) == (None, None)


@pytest.mark.parametrize("field", ["dep_delay", "arr_delay"])
@pytest.mark.parametrize("text", ["n/k", "", "1.5", "na"])
def test_an_unreadable_delay_is_refused_with_the_flight_the_field_and_the_value(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"flight UA1545 to IAH: {field} {text!r} is neither whole minutes nor NA"):
        Flight.from_row(ROW | {field: text})


def test_a_day_without_flights_is_a_valid_day_of_none() -> None:
    summary = summarise([])

    assert (summary.flights, summary.cancelled, summary.arrived) == (0, 0, 0)
    assert (summary.departure, summary.arrival, summary.late_share, summary.worst) == (NOTHING, NOTHING, None, None)


def test_a_day_with_nothing_but_cancelled_flights_has_no_delays() -> None:
    summary = summarise([flight(dep=None, arr=None)] * 3)

    assert (summary.flights, summary.cancelled, summary.arrived) == (3, 3, 0)
    assert (summary.departure, summary.arrival, summary.late_share, summary.worst) == (NOTHING, NOTHING, None, None)


def test_mean_median_and_p90_of_ten_delays_as_worked_out_by_hand() -> None:
    departures = [-5, -3, 0, 0, 2, 4, 10, 20, 60, 300]

    delays = summarise(flight(dep=minutes) for minutes in departures).departure

    assert delays == Delays(mean=38.8, median=3.0, p90=60)


def test_p90_is_a_delay_that_was_measured() -> None:
    delays = summarise(flight(dep=minutes) for minutes in [1, 2, 3, 100]).departure

    assert delays.p90 == 100


def test_a_flight_that_landed_elsewhere_departed_but_did_not_arrive() -> None:
    summary = summarise([flight(dep=8, arr=None), flight(dep=2, arr=4)])

    assert (summary.flights, summary.cancelled, summary.arrived) == (2, 0, 1)
    assert summary.departure.mean == 5.0
    assert summary.arrival.mean == 4.0


def test_late_means_more_than_fifteen_minutes_on_arrival() -> None:
    summary = summarise([flight(arr=15), flight(arr=16), flight(arr=-20), flight(dep=None, arr=None)])

    assert summary.late_share == 0.333


def test_the_worst_flight_is_the_latest_to_arrive_and_the_first_among_equals() -> None:
    first = flight("UA2", arr=90)

    summary = summarise([flight("UA1", dep=500, arr=20), first, flight("UA3", arr=90)])

    assert summary.worst == first


def test_a_summary_as_a_dictionary_is_plain_json() -> None:
    assert summarise([flight("UA2", dep=1, arr=3)]).as_dict() == {
        "flights": 1,
        "cancelled": 0,
        "arrived": 1,
        "departure": {"mean": 1.0, "median": 1.0, "p90": 1},
        "arrival": {"mean": 3.0, "median": 3.0, "p90": 3},
        "late_share": 0.0,
        "worst": {"name": "UA2", "dest": "IAH", "dep_delay": 1, "arr_delay": 3},
    }


minutes = st.integers(min_value=-120, max_value=2_000)
departed = st.builds(flight, dep=minutes, arr=st.none() | minutes)
flights = st.lists(departed | st.just(flight(dep=None, arr=None)), max_size=60)


@given(flights)
def test_every_flight_is_counted_once(flights: list[Flight]) -> None:
    summary = summarise(flights)

    assert summary.flights == len(flights)
    assert summary.cancelled == sum(f.dep_delay is None for f in flights)
    assert summary.arrived + summary.cancelled <= summary.flights


@given(st.lists(minutes, min_size=1, max_size=60))
def test_delays_lie_between_the_smallest_and_the_largest(delays: list[int]) -> None:
    found = summarise(flight(dep=each) for each in delays).departure

    assert found.mean is not None
    assert found.median is not None
    assert found.p90 is not None
    assert min(delays) <= found.mean <= max(delays)
    assert min(delays) <= found.median <= found.p90 <= max(delays)
    assert sum(each <= found.p90 for each in delays) >= 0.9 * len(delays)
    assert sum(each < found.p90 for each in delays) < 0.9 * len(delays)


@given(flights, st.randoms())
def test_the_order_of_the_flights_changes_no_number(flights: list[Flight], random: Random) -> None:
    shuffled = list(flights)
    random.shuffle(shuffled)
    one, other = summarise(flights), summarise(shuffled)

    assert (one.departure, one.arrival, one.late_share) == (other.departure, other.arrival, other.late_share)
    assert (one.worst and one.worst.arr_delay) == (other.worst and other.worst.arr_delay)


@given(flights)
def test_the_late_share_is_a_share_of_those_that_arrived(flights: list[Flight]) -> None:
    share = summarise(flights).late_share
    arrived = [f.arr_delay for f in flights if f.arr_delay is not None]

    if not arrived:
        assert share is None
    else:
        assert share == round(sum(delay > LATE_AFTER for delay in arrived) / len(arrived), 3)
