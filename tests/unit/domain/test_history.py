"""A task tells what happened to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sosw.domain import lifecycle
from sosw.domain.history import What, steps
from sosw.domain.retry import RetryPolicy
from sosw.domain.task import Failure, Task, TaskState
from tests.factories import DAY, LEASE, NOW, a_task, seconds

GROUP = "/aws/lambda/sales"
POLICY = RetryPolicy(max_attempts=3)


def started(task: Task, after: float) -> Task:
    return lifecycle.apply(lifecycle.claim(task, row=0, now=NOW + seconds(after), lease=LEASE), task)


def failed(task: Task, after: float, message: str = "no") -> Task:
    failure = Failure(attempt=task.attempt, at=NOW + seconds(after), error="ValueError", message=message)
    return lifecycle.apply(lifecycle.fail(task, failure, policy=POLICY, retention=DAY, jitter=0), task)


def done(task: Task, after: float) -> Task:
    move = lifecycle.complete(task.id, attempt=task.attempt, now=NOW + seconds(after), retention=DAY)
    return lifecycle.apply(move, task)


def told(task: Task, after: float = 100) -> list[tuple[str, float | None, float | None]]:
    """Kind, seconds since the creation, and duration, of each step."""
    found = steps(task, group=GROUP, now=NOW + seconds(after))
    times = [(step.what.value, step.at - NOW if step.at else None, step.after) for step in found]
    return [(what, _seconds(at), _seconds(took)) for what, at, took in times]


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


def test_a_task_that_went_well_is_created_started_and_done() -> None:
    task = done(started(a_task(), 2), 5)
    assert told(task) == [("created", 0, None), ("started", 2, 2), ("done", 5, 3)]


def test_failed_attempts_tell_why_and_the_last_one_how_long_it_ran() -> None:
    task = failed(started(failed(started(a_task(), 1), 3), 10), 14, message="")
    assert told(task)[:-1] == [("created", 0, None), ("failed", 3, 3), ("started", 10, 7), ("failed", 14, 4)]
    said = [step.said for step in steps(task, group=GROUP, now=NOW)]
    assert said[1:4] == ["attempt 1 failed: ValueError: no", "attempt 2 started", "attempt 2 failed: ValueError"]


def test_a_dead_task_ends_with_its_tries_and_why_it_was_given_up() -> None:
    task = a_task()
    for at in (1, 5, 9):
        task = failed(started(task, at), at + 1)
    last = steps(task, group=GROUP, now=NOW)[-1]
    assert (last.what, last.at) == (What.DEAD, NOW + seconds(10))
    assert last.said == "dead after 3 tries: 3 of 3 attempts failed"
    unruled = steps(replace(task, ruling=None), group=GROUP, now=NOW)[-1]
    assert unruled.said == "dead after 3 tries: nothing more will be tried"
    assert (last.after, last.attempt, last.log) == (timedelta(), None, None)


def test_what_waits_tells_when_it_is_due_and_what_runs_how_long() -> None:
    waiting, running = failed(started(a_task(), 1), 2), started(a_task(), 1)
    due = steps(waiting, group=GROUP, now=NOW)[-1]
    assert (due.what, due.at, due.said) == (What.QUEUED, waiting.greenfield, "waits to be due")
    assert steps(waiting, group=GROUP, now=NOW + DAY)[-1].said == "waits since it is due"
    assert told(running, after=31)[-1] == ("running", 31, 30)
    assert "its lease ends at 2026-01-01 12:20:01 UTC" in steps(running, group=GROUP, now=NOW)[-1].said


def test_what_waits_tells_why_it_was_put_off_and_not_how_far_a_failed_attempt_was() -> None:
    running = replace(started(a_task(), 1), note="3 of 9 shops")
    move = lifecycle.snooze(
        running, attempt=1, now=NOW, delay=DAY, policy=POLICY, retention=DAY, note="the export is not ready"
    )
    put_off = lifecycle.apply(move, running)
    assert steps(put_off, group=GROUP, now=NOW)[-1].said == "waits to be due: the export is not ready"
    assert steps(failed(running, 2), group=GROUP, now=NOW)[-1].said == "waits to be due"


def test_a_discarded_task_tells_who_discarded_it_and_why() -> None:
    dead = replace(a_task(), state=TaskState.DEAD)
    move = lifecycle.discard(dead, now=NOW, retention=DAY, ruling="discarded by ann: closed in 2012")
    last = steps(lifecycle.apply(move, dead), group=GROUP, now=NOW)[-1]
    assert last.said == "cancelled: discarded by ann: closed in 2012"


def test_a_replayed_task_that_is_cancelled_with_its_job_does_not_tell_of_the_replay() -> None:
    task = replace(a_task(), ruling="replayed by ann: mended")
    cancelled = lifecycle.apply(lifecycle.cancel(task.id, now=NOW, retention=DAY), task)
    assert steps(cancelled, group=GROUP, now=NOW)[-1].said == "cancelled"


def test_a_cancelled_task_says_so() -> None:
    task = lifecycle.apply(lifecycle.cancel(a_task().id, now=NOW + seconds(3), retention=DAY), a_task())
    assert told(task) == [("created", 0, None), ("cancelled", 3, 3)]


def test_attempts_that_left_nothing_are_gaps() -> None:
    given_back = lifecycle.apply(lifecycle.give_back(started(a_task(), 1), due=NOW), started(a_task(), 1))
    assert [what for what, _, _ in told(given_back)] == ["created", "unknown", "queued"]
    after = done(started(given_back, 5), 6)
    assert [what for what, _, _ in told(after)] == ["created", "unknown", "started", "done"]
    assert "attempt 1: not remembered" in steps(after, group=GROUP, now=NOW)[1].said


def test_more_failures_than_are_remembered_begin_with_a_gap() -> None:
    task, policy = a_task(), RetryPolicy(max_attempts=100)
    for n in range(13):
        running = started(task, n)
        failure = Failure(attempt=running.attempt, at=NOW + seconds(n), error="E")
        move = lifecycle.fail(running, failure, policy=policy, retention=DAY, jitter=0)
        task = lifecycle.apply(move, running)
    assert steps(task, group=GROUP, now=NOW)[1].said.startswith("attempts 1 to 3: not remembered")


def test_the_late_success_of_an_attempt_that_failed_is_told_as_both() -> None:
    task = done(failed(started(a_task(), 1), 2), 4)
    assert told(task) == [("created", 0, None), ("started", 1, 1), ("failed", 2, 1), ("done", 4, 3)]


def test_logs_are_looked_for_between_start_and_end_of_an_attempt() -> None:
    task = failed(started(failed(started(a_task(), 1), 3), 10), 14)
    logs = [step.log for step in steps(done(started(task, 20), 25), group=GROUP, now=NOW) if step.log]
    spans = [(log.start - NOW, log.end - NOW) for log in logs]
    assert spans == [(seconds(0), seconds(3)), (seconds(3), seconds(14)), (seconds(20), seconds(25))]
    assert {log.group for log in logs} == {GROUP}


def test_what_an_attempt_told_of_itself_is_told() -> None:
    where: dict[str, Any] = {"request_id": "c56a", "log_stream": "2026/01/01/[$LATEST]ab12", "log_group": "/own"}
    failure = Failure(attempt=1, at=NOW + seconds(9), error="E", started_at=NOW + seconds(4), **where)
    task = replace(started(a_task(attempt=1, failures=(failure,)), 20), progress=0.5, note="page 7", **where)
    found = steps(task, group=GROUP, now=NOW + seconds(30))
    assert [(step.what, step.at) for step in found[1:3]] == [
        (What.STARTED, NOW + seconds(4)),
        (What.FAILED, NOW + seconds(9)),
    ]
    assert "attempt 2 runs, 50% done (page 7); its lease ends at" in found[-1].said
    for log in (found[2].log, found[-1].log):
        assert log is not None
        assert (log.group, log.stream, log.request_id) == ("/own", where["log_stream"], "c56a")
