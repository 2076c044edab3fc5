"""Every call of every role dies, is throttled, is half done, or gets its reply late; and nothing is lost or doubled.

One point is one line to repeat: `python -m tests.soak crash a_job_is_done 17 DIES_AFTER`.
"""

from __future__ import annotations

from types import ModuleType

import pytest

from sosw.domain import job, lifecycle
from tests.contract.backends import Memory
from tests.property.crash import harness, taps, town
from tests.property.crash.mutants import FOUND, FOUND_OF_OWN, SURVIVORS
from tests.property.crash.own_mutants import OWN
from tests.property.crash.stories import STORIES
from tests.property.crash.taps import Made
from tests.property.mutants import Mutant
from tests.property.slot_mutants import EVERY_MUTANT

IN_CHECK, IN_TEST, PARTS = 97, 9, 4
"""One in so many points is tried by `make check`, and by `make test`; all of them by `make soak`."""
ELSEWHERE = {
    "config.look": "of who stores a configuration: `sosw apply`, a person's command that says when it failed",
    "config.replace": "as `config.look`",
    "bucket.keys": "of who reads the archive",
    "jobs.recent": "of who lists jobs: reads alone",
    "records.log": "of who reads the log of changes: reads alone",
}
"""Methods of ports that no Essential calls, with the reason."""


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return [call for story in STORIES for call in harness.tell(story, None, Memory().world())]


def test_every_port_and_every_method_is_known_to_the_harness() -> None:
    assert taps.unknown() == []


def test_every_part_of_the_world_of_the_essentials_is_known_to_the_harness() -> None:
    assert town.unknown() == set()


def test_together_the_stories_make_every_call_that_there_is(made: list[Made]) -> None:
    known = {f"{port}.{method}" for port, told in taps.PORTS.items() for method in told.methods}
    assert {f"{call.port}.{call.method}" for call in made} == known - ELSEWHERE.keys()


def test_together_the_stories_make_every_move_of_tasks_and_jobs(made: list[Made]) -> None:
    moves = _moves(lifecycle, "tasks", "Transition") | _moves(job, "jobs", "JobMove")
    assert {move for call in made for move in call.moves} == moves


def _moves(module: ModuleType, port: str, kind: str) -> set[str]:
    returns = {name: getattr(part, "__annotations__", {}).get("return") for name, part in vars(module).items()}
    return {f"{port}.{name}" for name, returned in returns.items() if returned == kind and not name.startswith("_")}


def test_from_some_crash_points_all_comes_to_its_end() -> None:
    assert harness.broken(harness.every_point(), one_in=IN_CHECK) == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_from_more_crash_points_all_comes_to_its_end(part: int) -> None:
    points = harness.every_point(STORIES[part::PARTS])
    assert harness.broken(points, one_in=IN_TEST) == []


@pytest.mark.long
@pytest.mark.parametrize("plant", EVERY_MUTANT, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found_where_it_can_show(plant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    if plant.__name__ in SURVIVORS:
        pytest.skip(f"survives: {SURVIVORS[plant.__name__]}")
    plant(monkeypatch)
    (story,) = [story for story in STORIES if story.name == FOUND[plant.__name__]]
    assert harness.is_broken(story)


@pytest.mark.long
@pytest.mark.parametrize("plant", OWN, ids=lambda plant: plant.__name__)
def test_a_planted_bug_in_what_comes_after_a_tasks_end_is_found(plant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    (story,) = [story for story in STORIES if story.name == FOUND_OF_OWN[plant.__name__]]
    assert harness.is_broken(story)


def test_every_planted_bug_is_found_or_explained() -> None:
    names = {plant.__name__ for plant in EVERY_MUTANT}
    assert FOUND.keys() | SURVIVORS.keys() == names
    assert not FOUND.keys() & SURVIVORS.keys()
    assert FOUND_OF_OWN.keys() == {plant.__name__ for plant in OWN}
