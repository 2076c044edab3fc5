"""`sosw task`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sosw.cli.exits import Exit
from sosw.cli.task import _duration
from sosw.domain.task import TaskId
from tests.unit.cli.conftest import Run
from tests.unit.client.conftest import SHOPS, ClientWorld
from tests.unit.client.test_history import archived


@pytest.fixture
def ended(world: ClientWorld) -> ClientWorld:
    world.client.submit("sales", idempotency_key="j", **SHOPS, shops=["a", "b"])
    world.end("j", 0)
    world.end("j", 1, is_dead=True)
    return world


def test_a_task_is_told_line_by_line(sosw: Run, ended: ClientWorld) -> None:
    lines = [line.rstrip() for line in sosw("task", "j#1").out.splitlines()]
    assert lines[0] == "task j#1 of sales: dead"
    assert lines[1].startswith("payload  {")
    assert lines[2].split(maxsplit=3) == ["2026-01-01", "12:00:00.000", "UTC", "created"]
    assert lines[3].split(maxsplit=3)[3] == "+0 s attempt 1 started"
    assert lines[4].split(maxsplit=3)[3] == "+0 s attempt 1 failed: ValueError: no"
    assert (
        lines[5].strip().startswith("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:")
    )
    assert lines[5].index("https") == lines[4].index("attempt")
    assert lines[6].endswith("dead after 1 try: it failed in a way that no retry can mend")
    assert lines[7] == "it leaves the table from 2026-01-31 12:00:00.000 UTC on"
    assert [line.split()[-6:-3] for line in lines[8:]] == [["sosw", "dead", "replay"], ["sosw", "dead", "discard"]]
    assert ended.task_of("j", 1).state == "dead"


def test_it_is_told_from_the_archive_too(sosw: Run, ended: ClientWorld) -> None:
    archived(ended)
    assert "sosw dead" not in sosw("task", "j#1").out  # it has left the table: nobody can replay it there
    assert (
        sosw("task", "j#0", "--date", "2026-01-01").out.splitlines()[0] == "task j#0 of sales: done, from the archive"
    )
    assert sosw("task", "j#0", "--json").json["is_archived"] is True


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("j",), Exit.USAGE, "'j' is not the id of a task: those are such as j#0"),
        (("j#last",), Exit.USAGE, "'j#last' is not the id of a task: those are such as j#0"),
        (("#1",), Exit.USAGE, "'#1' is not the id of a task: those are such as delays-2013-02#0"),
        (
            ("j#0", "--date", "31.1.2026"),
            Exit.USAGE,
            "--date '31.1.2026' must be a day that exists, such as 2026-01-31",
        ),
        (("j#7",), Exit.FAILED, "there is no task 'j#7': job j has 2, counted from 0"),
    ],
)
@pytest.mark.usefixtures("ended")
def test_a_mistake_is_one_sentence(sosw: Run, words: tuple[str, ...], code: Exit, sentence: str) -> None:
    done = sosw("task", *words)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err


def test_what_an_attempt_had_before_it_failed_is_no_result(sosw: Run, ended: ClientWorld) -> None:
    for number in (0, 1):
        key = TaskId(f"j#{number}")
        ended.tasks.tasks[key] = replace(ended.tasks.tasks[key], result={"rows": 7})
    assert '\nresult   {"rows": 7}\n' in sosw("task", "j#0").out
    assert '\npartial  {"rows": 7}\n' in sosw("task", "j#1").out


def test_moment_and_duration_do_not_run_into_each_other(sosw: Run, world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="j")
    world.clock.advance(seconds=86_399)
    world.end("j", 0)
    assert " UTC +23 h 59 min " in sosw("task", "j#0").out


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (0, "+0 s"), (0.2504, "+0.25 s"), (59.9, "+59.9 s"), (60, "+1 min"), (200, "+3 min 20 s"), (7500, "+2 h 5 min"),
        (3600, "+1 h"), (273_600, "+3 d 4 h"), (-3, "+-3 s"),
    ],
)  # fmt: skip
def test_a_duration_is_told_by_its_two_largest_units(time: float, said: str) -> None:
    assert _duration(timedelta(seconds=time)) == said
