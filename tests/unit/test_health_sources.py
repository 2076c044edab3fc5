"""Sources of health: each query goes to its own, is asked once in half a minute, and fails alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any

import pytest

from sosw.domain.health import Query, Reading
from sosw.domain.records import Record, of_resource
from sosw.domain.standing import Budget
from sosw.health_sources import FunctionSource, HealthSources, SignalSource
from tests.factories import NOW, seconds
from tests.regulation import ORDERS, Readings, Store, a_query


class Failing:
    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        raise ValueError(len(queries), now.year)


class Silent:
    def read(self, queries: Sequence[Query], now: datetime) -> Mapping[Query, Reading]:
        del queries, now
        return {}


def readings(**values: float) -> Readings:
    source = Readings()
    source.values = values
    return source


def test_a_query_goes_to_the_source_that_it_names_with_all_others_of_it_and_once() -> None:
    one, other = readings(a=1, b=2), readings(c=3)
    sources = HealthSources({"one": one, "other": other})
    queries = [a_query("a", "one"), a_query("b", "one"), a_query("c", "other"), a_query("a", "one")]
    found = sources.read(queries, NOW)
    assert [found[query].value for query in queries] == [1, 2, 3, 1]
    assert (one.asked, other.asked) == ([queries[:2]], [queries[2:3]])


def test_a_reading_serves_for_half_a_minute() -> None:
    one = readings(a=1)
    sources = HealthSources({"one": one})
    for after in (0, 29, 30, 40, 61):
        sources.read([a_query("a", "one")], NOW + seconds(after))
    assert len(one.asked) == 3


def test_what_is_known_is_not_asked_for_with_what_is_not() -> None:
    one = readings(a=1, b=2)
    sources = HealthSources({"one": one})
    sources.read([a_query("a", "one")], NOW)
    sources.read([a_query("a", "one"), a_query("b", "one")], NOW + seconds(5))
    assert one.asked[1] == [a_query("b", "one")]


def test_a_source_that_fails_or_is_silent_or_unknown_is_a_problem_of_its_own_queries() -> None:
    sources = HealthSources({"failing": Failing(), "silent": Silent(), "well": readings(a=1)})
    queries = [a_query("a", source) for source in ("failing", "silent", "faling", "well")]
    found = sources.read(queries, NOW)
    assert [found[query].problem for query in queries] == [
        "source failing failed: ValueError(1, 2026)",
        "its source has not answered",
        "there is no source faling: did you mean 'failing'?",
        "",
    ]


# --- what Workers signalled ---


def signal(**details: Any) -> Query:
    from sosw.domain import jsontext  # noqa: PLC0415

    return Query(source="signals", details=jsontext.dump(details))


def test_signals_of_many_resources_take_one_read() -> None:
    store = Store()
    store.write(Record(key=of_resource(ORDERS), value=Budget(memory={"hot": 0.0}).to_json()))
    queries = [signal(resource=ORDERS, signal="calm"), signal(resource="never", signal="latency"), signal(signal="?")]
    found = SignalSource(store).read(queries, NOW)
    assert found[queries[0]].value == NOW.timestamp()
    assert "no Worker has signalled" in found[queries[1]].problem
    assert "details.resource" in found[queries[2]].problem
    assert store.calls == ["write", "read"]


def test_without_a_signal_that_can_be_asked_for_nothing_is_read() -> None:
    store = Store()
    SignalSource(store).read([signal(signal="?"), Query(source="signals", details="[]")], NOW)
    assert store.calls == []


def test_records_that_cannot_be_read_are_a_problem() -> None:
    store = Store()
    store.broken = {"read"}
    query = signal(resource=ORDERS, signal="calm")
    assert SignalSource(store).read([query], NOW)[query].problem == "read is broken"


# --- functions ---


def test_a_function_gets_the_details_and_the_moment() -> None:
    def function(details: Mapping[str, Any], now: datetime) -> float:
        return float(len(details["MetricName"]) + now.hour)

    query = a_query("abc", "mine")
    assert FunctionSource("mine", function).read([query], NOW) == {query: Reading(value=15.0, at=NOW)}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "mine has no value"),
        ("7", "mine answered '7', which is no number"),
        (float("nan"), "mine answered nan, which is no number"),
        (ValueError("no such gauge"), "mine raised ValueError('no such gauge')"),
    ],
)
def test_a_function_without_an_answer_is_a_missing_measurement(answer: Any, problem: str) -> None:
    def function(_details: Mapping[str, Any], _now: datetime) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    query = a_query("a", "mine")
    assert FunctionSource("mine", function).read([query], NOW)[query].problem == problem


def test_a_function_that_hangs_is_left_behind_and_called_again_when_it_has_ended() -> None:
    release = Event()

    def function(details: Mapping[str, Any], _now: datetime) -> float:
        if details["MetricName"] == "hangs":
            release.wait()
        return 1.0

    source = FunctionSource("mine", function, patience=0.05)
    first, hanging, last = (a_query(name, "mine") for name in ("first", "hangs", "last"))
    found = source.read([first, hanging, last], NOW)
    assert [found[query].value for query in (first, hanging, last)] == [1.0, None, None]
    assert found[hanging].problem == "mine has not answered within 0.05 s"
    assert source.read([first], NOW)[first].problem == "mine still hangs in an earlier call"
    release.set()
    assert source._thread is not None
    source._thread.join()
    assert source.read([first], NOW)[first].value == 1.0
