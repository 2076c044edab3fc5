"""What a person sees of a wait."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from sosw.client.progress import plain, progress
from sosw.client.status import JobStatus
from sosw.domain.job import JobState
from sosw.domain.task import JobId, LabourerName
from tests.factories import NOW
from tests.unit.client.conftest import ClientWorld

STATUS = JobStatus(
    job_id=JobId("k"),
    labourer=LabourerName("sales"),
    state=JobState.READY,
    submitted_at=NOW,
    priority=5,
    total=4,
    created=4,
    done=1,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_it_says_a_line_every_five_seconds_and_the_rate_of_what_was_closed_meanwhile() -> None:
    said = io.StringIO()
    show = plain(said)
    for seconds in (0.0, 1.0, 4.9, 5.0, 6.0):
        show(STATUS, seconds)
    show(replace(STATUS, done=4), 7.0)

    assert said.getvalue().splitlines() == [
        "    0.0 s  1 of 4 tasks closed (1 done, 0 dead, 3 open)",
        "    5.0 s  1 of 4 tasks closed (1 done, 0 dead, 3 open)",
        "    7.0 s  4 of 4 tasks closed (4 done, 0 dead), 0.4 tasks/s",
    ]


def test_while_tasks_are_written_their_number_so_far_is_told() -> None:
    status = replace(STATUS, state=JobState.CREATING, total=None, cursor=12_000, created=11_000)
    assert str(status) == "being created, 12,000 tasks so far, 1 done, 0 dead"


def test_on_a_terminal_it_is_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    said = Terminal()
    with progress(is_wanted=True, stream=said) as show:
        show(STATUS, 0.0)
        show(replace(STATUS, done=2, dead=2, failed=6), 1.0)

    last = said.getvalue().split("\r")[-1]
    assert "4/4" in last
    assert "2 done" in last
    assert "2 dead" in last


def test_progress_goes_to_stderr_and_only_when_wanted(world: ClientWorld, capsys: pytest.CaptureFixture[str]) -> None:
    job = world.client.submit("sales", idempotency_key="k")
    world.end("k", 0)
    world.count()
    job.wait()
    quiet = capsys.readouterr()
    job.wait(progress=True)
    told = capsys.readouterr()

    assert (quiet.out, quiet.err, told.out) == ("", "", "")
    assert told.err == "    0.0 s  1 of 1 tasks closed (1 done, 0 dead)\n"


def test_without_rich_it_says_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    said = Terminal()
    with progress(is_wanted=True, stream=said) as show:
        show(STATUS, 0.0)
    assert said.getvalue() == "    0.0 s  1 of 4 tasks closed (1 done, 0 dead, 3 open)\n"
