"""What a write adds to the tally of a labourer."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sosw.domain import lifecycle
from sosw.domain.job import Totals
from sosw.domain.messages import change
from sosw.domain.retry import RetryPolicy
from sosw.domain.tally import REMEMBERED, Counted, Tally, correction, told
from sosw.domain.task import Failure, Task
from tests.factories import DAY, NOW, a_task, claimed


def failed(task: Task, attempts: int = 3) -> Task:
    failure = Failure(attempt=task.attempt, at=NOW, error="ValueError")
    policy = RetryPolicy(max_attempts=attempts)
    return lifecycle.apply(lifecycle.fail(task, failure, policy=policy, retention=DAY, jitter=0.5), task)


def done(task: Task) -> Task:
    move = lifecycle.complete(task.id, attempt=task.attempt, now=NOW, retention=DAY)
    return lifecycle.apply(move, task)


def life(*tasks: Task | None) -> Tally:
    """What the writes add that made each of the next."""
    total = Tally()
    for before, after in pairwise(tasks):
        assert after is not None
        total += told(change(before, after))
    return total


def test_a_task_that_succeeds_was_created_started_and_done() -> None:
    task, running = a_task(), claimed(a_task())
    assert life(None, task, running, done(running)) == Tally(created=1, started=1, done=1)


def test_a_retry_is_an_attempt_that_failed_and_another_one_that_started() -> None:
    first = claimed(a_task())
    waits = failed(first)
    second = claimed(waits)
    told_of = life(None, a_task(), first, waits, second, done(second))
    assert told_of == Tally(created=1, started=2, failed=1, retried=1, done=1)


def test_a_dead_task_that_is_replayed_is_dead_no_more() -> None:
    first = claimed(a_task())
    dead = failed(first, attempts=1)
    again = lifecycle.apply(lifecycle.replay(dead, now=NOW), dead)
    assert life(None, a_task(), first, dead) == Tally(created=1, started=1, failed=1, dead=1)
    assert life(None, a_task(), first, dead, again) == Tally(created=1, started=1, failed=1, replayed=1)
    assert life(None, a_task(), first, dead, again).open == 1


def test_an_attempt_that_was_given_back_never_started() -> None:
    running = claimed(a_task())
    back = lifecycle.apply(lifecycle.give_back(running, due=NOW), running)
    assert life(None, a_task(), running, back) == Tally(created=1)


def test_a_late_success_adds_no_second_start() -> None:
    running = claimed(a_task())
    waits = failed(running)
    assert life(running, waits, done(waits)) == Tally(started=1, failed=1, retried=1, done=1)


def test_a_correction_takes_a_missed_attempt_for_one_that_started() -> None:
    drift = Totals(created=3, done=1, failed=2, dead=1, cancelled=1)
    assert correction(drift) == Tally(created=3, started=3, failed=2, retried=1, done=1, dead=1, cancelled=1)


@pytest.mark.parametrize("add", [Counted.with_batch, Counted.with_correction])
def test_what_is_remembered_counts_once_and_the_oldest_is_forgotten(add: object) -> None:
    assert callable(add)
    counted = Counted()
    for number in range(REMEMBERED + 1):
        counted = add(counted, Tally(done=1), str(number))
        assert add(counted, Tally(done=1), str(number)) is counted
    assert counted.tally == Tally(done=REMEMBERED + 1)
    assert add(counted, Tally(done=1), "0").tally.done == REMEMBERED + 2


def test_batches_do_not_make_a_correction_forgotten_and_the_record_is_small() -> None:
    counted = Counted().with_correction(Tally(done=1), "c")
    for number in range(100):
        counted = counted.with_batch(Tally(done=10**9), f"{10**30 + number}-{10**30}-100")
    assert counted.with_correction(Tally(done=1), "c") is counted
    assert Counted.from_json(counted.to_json()) == counted
    assert len(str(counted.to_json())) < 600


def test_a_record_that_was_never_written_is_empty_and_keys_of_tomorrow_are_left_out() -> None:
    assert Counted.from_json({}) == Counted()
    assert Counted.from_json({"tally": {"done": 1, "tomorrow": 2}}).tally == Tally(done=1)
