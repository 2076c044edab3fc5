"""What goes out as text comes back as it was: JSON, messages, moments."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sosw.domain import reported
from sosw.domain.assignment import RESERVED_KEYS, assignment, worker_event
from sosw.domain.errors import InvalidInput
from sosw.domain.jsontext import MAX_RESULT_BYTES, checked, dump, load, parse_object, reportable
from sosw.domain.messages import Order, Wake, cancel_event, resume_event
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.report import Report
from sosw.domain.reported import MAX_CLASSES, MAX_RESOURCES, MAX_SECONDS, MAX_USES
from sosw.domain.signals import Signals
from sosw.domain.task import JobId
from tests.factories import LABOURER, LEASE, NOW, a_task, claimed

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=4)
PAYLOADS = st.dictionaries(TEXTS.filter(lambda key: key not in RESERVED_KEYS), JSON, max_size=4)
ANYTHING = st.recursive(
    JSON | st.floats() | st.text() | st.binary() | st.decimals() | st.dates() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.none() | st.text(), inner) | st.tuples(inner),
    max_leaves=8,
)
NAMES = st.text(min_size=1)
PRINTED = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=25)
KEYS_OF_SIGNALS = ("count", "timed", "seconds", "errors", "ended")
SIGNALS = st.builds(
    lambda timed, untimed, mean, errors, ended: Signals(
        count=timed + untimed, timed=timed, seconds=round(timed * mean, 6), errors=errors, ended=ended
    ),
    timed=st.integers(0, MAX_USES // 2),
    untimed=st.integers(0, MAX_USES // 2),
    mean=st.floats(0, MAX_SECONDS - 1),
    errors=st.dictionaries(PRINTED, st.integers(1, MAX_USES), max_size=MAX_CLASSES),
    ended=st.integers(0, 1),
)
REPORTS = st.builds(
    Report,
    action=st.sampled_from(["complete", "heartbeat"]),
    task_id=NAMES,
    attempt=st.integers(1),
    labourer=st.none() | NAMES,
    result=JSON,
    stats=st.none() | OBJECTS,
    signals=st.none() | JSON,
) | st.builds(
    Report,
    action=st.just("fail"),
    task_id=NAMES,
    attempt=st.integers(1),
    error=st.text(),
    message=st.text(),
    is_retryable=st.booleans(),
    stats=st.none() | OBJECTS,
)


def alike(one: Any, other: Any) -> bool:
    """Equal in value, in type and in the order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other and math.copysign(1, one) == math.copysign(1, other) if one == 0 else one == other)


@given(JSON)
def test_json_comes_back_with_its_types_and_its_order(value: Any) -> None:
    assert alike(load(dump(value)), value)
    assert alike(load(checked(value, "payload", limit=10_000_000)), value)


@given(OBJECTS)
def test_an_object_given_as_text_is_the_object(value: dict[str, Any]) -> None:
    assert alike(parse_object(dump(value), "job"), value)


@given(st.text())
def test_a_text_is_an_object_or_refused_by_name(text: str) -> None:
    said: dict[str, Any] | str
    try:
        said = parse_object(text, "job")
    except InvalidInput as refused:
        said = str(refused)
    assert isinstance(said, dict) or said.startswith("job: ")


@given(JSON)
def test_a_result_that_json_can_carry_is_reported_as_it_is(value: Any) -> None:
    assert alike(reportable(value, 10_000_000), value)


@given(ANYTHING)
def test_any_result_can_be_reported_and_stays_as_it_is_then(value: Any) -> None:
    reported = reportable(value)
    assert len(dump(reported).encode()) <= MAX_RESULT_BYTES
    assert alike(load(dump(reported)), reported)
    assert alike(reportable(reported), reported)


@given(PAYLOADS, st.integers(0, 99))
def test_a_worker_gets_its_payload_as_it_was_and_knows_its_attempt(payload: dict[str, Any], attempt: int) -> None:
    event = load(dump(worker_event(claimed(a_task(payload=payload, attempt=attempt)))))
    assert alike({key: event[key] for key in payload}, payload)
    told = assignment(event)
    assert told is not None
    assert (told.id, told.attempt, told.lease_until) == ("job#0", attempt + 1, NOW + LEASE)


@given(REPORTS)
def test_a_report_is_read_as_it_was_sent(report: Report) -> None:
    assert Report.from_event(report.to_event()) == report


@given(st.dictionaries(PRINTED, SIGNALS, max_size=MAX_RESOURCES))
def test_signals_are_read_as_they_were_sent(signals: dict[Any, Signals]) -> None:
    told = {name: each.to_json() for name, each in signals.items()}
    assert reported.read(load(dump(told))) == (signals, [])


@given(ANYTHING | st.dictionaries(PRINTED, st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS_OF_SIGNALS, JSON))))
def test_whatever_a_report_signals_the_rest_of_it_is_taken(given: Any) -> None:
    found, problems = reported.read(given)
    assert bool(problems) or len(found) == len(given)
    assert Report.from_event({"action": "complete", "task_id": "t", "signals": given}).task_id == "t"


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers())))
def test_a_wake_is_read_as_it_was_sent(ended: dict[Any, dict[Any, int]]) -> None:
    assert Wake.from_event(load(dump(Wake(ended=ended).to_event()))) == Wake(ended=ended)


@given(NAMES.map(JobId), st.text(), st.text())
def test_an_order_is_read_as_it_was_sent(job: JobId, by: str, why: str) -> None:
    assert Order.from_event(resume_event(job)) == Order(job_id=job, is_cancel=False)
    assert Order.from_event(cancel_event(job, by=by, why=why)) == Order(job_id=job, is_cancel=True, by=by, why=why)


@given(JSON)
def test_any_event_is_a_report_or_refused(event: Any) -> None:
    with pytest.raises(InvalidInput):
        Report.from_event({"labourer": LABOURER, "x": event})


@given(st.datetimes(datetime(1970, 1, 1), datetime(5000, 1, 1), timezones=st.just(timezone.utc)))  # noqa: DTZ001
def test_a_moment_comes_back_to_the_millisecond(moment: datetime) -> None:
    assert timedelta() <= moment - from_ms(to_ms(moment)) < timedelta(milliseconds=1)
    assert to_ms(from_ms(to_ms(moment))) == to_ms(moment)
