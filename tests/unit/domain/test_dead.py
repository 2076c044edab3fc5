"""Which dead tasks are meant, and orders about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sosw.domain.dead import DeadCount, Selection, error_of, moment
from sosw.domain.dead_orders import DeadKind, DeadOrder, line_said
from sosw.domain.errors import InvalidInput
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, TaskState
from tests.factories import LABOURER, NOW, a_task, seconds

ORDER = DeadOrder(
    kind=DeadKind.REPLAY, labourer=LABOURER, tasks={TaskId("job#1"): 7}, by="ann", why="mended", of="error Timeout*"
)


def dead(error: str = "ValueError", **fields: Any) -> Task:
    failures = (Failure(attempt=1, at=NOW, error=error),) if error else ()
    return a_task(1, state=TaskState.DEAD, failures=failures, **fields)


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        (" 7 d ", NOW - timedelta(days=7)),
        (timedelta(hours=2), NOW - timedelta(hours=2)),
        (NOW, NOW),
        ("2026-01-31T06:00:00Z", datetime.fromisoformat("2026-01-31T06:00:00+00:00")),
        (None, None),
    ],
)
def test_a_moment_is_a_while_ago_or_exact(given: Any, then: Any) -> None:
    assert moment("since", given, NOW) == then


@pytest.mark.parametrize("given", ["yesterday", "2026-01-31T06:00:00", "7 y", NOW.replace(tzinfo=None), 7])
def test_what_is_no_moment_is_refused_by_name(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"since: .* must be an ISO moment with a time zone, .* 90m, 12h, 7d"):
        moment("since", given, NOW)


@pytest.mark.parametrize(
    ("given", "is_meant"),
    [
        ({}, True),
        ({"ids": (TaskId("job#1"),)}, True),
        ({"ids": (TaskId("job#2"),)}, False),
        ({"labourers": (LabourerName("others"),)}, False),
        ({"job": JobId("job")}, True),
        ({"job": JobId("other")}, False),
        ({"error": "Value*"}, True),
        ({"error": "value*"}, False),
        ({"since": NOW}, True),
        ({"since": NOW + seconds(1)}, False),
        ({"before": NOW + seconds(1)}, True),
        ({"before": NOW}, False),
    ],
)
def test_a_selection_takes_what_has_all_of_it(given: dict[str, Any], *, is_meant: bool) -> None:
    assert Selection(**given).takes(dead()) is is_meant


def test_what_is_not_dead_is_never_meant() -> None:
    assert not Selection().takes(a_task(1))
    assert (error_of(dead("")), error_of(dead())) == ("", "ValueError")


def test_a_selection_is_told_in_words() -> None:
    ids = tuple(TaskId(f"job#{number}") for number in range(5))
    whole = Selection(ids=ids, job=JobId("job"), error="T*", since=NOW, before=NOW + seconds(1))
    assert str(whole) == (
        "job#0, job#1, job#2 and 2 others, job job, error T*, since 2026-01-01 12:00:00 UTC, "
        "before 2026-01-01 12:00:01 UTC"
    )
    assert str(Selection()) == "all"


def test_dead_tasks_are_counted_by_labourer_and_error_the_most_first() -> None:
    dead = DeadCount()
    for labourer, error, second in (("b", "E", 3), ("a", "E", 1), ("a", "F", 2), ("a", "F", 5)):
        dead.add(LabourerName(labourer), error, NOW + seconds(second))
    assert dead.rows() == [("a", "F", 2), ("a", "E", 1), ("b", "E", 1)]
    assert dead.to_json() == {
        "total": 4,
        "counts": [{"labourer": one, "error": error, "dead": dead} for one, error, dead in dead.rows()],
        "first": (NOW + seconds(1)).isoformat(),
        "last": (NOW + seconds(5)).isoformat(),
    }
    assert DeadCount().to_json()["first"] is None


@pytest.mark.parametrize("order", [ORDER, replace(ORDER, tasks={}, done=3, part=2)])
def test_an_order_comes_out_of_its_event_as_it_was(order: DeadOrder) -> None:
    assert DeadOrder.from_event(order.to_event()) == order


@pytest.mark.parametrize("event", [{}, None, {"sosw": 1}, {"sosw": {"pause": "everything"}}])
def test_what_is_no_order_about_dead_tasks_is_left_to_others(event: Any) -> None:
    assert DeadOrder.from_event(event) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"replay": []}, "sosw.replay"),
        ({"replay": [["job#1", 1]] * 101}, "sosw.replay"),
        ({"replay": [["job#1", "1"]]}, "sosw.replay"),
        ({"replay": [["job#1"]]}, "sosw.replay"),
        ({"replay": "job#1"}, "sosw.replay"),
        ({"done": 3}, "sosw.replay"),
        ({"by": " "}, "sosw.by"),
        ({"why": 7}, "sosw.why"),
        ({"of": "x" * 501}, "sosw.of"),
        ({"labourer": None}, "sosw.labourer"),
        ({"part": -1}, "sosw.part"),
        ({"wy": "mended"}, "did you mean 'why'"),
    ],
)
def test_an_order_that_cannot_work_is_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    event = {"sosw": ORDER.to_event()["sosw"] | wrong}
    with pytest.raises(InvalidInput, match=said):
        DeadOrder.from_event(event)


def test_a_line_of_the_log_is_told_in_words() -> None:
    begun = {"order": "replay", "of": "error T*", "by": "ann", "why": "mended"}
    assert line_said(begun) == "replay of dead tasks ordered: error T*, by ann: mended"
    assert line_said(begun | {"done": 1_200}) == "1,200 dead tasks replayed of error T*, by ann: mended"
    assert (DeadKind.REPLAY.past, DeadKind.DISCARD.past) == ("replayed", "discarded")
