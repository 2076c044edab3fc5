"""What a task costs from its job's submission until it is archived and counted right: budgets of DESIGN §7."""

from __future__ import annotations

from typing import Any

import pytest

from bench import programs
from tests.contract.backends import Dynamo

TASKS, LIMIT = 200, 100


@pytest.fixture(scope="module")
def life(metered: Dynamo) -> dict[str, Any]:
    """Of a job, brought through by the handlers of all Essentials, as `make bench` does it."""
    return programs.here("life", TASKS, LIMIT, AWS_ENDPOINT_URL_DYNAMODB=metered.endpoint)


def test_all_of_it_happens_every_task_is_done_archived_and_counted(life: dict[str, Any]) -> None:
    assert (life["closed"], life["archived"], life["unchecked"]) == (TASKS, TASKS, 0)


def test_the_whole_life_of_a_task_costs_six_write_units_at_most(life: dict[str, Any]) -> None:
    assert life["write_units"] <= 6 * TASKS


def test_the_whole_life_of_a_task_costs_one_and_a_half_read_units_at_most(life: dict[str, Any]) -> None:
    assert life["read_units"] <= 1.5 * TASKS


def test_the_whole_life_of_a_task_costs_four_calls_at_most(life: dict[str, Any]) -> None:
    assert sum(life["calls"].values()) <= 4 * TASKS
