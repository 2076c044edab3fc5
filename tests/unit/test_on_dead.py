"""The function that a labourer names is handed its dead tasks, at least once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sosw.dead_notices import RECORD
from sosw.domain.errors import InvokeRefused, InvokeUncertain
from sosw.domain.lifecycle import dead_key
from sosw.domain.moments import to_ms
from sosw.domain.records import of_labourer
from sosw.testing import RecordingInvoker
from tests.factories import LABOURER, NOW
from tests.unit.dead_world import OTHER, Watched, fails


@pytest.fixture
def world() -> Watched:
    return Watched()


def test_the_function_of_a_labourer_is_handed_its_dead_tasks(world: Watched) -> None:
    world.with_function()
    world.bury(0)
    world.bury(1, labourer=OTHER)
    world.stream()
    world.minute()
    assert world.called == [("undertaker", ["job#0"])]
    (event,) = [event for function, event in world.invoker.started if function == "undertaker"]
    dead = world.task(0)
    assert event == {
        "prefix": "sosw",
        "labourer": "sales",
        "dead": [
            {
                "task_id": "job#0",
                "job_id": "job",
                "died_at": to_ms(NOW),
                "version": dead.version,
                "attempts": 1,
                "replays": 0,
                "reason": "it failed in a way that no retry can mend",
                "error": "ValueError",
                "failures": [{"attempt": 1, "at": to_ms(NOW), "error": "ValueError", "message": "no"}],
                "payload": {"n": 0},
                "is_cut": False,
            }
        ],
    }
    world.minutes()
    assert len(world.called) == 1


def test_notice_and_function_that_stand_alike_read_the_line_of_the_dead_once(
    world: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    places = world.tasks.places

    def counted(queue: str, start: int, limit: int) -> Any:
        read.append(queue)
        return places(queue, start, limit)

    monkeypatch.setattr(world.tasks, "places", counted)
    world.with_function()
    for number in range(2):
        world.bury(number)
        world.stream()
        world.minute()
    assert (world.told, [tasks for _, tasks in world.called]) == (2, [["job#0"], ["job#1"]])
    assert read == [dead_key(LABOURER)] * 2


def test_a_payload_in_the_bucket_is_left_out_and_said_to_be(world: Watched) -> None:
    world.with_function()
    world.bury(0, payload_at="s3://b/payloads/job%230")
    world.stream()
    world.minute()
    ((_, event),) = [each for each in world.invoker.started if each[0] == "undertaker"]
    assert [(each["payload"], each["is_cut"]) for each in event["dead"]] == [(None, True)]


def test_a_function_that_does_not_take_them_gets_them_later_and_people_are_told_once(world: Watched) -> None:
    def refuse(function: str, _event: Mapping[str, Any]) -> None:
        if function == "undertaker":
            raise InvokeRefused(function, "throttled", is_passing=True)

    world.with_function()
    world.bury(0)
    world.stream()
    world.minute(invoker=RecordingInvoker(refuse))
    assert (world.called, len(world.published), world.untold) == ([], 1, [("untold", "sales", 1)])
    world.minute()
    assert (world.called, len(world.published), len(world.untold)) == ([("undertaker", ["job#0"])], 1, 1)


def test_a_function_that_never_takes_any_holds_up_no_notice(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sosw.dead_notices.MAX_LOOKED", 2)
    monkeypatch.setattr("sosw.dead_line.PAGE", 2)
    world.with_function()
    broken = RecordingInvoker(lambda function, _: fails(InvokeUncertain(function, "?")))
    for number in range(6):
        world.bury(number)
        world.stream()
        world.minute(invoker=broken)
        world.clock.advance(seconds=900)
    assert world.told == 6
    world.minutes()
    assert sorted(task for _, tasks in world.called for task in tasks) == [f"job#{n}" for n in range(6)]


def test_a_message_that_is_not_taken_does_not_hand_the_tasks_over_twice(world: Watched) -> None:
    world.with_function()
    world.bury(0)
    world.stream()
    world.refuse = True
    world.minute()
    world.refuse = False
    world.minute()
    assert (len(world.called), len(world.published)) == (1, 1)


def test_neither_message_nor_function_leaves_no_mark(world: Watched) -> None:
    world.with_function()
    world.bury(0)
    world.stream()
    world.refuse = True
    world.minute(invoker=RecordingInvoker(lambda function, _: fails(InvokeUncertain(function, "?"))))
    assert world.records.read([of_labourer(LABOURER, RECORD)])[of_labourer(LABOURER, RECORD)].version == 0


def test_a_function_that_is_declared_later_is_handed_what_dies_from_then_on(world: Watched) -> None:
    world.bury(0)
    world.stream()
    world.minute()
    world.with_function()
    world.bury(1)
    world.minutes(2)
    assert world.called == [("undertaker", ["job#1"])]
