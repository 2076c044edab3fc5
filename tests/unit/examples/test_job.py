"""The job as shipped, through the Scheduler with the settings as shipped, is one task an origin, carrier and day."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from examples.flight_delays.demo import BROKEN
from examples.flight_delays.verdict import subjects
from sosw.domain.settings import EssentialSettings
from tests.factories import World

EXAMPLE = Path(__file__).parents[3] / "examples" / "flight_delays"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLE / name).read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def payloads() -> list[dict[str, Any]]:
    world = World()
    world.config = read("config.json")
    world.submit(read("job.json"))
    return [dict(task.payload) for task in world.tasks.tasks.values()]


def subject(payload: dict[str, Any]) -> tuple[str, str, str]:
    (origin,), (carrier,), (date,) = payload["origins"], payload["carriers"], payload["date_list"]
    return origin, carrier, date


def test_the_settings_are_accepted_at_the_door() -> None:
    labourer = EssentialSettings.checked(read("config.json")).labourer("flight-delays")

    assert labourer.max_simultaneous_invocations == 10
    assert labourer.retry.max_attempts == 3


def test_each_origin_carrier_and_day_is_exactly_one_task(payloads: list[dict[str, Any]]) -> None:
    made = Counter(map(subject, payloads))

    assert set(made.values()) == {1}
    assert [len(set(part)) for part in zip(*made, strict=True)] == [3, 16, 7]
    assert len(payloads) == 336
    assert sorted(made) == sorted(subjects(read("job.json")))


def test_the_outage_and_the_damaged_line_strike_one_task_each(payloads: list[dict[str, Any]]) -> None:
    outage = read("job.json")["outage"]
    struck = (outage["origin"], outage["carrier"], outage["date"])
    made = list(map(subject, payloads))

    assert made.count(struck) == 1
    assert made.count(BROKEN) == 1
    assert struck != BROKEN


def test_the_outage_passes_before_the_attempts_are_used_up() -> None:
    labourer = EssentialSettings.checked(read("config.json")).labourer("flight-delays")

    assert read("job.json")["outage"]["failures"] == 2 < labourer.retry.max_attempts
