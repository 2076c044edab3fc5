"""What Workers signalled, as a measurement."""

from __future__ import annotations

from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.health import Reading
from sosw.domain.moments import to_ms
from sosw.domain.signalled import asked, signalled
from tests.factories import NOW, seconds
from tests.regulation import ORDERS

MEMORY = {
    "pulse.opened": float(to_ms(NOW)),
    "pulse.latency": 0.5,
    "pulse.usual": 0.25,
    "pulse.learnt_at": float(to_ms(NOW)),
    "hot": float(to_ms(NOW)),
}


def test_a_signal_of_a_resource_is_asked_for_by_both_names() -> None:
    assert asked({"resource": ORDERS, "signal": "calm"}) == (ORDERS, "calm")


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ({"signal": "calm"}, "must be the name of a resource"),
        ({"resource": ORDERS}, "is no signal (known: calm, latency, slowdown)"),
        ({"resource": ORDERS, "signal": "latancy"}, "did you mean 'latency'?"),
    ],
)
def test_what_cannot_be_asked_is_refused(details: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        asked(details)
    assert sentence in str(refused.value)


def test_latency_is_that_of_the_last_window_and_slowdown_that_in_times_the_usual() -> None:
    assert signalled(ORDERS, "latency", MEMORY, NOW) == Reading(value=0.5, at=NOW)
    assert signalled(ORDERS, "slowdown", MEMORY, NOW) == Reading(value=2.0, at=NOW)


def test_calm_grows_while_no_overload_is_signalled() -> None:
    later = NOW + seconds(90)
    assert signalled(ORDERS, "calm", MEMORY, later) == Reading(value=90.0, at=later)


@pytest.mark.parametrize("signal", ["latency", "slowdown", "calm"])
def test_what_nobody_signalled_is_missing(signal: str) -> None:
    assert f"of {ORDERS}" in signalled(ORDERS, signal, {}, NOW).problem


def test_a_latency_of_long_ago_is_missing() -> None:
    assert "for 300 s" in signalled(ORDERS, "latency", MEMORY, NOW + seconds(301)).problem
