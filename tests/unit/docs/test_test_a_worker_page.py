"""docs/howto/test-a-worker.md: its tests pass, and a new Worker is what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sosw.cli import scaffolding
from sosw.testing import Rehearsal
from tests.unit.cli.conftest import Run, sosw, world
from tests.unit.docs import markdown as md

__all__ = ["sosw", "world"]

PAGE = md.page("docs/howto/test-a-worker.md")
TESTS = ["test_a_busy_page_is_an_error", "test_a_busy_page_is_tried_again"]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "snippet"}
    for block in md.blocks(PAGE, "python"):
        exec(compile("\n" * block.line + block.text, md.name(PAGE), "exec"), scope)  # noqa: S102
    return scope


def test_the_page_has_these_tests(page: dict[str, Any]) -> None:
    assert [name for name in page if name.startswith("test_")] == TESTS


def test_the_test_of_a_task_passes(page: dict[str, Any], sosw_run_task: Any) -> None:
    page[TESTS[0]](sosw_run_task)


def test_the_test_of_a_job_passes(page: dict[str, Any], sosw_rehearsal: Any) -> None:
    page[TESTS[1]](sosw_rehearsal)


def test_what_the_command_prints_is_on_the_page(
    sosw: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = (block.text for block in md.blocks(PAGE, "text"))
    command, printed = shown.split("\n", 1)
    assert sosw(*command.removeprefix("$ sosw ").split()).out == printed


def test_every_file_of_a_new_worker_is_told() -> None:
    table = next(rows for rows in md.tables(PAGE, under="Begin"))
    told = {code for row in table for code in md.codes(row["file"])}
    assert told == {path for path, _ in scaffolding.templates()}


def test_everything_that_a_rehearsal_shows_or_does_is_told() -> None:
    text = md.section(PAGE, "A whole job")
    shown = {name for name in vars(Rehearsal) if not name.startswith("_")} | {"attempts", "handed", "clock"}
    assert {name for name in shown if f".{name}" not in text and f"`{name}`" not in text} == set()
