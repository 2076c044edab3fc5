"""The rule by which statements are billed. Its figures were asked of DynamoDB Local, byte by byte."""

from __future__ import annotations

from typing import Any

import pytest

from bench.here.units import KB, size, write_units
from sosw.aws.dynamodb.models import TASKS, Item

TASK: Item = {"id": {"S": "job#1"}, "queue": {"S": "sales/0"}, "rank": {"N": "5"}, "payload": {"S": ""}}
NUMBERS = """
0 1, 1 2, 10 2, 1000 2, 12 2, 123 3, 1230 3, 123000 3, 123456 4, 1234560 5, 1795260058970 8, 500001795260058970 10,
5001795260050000 7, -5 3, -123 4, 1.5 3, 0.05 2, 0.5 2, 12.25 3
"""


@pytest.mark.parametrize(("number", "told"), [pair.split() for pair in NUMBERS.split(",")])
def test_a_number_takes_a_byte_for_each_pair_of_digits_that_counts(number: str, told: str) -> None:
    assert size({"v": {"N": number}}) == 1 + int(told)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"S": "ü"}, 2),
        ({"BOOL": True}, 1),
        ({"M": {}}, 3),
        ({"M": {"row": {"N": "1"}, "version": {"N": "3"}}}, 19),
        ({"L": [{"S": "ab"}]}, 6),
    ],
)
def test_a_value_takes_what_the_server_says(value: dict[str, Any], told: int) -> None:
    assert size({"v": value}) == 1 + told


def test_a_type_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="B: no rule"):
        size({"v": {"B": b""}})


def test_a_task_costs_a_unit_for_each_started_kb_and_one_for_its_place_in_line() -> None:
    fitting: Item = {**TASK, "payload": {"S": "x" * (KB - size(TASK))}}
    assert [write_units(item, TASKS) for item in (TASK, fitting)] == [2, 2]
    assert write_units({**fitting, "payload": {"S": fitting["payload"]["S"] + "x"}}, TASKS) == 3


def test_a_task_that_stands_in_no_line_costs_nothing_there() -> None:
    assert write_units({name: TASK[name] for name in ("id", "payload")}, TASKS) == 1
