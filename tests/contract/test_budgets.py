"""What tasks and labourers cost, from end to end: the budgets of `make bench`, on lives that are short enough for this.

Each runs the benchmark's own program, so its counts are those of the page; times are left to the benchmark.
"""

from __future__ import annotations

from typing import Any

import pytest

from bench import programs
from bench.costs import whole
from bench.sections.idle import LABOURERS
from bench.sections.idle import MOST as MOST_IDLE
from bench.sections.life import MOST_CALLS, MOST_READS, MOST_WRITES
from bench.sections.queue import MOST_READS as MOST_READS_BESIDE_A_QUEUE
from tests.contract.backends import Dynamo

TASKS, LIMIT = 200, 100
A_MINUTE, LENGTHS = 20, (100, 1_000)


def ran(metered: Dynamo, program: str, *arguments: object) -> dict[str, Any]:
    """In an environment of its own on the server."""
    prefix = f"budget-of-{program}"
    return programs.here(program, *arguments, AWS_ENDPOINT_URL_DYNAMODB=metered.endpoint, SOSW_PREFIX=prefix)


def test_a_tasks_whole_life_keeps_its_budgets_of_calls_and_units(metered: Dynamo) -> None:
    told = ran(metered, "life", TASKS, 1, LIMIT)
    assert (told["closed"], told["archived"], told["unchecked"]) == (TASKS, TASKS, 0)
    cost = whole(told)
    assert cost.calls <= MOST_CALLS
    assert cost.write_units <= MOST_WRITES
    assert cost.read_units <= MOST_READS


def test_a_task_reads_no_more_beside_a_queue_of_a_thousand_than_beside_one_of_a_hundred(metered: Dynamo) -> None:
    short, long = (whole(minute) for minute in ran(metered, "queue", A_MINUTE, *LENGTHS)["minutes"])
    assert long.read_units <= MOST_READS_BESIDE_A_QUEUE
    assert long.read_units == pytest.approx(short.read_units, rel=0.3)
    assert long.calls == pytest.approx(short.calls, rel=0.3)


def test_an_idle_labourer_keeps_its_budget_of_calls_a_minute(metered: Dynamo) -> None:
    few, many = ran(metered, "idle", *LABOURERS)["minutes"]
    more = sum(many["calls"].values()) - sum(few["calls"].values())
    assert more / (LABOURERS[1] - LABOURERS[0]) <= MOST_IDLE
