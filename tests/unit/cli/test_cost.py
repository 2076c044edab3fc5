"""`sosw cost`."""

from __future__ import annotations

import pytest

from sosw.cli.exits import Exit
from tests.unit.cli.conftest import Run


def test_costs_are_a_table_with_a_line_for_each_system(sosw: Run) -> None:
    lines = sosw("cost", "--tasks", "2e6", "--duration", "1.5", columns=120).out.splitlines()

    assert lines[0].split() == ["2,000,000", "tasks", "a", "million"]
    assert lines[1].split() == ["sosw", "a", "small", "task,", "measured", "$7.86", "$3.93"]
    assert "Workers that run 1.5 s at 512 MB" in lines[-3]
    assert "read in 20" in lines[-1]


def test_a_small_sum_keeps_three_digits_and_nothing_is_lost_in_80_columns(sosw: Run) -> None:
    lines = sosw("cost", "--tasks", "1_000", columns=80).out.splitlines()

    assert max(map(len, lines[:-3])) <= 80
    assert "$0.00393" in lines[1]


def test_costs_in_json(sosw: Run) -> None:
    told = sosw("cost", "--json", "--tasks", "1000", "--labourers", "1").json

    assert told.keys() == {
        "tasks", "duration", "memory", "prices", "workers_dollars", "idle_month_dollars", "systems",
    }  # fmt: skip
    assert told["systems"][0] == {
        "system": "sosw",
        "form": "a small task, measured",
        "dollars": pytest.approx(0.003931),
    }
    assert told["prices"]["region"] == "us-east-1"


@pytest.mark.parametrize("given", ["1.5", "0", "-3", "many", "1e30", "NaN", "Infinity"])
def test_a_number_of_tasks_that_is_none_is_refused_in_one_sentence(sosw: Run, given: str) -> None:
    ended = sosw("cost", f"--tasks={given}")

    assert ended.code == Exit.USAGE
    assert (
        ended.err
        == f"sosw: --tasks {given!r} must be a whole number from 1 to 1,000,000,000,000, such as 1000000 or 1e6\n"
    )
