"""The judge of the chaos test finds what it is there to find: a task lost, a task closed or run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sosw.domain.task import Failure, Task, TaskId, TaskState
from tests.e2e.chaos.verdict import Line, Run, Step, Verdict, judge, most_at_once, runs
from tests.factories import NOW, a_task

QUEUED, RUNNING, DONE, DEAD, CANCELLED = TaskState
NAME, POISON = TaskId("j#0"), TaskId("j#1")
DONE_AT_ONCE = (Step(1, QUEUED), Step(2, RUNNING), Step(3, DONE))
RETRIED = (Step(1, QUEUED), Step(2, RUNNING), Step(3, QUEUED), Step(4, RUNNING), Step(5, DONE))


def line(what: str, at: float, *, attempt: int = 1, pid: int = 1, lease_until: float = 100) -> Line:
    return {"what": what, "pid": pid, "at": at, "task": NAME, "attempt": attempt, "lease_until": lease_until}


def death(at: float, pid: int = 1) -> Line:
    return {"what": "killed", "pid": pid, "at": at}


def closed(attempt: int = 1, version: int = 3, **other: Any) -> Task:
    return replace(
        a_task(),
        id=NAME,
        **{"state": DONE, "attempt": attempt, "version": version, "result": {"attempt": attempt}, **other},
    )


def judged(task: Task | None, steps: Sequence[Step], lines: Sequence[Line]) -> Verdict:
    tasks = {task.id: task} if task else {}
    return judge([NAME], tasks=tasks, history={NAME: steps}, seen=runs(lines), poison=POISON)


FAILED = Failure(attempt=1, at=NOW, error="ValueError", message="")
ONE_RUN = [line("begin", 1), line("return", 2)]


def test_a_task_that_ended_at_once_is_neither_lost_nor_twice() -> None:
    assert judged(closed(), DONE_AT_ONCE, ONE_RUN) == Verdict(done=1)


def test_an_attempt_may_follow_one_that_ended_died_or_outlived_its_lease() -> None:
    second = [line("begin", 50, attempt=2, pid=2), line("return", 51, attempt=2, pid=2)]
    for first in (
        [line("begin", 1), line("raise", 2)],
        [line("begin", 1), death(2)],
        [line("begin", 1, lease_until=49)],
    ):
        assert judged(closed(2, 5), RETRIED, [*first, *second]) == Verdict(done=1)


@pytest.mark.parametrize(
    ("task", "steps", "lines", "why"),
    [
        (None, DONE_AT_ONCE, ONE_RUN, "is not there"),
        (closed(state=RUNNING), DONE_AT_ONCE[:2], ONE_RUN, "is running, not done"),
        (closed(state=DEAD), DONE_AT_ONCE, ONE_RUN, "is dead, not done"),
        (closed(), DONE_AT_ONCE, [line("begin", 1), line("raise", 2)], "is done by attempt 1, which never came to its"),
        (closed(), DONE_AT_ONCE, [], "is done by attempt 1, which never came to its end"),
        (closed(version=4), DONE_AT_ONCE, ONE_RUN, "is at version 4, and the stream tells of [1, 2, 3]"),
    ],
)
def test_what_is_lost_is_found(task: Task | None, steps: Sequence[Step], lines: Sequence[Line], why: str) -> None:
    verdict = judged(task, steps, lines)
    assert any(why in each for each in verdict.lost), verdict


@pytest.mark.parametrize(
    ("task", "steps", "lines", "why"),
    [
        (closed(version=4), (*DONE_AT_ONCE, Step(4, DONE)), ONE_RUN, "was changed after its end"),
        (closed(version=5), (*DONE_AT_ONCE, Step(4, RUNNING), Step(5, DONE)), ONE_RUN, "was closed 2 times"),
        (closed(2, 5, failures=(FAILED, FAILED)), RETRIED, ONE_RUN, "attempt 1 failed 2 times"),
        (closed(2, 5, result={"attempt": 1}), RETRIED, ONE_RUN, "with the result of another: {'attempt': 1}"),
        (closed(), DONE_AT_ONCE, [*ONE_RUN, line("begin", 3, pid=2)], "attempt 1 began after attempt 1 had begun"),
        (
            closed(2, 5),
            RETRIED,
            [
                line("begin", 1),
                line("return", 9),
                line("begin", 5, attempt=2, pid=2),
                line("return", 6, attempt=2, pid=2),
            ],
            "attempt 2 began 4.000 s before attempt 1 was over",
        ),
        (
            closed(2, 5),
            RETRIED,
            [line("begin", 1), line("begin", 40, attempt=2, pid=2), line("return", 41, attempt=2, pid=2)],
            "attempt 2 began 60.000 s before attempt 1 was over",
        ),
    ],
)
def test_what_happened_twice_is_found(task: Task, steps: Sequence[Step], lines: Sequence[Line], why: str) -> None:
    verdict = judged(task, steps, lines)
    assert any(why in each for each in verdict.twice), verdict


def test_a_task_of_poison_that_is_done_is_not_what_was_wanted() -> None:
    verdict = judge([NAME], tasks={NAME: closed()}, history={NAME: DONE_AT_ONCE}, seen=runs(ONE_RUN), poison=NAME)
    assert verdict.lost == [f"{NAME}: is done, not dead: ()"]


def test_a_process_that_was_killed_before_an_attempt_has_nothing_to_do_with_it() -> None:
    """Its number may be used again."""
    (run,) = runs([death(1), line("begin", 5)])
    assert run == Run(task=NAME, attempt=1, begin=5, ended=None, lease_until=100, has_returned=False)


def test_the_most_at_once_counts_what_certainly_ran() -> None:
    lines = [line("begin", n, pid=n, attempt=n) for n in (1, 2, 3)]
    assert most_at_once(runs([*lines, line("return", 3.5, pid=1, attempt=1), line("return", 9, pid=2, attempt=2)])) == 2
