"""A task's cost is that of its phases, each by the tasks that went through it."""

from __future__ import annotations

from typing import Any

import pytest

from bench.costs import by_phase, operations, whole
from bench.meter import Bill
from bench.phases import CLAIM, CREATE, STREAM, Phases

COSTS = {"read_units": 20.0, "write_units": 40.0, "bytes": 10_240, "cpu": 1.0, "wall": 2.0}
RUN: dict[str, Any] = {
    "tasks": 100,
    "created": 10,
    "started": 20,
    "phases": {
        CREATE: {"calls": {"PutItem": 20, "s3:PutObject": 1}, **COSTS},
        CLAIM: {"calls": {"Query": 1, "UpdateItem": 20}, **COSTS},
    },
}


def test_each_phase_is_told_per_task_that_went_through_it() -> None:
    create, claim = by_phase(RUN).values()
    assert (create.write_units, claim.write_units) == (4, 2)
    assert (create.calls, claim.calls) == (2, 1.05)
    assert whole(RUN).read_units == 3


def test_where_all_went_through_all_the_tasks_are_the_number() -> None:
    everywhere = {name: RUN[name] for name in ("tasks", "phases")}
    assert whole(everywhere).write_units == pytest.approx(0.8)


def test_the_file_of_a_job_in_s3_is_not_counted() -> None:
    assert operations(RUN, CREATE) == "20 PutItem"
    assert operations(RUN, CLAIM) == "20 UpdateItem, 1 Query"
    assert operations(RUN, STREAM) == "–"


def test_the_cells_of_a_cost_are_for_people_and_ratios_are_between_them() -> None:
    create, claim = by_phase(RUN).values()
    assert create.cells() == [2, 4, 2, 1, 100]
    assert create.over(claim)[1:] == [2, 2, 2, 2]


def test_a_phase_is_billed_for_its_blocks_and_nothing_between_them() -> None:
    bill = Bill()
    phase = Phases(bill)
    for units in (1.0, 2.0):
        with phase(CREATE):
            bill.add("PutItem", units)
        bill.add("GetItem", 100)
    with phase(CLAIM):
        bill.add("Query", 0.5)
    told = phase.told()
    assert told[CREATE]["calls"] == {"PutItem": 2}
    assert (told[CREATE]["write_units"], told[CREATE]["read_units"]) == (3, 0)
    assert (told[CLAIM]["write_units"], told[CLAIM]["read_units"]) == (0, 0.5)
    assert told[CLAIM]["cpu"] >= 0


def test_bytes_are_those_of_dynamodb_both_ways() -> None:
    class Model:
        class service_model:  # noqa: N801  (botocore's name)
            service_name = "dynamodb"

        name = "PutItem"

    class Other(Model):
        class service_model:  # noqa: N801  (as above)
            service_name = "s3"

    class Response:
        content = b"{}"

    bill = Bill()
    for model in (Model, Other):
        bill.sent({"body": b'{"a": 1}'}, model)
        bill({}, model, http_response=Response)
    assert bill.bytes == 8 + 2
