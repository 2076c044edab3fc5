"""What a Worker signals: added up, bounded, and never worth an error."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import reported
from sosw.domain.jsontext import dump
from sosw.domain.reported import MAX_CLASSES, MAX_RESOURCES, MAX_SIGNALS_BYTES
from sosw.domain.signals import OTHERS, Signals, signal, together
from sosw.notebook import Notebook


def test_uses_are_added_up_by_resource_and_taken_once() -> None:
    book = Notebook()
    book.note("db", latency=0.5)
    book.note("db", latency=timedelta(seconds=1))
    book.note("db", error="429")
    book.note("db", latency=2, error=TimeoutError())
    book.note("api", error=429)
    assert book.take(is_last=False) == {
        "db": together(
            [signal(latency=0.5), signal(latency=1), signal(error="429"), signal(latency=2, error="TimeoutError")]
        ),
        "api": signal(error="429"),
    }
    assert book.take(is_last=False) == {}


def test_the_end_of_the_attempt_is_told_to_every_resource_that_it_used() -> None:
    book = Notebook()
    book.note("db", latency=0.5)
    book.take(is_last=False)
    book.note("api", error="503")
    assert book.take(is_last=True) == {
        "db": Signals(ended=1),
        "api": replace(signal(error="503"), ended=1),
    }


def test_what_could_not_be_sent_goes_with_the_next_report() -> None:
    book = Notebook()
    book.note("db", latency=0.5)
    taken = book.take(is_last=False)
    book.note("db", latency=1.0)
    book.put_back(taken)
    assert book.take(is_last=False) == {"db": signal(latency=0.5) + signal(latency=1)}


@pytest.mark.parametrize(
    ("resource", "said", "sentence"),
    [
        ("db", {}, "signal: 'db' must have a latency, an error, or both"),
        ("db", {"latency": -0.1}, "latency: -0.1 must be seconds from 0 to 86,400, or a timedelta"),
        ("db", {"latency": "fast"}, "latency: 'fast' must be seconds"),
        ("db", {"latency": True}, "latency: True must be seconds"),
        ("db", {"latency": float("nan")}, "latency: nan must be seconds"),
        ("db", {"latency": 10**400}, "must be seconds"),
        ("db", {"error": ""}, "error: '' must be an exception, or the name of its class"),
        ("", {"error": "429"}, "resource: '' must be a name of 1 to 128 bytes, on one line"),
        (None, {"error": "429"}, "resource: None must be a name"),
        (["db"], {"error": "429"}, "resource: ['db'] must be a name"),
    ],
)
def test_a_signal_that_cannot_be_is_logged_once_and_left_out(
    resource: Any, said: dict[str, Any], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    book = Notebook()
    for _ in range(2):
        book.note(resource, **said)
    assert book.take(is_last=True) == {}
    (line,) = caplog.messages
    assert line.startswith("signal.dropped: ")
    assert sentence in line


def test_no_more_resources_are_noted_than_a_report_may_tell_of(caplog: pytest.LogCaptureFixture) -> None:
    book = Notebook()
    for n in range(MAX_RESOURCES):
        book.note(f"db{n}", latency=1)
    book.take(is_last=False)
    book.note("one-more", latency=1)
    book.note("db7", latency=2)
    assert set(book.take(is_last=True)) == {f"db{n}" for n in range(MAX_RESOURCES)}
    assert "resource: 'one-more' is more than the 8 resources" in caplog.text


def test_no_more_uses_are_noted_than_a_report_may_tell_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sosw.notebook.MAX_USES", 2)
    book = Notebook()
    for _ in range(3):
        book.note("db", latency=1)
    assert book.take(is_last=False) == {"db": signal(latency=1) + signal(latency=1)}
    assert "resource: 'db' has more than the 2 uses" in caplog.text


def test_the_most_that_can_be_told_fits_and_is_read_whole() -> None:
    book = Notebook()
    for resource in range(MAX_RESOURCES + 1):
        for error in range(50):
            book.note(f"{resource:>100}".replace(" ", "ü")[-64:], latency=86_399.999_999, error=f"{error:>100}")
    told = {name: signals.to_json() for name, signals in book.take(is_last=True).items()}
    found, problems = reported.read(told)
    assert len(dump(told).encode()) <= MAX_SIGNALS_BYTES
    assert problems == []
    assert [len(signals.errors) for signals in found.values()] == [MAX_CLASSES] * MAX_RESOURCES
    assert [signals.errors[OTHERS] for signals in found.values()] == [50 - MAX_CLASSES + 1] * MAX_RESOURCES


def test_what_is_said_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    Notebook().note("db")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
