"""What tasks cost, by their size."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from bench.here.units import size
from sosw.aws.dynamodb.models import TaskModel, item_of
from sosw.domain.cost import BESIDES, dollars, write_units
from sosw.domain.jsontext import dump
from sosw.domain.prices import prices
from sosw.domain.task import JobId, LabourerName, task_id
from tests.factories import World, a_task, claimed

SMALL = {"date_list": ["2013-01-01"], "origins": ["EWR"]}


def padded(count: int) -> dict[str, Any]:
    """A payload of so many bytes."""
    return {"pad": "x" * (count - len('{"pad":""}'))}


@pytest.mark.parametrize(
    ("count", "units"),
    [(50, 6), (1024 - BESIDES, 6), (1025 - BESIDES, 9), (10_240 - BESIDES, 33), (204_800, 606)],
)
def test_a_task_is_written_three_times_and_each_started_kb_is_a_unit(count: int, units: int) -> None:
    assert write_units(padded(count)) == units


def test_bytes_are_counted_and_not_characters() -> None:
    assert write_units({"name": "ü" * 400}) == 9


@pytest.mark.parametrize("payload", [SMALL, padded(5_000), {"name": "ü" * 5_000}])
def test_the_size_of_a_task_is_that_of_its_item(payload: dict[str, Any]) -> None:
    job = JobId(str(uuid.UUID(int=7)))
    fields: dict[str, Any] = {
        "id": task_id(job, 123_456),
        "job_id": job,
        "labourer": LabourerName("flight-delays"),
        "payload": payload,
    }
    waiting, running = (size(item_of(TaskModel, task)) for task in (a_task(**fields), claimed(a_task(**fields))))
    counted = len(dump(payload).encode()) + BESIDES

    assert abs(counted - waiting) < 80
    assert abs(counted - running) < 80


def test_a_task_of_200_kb_costs_a_hundred_times_a_small_one() -> None:
    small, large = dollars(1_000_000, [SMALL]), dollars(1_000_000, [padded(204_800)])

    assert small == pytest.approx(5.07, abs=0.01)
    assert large - small == pytest.approx(
        1e6 * prices().of({"dynamodb_write_unit": 600, "dynamodb_read_unit": 25}), rel=0.01
    )


def test_tasks_of_several_sizes_cost_their_mean_and_none_cost_nothing() -> None:
    assert dollars(10_000, [SMALL, padded(50_000)]) == pytest.approx(
        (dollars(10_000, [SMALL]) + dollars(10_000, [padded(50_000)])) / 2
    )
    assert dollars(0, []) == 0


@pytest.mark.parametrize(("count", "least"), [(10, 5e-6), (200_000, 3.7e-4)])
def test_a_dry_run_tells_what_its_payloads_cost(count: int, least: float) -> None:
    answer = World().submit({"lambda_name": "sales", "pad": "x" * count, "dry_run": True}, "r")

    assert answer["dollars"] == pytest.approx(least, rel=0.05)


def test_a_dry_run_of_many_tasks_looks_at_the_first_ones_and_the_last() -> None:
    world = World()
    world.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    shops = [*range(1500), "x" * 100_000]
    job = {"lambda_name": "sales", "job_schema_name": "by_shop", "isolate_shops": True, "shops": shops}
    answer = world.submit({**job, "dry_run": True}, "r")

    assert (answer["tasks"], answer["first"]["shops"], answer["last"]["shops"]) == (1501, [0], shops[-1:])
    assert answer["dollars"] == pytest.approx(1501 * (5.07e-6 + 1.85e-4 / 1001), rel=0.02)
