"""`make soak` itself: what it is made of finds planted bugs, and a violation ends it with exit code 1.

Without any time it looks at the first thousand states of each system, and at nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.property import mutants
from tests.property.crash.stories import STORIES
from tests.soak import parts

ROOT = Path(__file__).parents[2]
FOREVER = float("inf")
NUMBERS = {story.name: number for number, story in enumerate(STORIES)}


def soak(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.soak", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=600)


def test_words_that_it_does_not_know_are_answered_with_those_that_it_knows() -> None:
    ended = soak("1", "with", "a_bug_that_nobody_planted")
    assert ended.returncode == 1
    assert ended.stderr.startswith("usage:")


@pytest.mark.long
def test_without_a_bug_it_tells_three_lines_without_a_violation_and_nothing_of_what_roles_log() -> None:
    ended = soak("0")
    assert (ended.returncode, ended.stderr) == (0, "")
    told = [line.split(":")[0] for line in ended.stdout.splitlines()[-3:] if line.endswith(", 0 violations")]
    assert told == ["crash points", "states", "seeds"]


@pytest.mark.long
def test_a_planted_bug_is_told_with_the_line_that_repeats_it_and_is_exit_code_1() -> None:
    ended = soak("0", "with", "a_claim_is_taken_from_any_state")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert 'again: python -m tests.soak states "' in ended.stdout
    assert not ended.stdout.splitlines()[-2].endswith(" 0 violations")


@pytest.mark.long
def test_its_crash_points_find_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    mutants.a_late_success_resurrects_the_dead(monkeypatch)
    number = NUMBERS["a_job_is_done"]
    assert any(parts.crash_points(number, part, FOREVER).broken for part in range(parts.OF_STORIES))


@pytest.mark.long
def test_its_crash_points_tell_of_a_story_that_breaks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    mutants.a_sweep_frees_nothing(monkeypatch)
    told = parts.crash_points(NUMBERS["the_stream_delivers_nothing"], 0, FOREVER)
    assert told.broken


@pytest.mark.long
def test_its_seeds_find_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    mutants.a_claim_is_taken_from_any_state(monkeypatch)
    monkeypatch.setattr(parts, "SEEDS", 5)
    assert parts.seeds(0, FOREVER).broken
