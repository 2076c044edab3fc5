"""docs/explanation/peer-faults.md: every fault of sosw 0.7.51 names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.unit.docs import markdown as md
from tests.unit.docs.markdown import Row

PAGE = md.page("docs/explanation/peer-faults.md")
TESTS = md.ROOT / "tests"
FAULTS = {
    "Long jobs": 3,
    "Twice": 2,
    "Two tables": 2,
    "Late answers": 4,
    "Failure": 4,
    "Answers refused": 3,
    "One stops all": 5,
    "Invoke lost": 1,
    "Minute tick": 3,
    "Alarms": 1,
    "Configuration": 9,
    "Types": 2,
    "History": 2,
    "Cost": 7,
}
"""The groups in which the faults were found, and how many are told apart in each. A row that gets lost is missed."""


ROWS = [row for group in FAULTS for row in md.tables(PAGE, under=group)[0]]


@cache
def _functions(file: Path) -> list[str]:
    """Names of the functions at the top of the file: what pytest collects of it, without importing it."""
    return [node.name for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]


def test_the_page_has_every_fault_of_every_group() -> None:
    assert re.findall(r"^## (.*)$", PAGE.read_text("utf-8"), re.MULTILINE) == [*FAULTS, "What is left"]
    assert {group: len(md.tables(PAGE, under=group)[0]) for group in FAULTS} == FAULTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["sosw 0.7.51"])
def test_a_fault_says_what_happens_here_and_names_tests_that_exist(row: Row) -> None:
    assert all(row.values())
    named = [code.split("::") for code in md.codes(row["shown by"])]
    assert named
    assert re.sub(r"`[^`]*`|[, ]", "", row["shown by"]) == ""
    for file, function in named:
        assert function.startswith("test_")
        assert _functions(TESTS / file).count(function) == 1, f"{file} has no test {function}: which one shows it now?"


def test_the_tests_that_were_written_for_these_faults_are_all_named() -> None:
    said = {code for row in ROWS for code in md.codes(row["shown by"])}
    file = "unit/test_peer_faults.py"
    written = {f"{file}::{name}" for name in _functions(TESTS / file) if name.startswith("test_")}
    assert written <= said
