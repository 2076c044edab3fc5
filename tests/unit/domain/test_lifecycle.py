"""The state machine of a task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import StaleTask
from sosw.domain.lifecycle import Transition
from sosw.domain.moments import to_ms
from sosw.domain.ranks import Section, rank
from sosw.domain.task import Failure, Slot, Task, TaskState
from tests.factories import DAY, LEASE, NOW, POLICY, QUEUE, a_task, claimed, seconds

LATER = NOW + LEASE
FAILURE = Failure(attempt=1, at=LATER, error="ValueError", message="no")


def complete(task: Task, attempt: int = 1) -> Transition:
    return lifecycle.complete(task.id, attempt=attempt, now=LATER, retention=DAY, result={"rows": 3}, stats={"n": 1})


def fail(task: Task, *, attempt: int = 1, is_retryable: bool = True) -> Transition:
    failure = Failure(attempt=attempt, at=LATER, error="ValueError", message="no")
    return lifecycle.fail(
        task, failure, policy=POLICY, retention=DAY, jitter=0.5, is_retryable=is_retryable, stats={"n": 2}
    )


def expire(task: Task, now: timedelta = LEASE) -> Transition:
    return lifecycle.expire(task, now=NOW + now, policy=POLICY, retention=DAY, jitter=0.5)


def give_back(task: Task) -> Transition:
    return lifecycle.give_back(task, due=NOW + seconds(2))


def snooze(task: Task, *, attempt: int = 1) -> Transition:
    return lifecycle.snooze(
        task, attempt=attempt, now=LATER, delay=seconds(60), policy=POLICY, retention=DAY, stats={"n": 3}, note="early"
    )


def beat(task: Task) -> Transition:
    return lifecycle.heartbeat(task.id, attempt=1, lease_until=NOW + 2 * LEASE)


def claim(task: Task) -> Transition:
    return lifecycle.claim(task, row=2, now=NOW, lease=LEASE)


def cancel(task: Task) -> Transition:
    return lifecycle.cancel(task.id, now=LATER, retention=DAY)


def replay(task: Task) -> Transition:
    return lifecycle.replay(task, now=LATER)


def discard(task: Task) -> Transition:
    return lifecycle.discard(task, now=LATER, retention=DAY, ruling="discarded by ann")


MOVES: dict[Callable[[Task], Transition], set[str]] = {
    claim: {"queued"},
    lifecycle.fence: {"queued"},
    cancel: {"queued"},
    complete: {"queued", "running"},
    fail: {"running"},
    expire: {"running"},
    give_back: {"running"},
    snooze: {"running"},
    beat: {"running"},
    replay: {"dead"},
    discard: {"dead"},
}


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_a_move_is_taken_from_its_own_states_alone(move: Callable[[Task], Transition], state: TaskState) -> None:
    task = a_task(state=state, attempt=1)
    if state.value in MOVES[move]:
        assert lifecycle.apply(move(task), task).version == task.version + 1
    else:
        with pytest.raises(StaleTask, match=f"it is {state.value}, attempt 1"):
            lifecycle.apply(move(task), task)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_no_move_makes_a_task_that_is_not_there(move: Callable[[Task], Transition]) -> None:
    with pytest.raises(StaleTask, match="there is no such task"):
        lifecycle.apply(move(a_task(attempt=1)), None)


@pytest.mark.parametrize("move", [complete, fail, expire, give_back, beat], ids=lambda move: move.__name__)
def test_an_answer_of_another_attempt_is_refused(move: Callable[[Task], Transition]) -> None:
    first = claimed(a_task())
    second = claimed(lifecycle.apply(expire(first), first))
    with pytest.raises(StaleTask):
        lifecycle.apply(move(first), second)


@pytest.mark.parametrize("move", [claim, lifecycle.fence], ids=lambda move: move.__name__)
def test_a_claim_and_a_fence_want_the_version_that_they_saw(move: Callable[[Task], Transition]) -> None:
    with pytest.raises(StaleTask):
        lifecycle.apply(move(a_task(version=1)), a_task(version=2))


@pytest.mark.parametrize("move", [replay, discard], ids=lambda move: move.__name__)
def test_a_replay_and_a_discard_want_the_version_that_they_saw(move: Callable[[Task], Transition]) -> None:
    dead = a_task(state=TaskState.DEAD, version=5)
    with pytest.raises(StaleTask):
        lifecycle.apply(move(a_task(state=TaskState.DEAD, version=4)), dead)


def test_a_new_task_stands_in_its_labourers_line() -> None:
    assert (a_task().state, a_task().queue, a_task().version, a_task().attempt) == (TaskState.QUEUED, QUEUE, 1, 0)


def test_a_task_stays_in_its_part_of_the_line_when_it_waits_again() -> None:
    task = lifecycle.queued(a_task(3), tag=700, shards=4)
    assert task.shard
    assert (task.queue, task.rank) == (f"sales/{task.shard}", rank(5, Section.READY, 700))
    again = lifecycle.apply(lifecycle.give_back(claimed(task), due=LATER), claimed(task))
    assert (again.queue, again.rank) == (task.queue, rank(5, Section.AGAIN, to_ms(LATER)))


def test_a_new_task_without_a_tag_stands_by_its_moment_or_behind_it() -> None:
    by_moment = lifecycle.queued(a_task(greenfield=LATER))
    behind = lifecycle.queued(a_task(greenfield=LATER), behind=timedelta(milliseconds=5))
    assert by_moment.rank == rank(5, Section.APPOINTED, to_ms(LATER))
    assert (behind.rank, behind.greenfield) == (rank(5, Section.APPOINTED, to_ms(LATER) + 5), LATER)


def test_a_claim_starts_the_next_attempt_in_its_slot_and_leaves_the_line() -> None:
    task = claimed(a_task(version=4, attempt=2), row=2)
    assert (task.state, task.attempt, task.version) == (TaskState.RUNNING, 3, 5)
    assert (task.queue, task.slot, task.started_at) == (None, Slot(row=2, version=4), NOW)
    assert task.greenfield == NOW + LEASE


def test_a_heartbeat_begins_the_lease_anew() -> None:
    task = claimed(a_task())
    assert lifecycle.apply(beat(task), task).greenfield == NOW + 2 * LEASE


def test_a_success_closes_the_task_with_its_result_until_its_retention_ends() -> None:
    task = claimed(a_task())
    done = lifecycle.apply(complete(task), task)
    assert (done.state, done.result, done.stats) == (TaskState.DONE, {"rows": 3}, {"n": 1})
    assert (done.greenfield, done.closed_at, done.expires_at, done.queue) == (LATER, LATER, LATER + DAY, None)


def test_the_late_success_of_the_latest_attempt_saves_the_retry() -> None:
    task = claimed(a_task())
    waiting = lifecycle.apply(expire(task), task)
    assert lifecycle.apply(complete(waiting), waiting).state is TaskState.DONE


def test_a_success_of_an_attempt_that_never_was_is_refused() -> None:
    with pytest.raises(StaleTask):
        lifecycle.apply(complete(a_task(), attempt=1), a_task())


def test_a_failure_is_queued_again_after_its_backoff_and_remembered() -> None:
    task = claimed(a_task())
    waiting = lifecycle.apply(fail(task), task)
    assert (waiting.state, waiting.queue) == (TaskState.QUEUED, QUEUE)
    assert waiting.greenfield == LATER + POLICY.base / 2
    assert (waiting.failures, waiting.stats) == ((FAILURE,), {"n": 2})


def test_the_failure_of_the_last_try_buries_the_task() -> None:
    task = claimed(a_task(attempt=2))
    dead = lifecycle.apply(fail(task, attempt=3), task)
    assert (dead.state, dead.queue) == (TaskState.DEAD, "sales/dead")
    assert (dead.closed_at, dead.expires_at, dead.attempt) == (LATER, LATER + DAY, 3)


def test_a_failure_that_no_retry_can_mend_buries_the_task_at_once() -> None:
    task = claimed(a_task())
    assert lifecycle.apply(fail(task, is_retryable=False), task).state is TaskState.DEAD


def test_a_silent_attempt_expires_when_its_lease_ends_and_not_before() -> None:
    task = claimed(a_task())
    with pytest.raises(StaleTask):
        lifecycle.apply(expire(task, LEASE - seconds(0.001)), task)
    expired = lifecycle.apply(expire(task), task)
    assert expired.failures == (
        Failure(
            attempt=1,
            at=LATER,
            error="LeaseExpired",
            message="no answer before the lease ended at 2026-01-01T12:20:00+00:00",
            started_at=NOW,
        ),
    )


def test_an_attempt_that_was_never_invoked_is_given_back_without_counting() -> None:
    task = claimed(a_task())
    back = lifecycle.apply(give_back(task), task)
    assert (back.state, back.queue, back.greenfield) == (TaskState.QUEUED, QUEUE, NOW + seconds(2))
    assert (back.attempt, back.tries) == (1, 0)


def test_a_fence_changes_the_version_and_nothing_else() -> None:
    assert lifecycle.apply(lifecycle.fence(a_task()), a_task()) == a_task(version=2)


def test_a_cancelled_task_leaves_the_line_for_good() -> None:
    cancelled = lifecycle.apply(cancel(a_task()), a_task())
    assert (cancelled.state, cancelled.queue, cancelled.expires_at) == (TaskState.CANCELLED, None, LATER + DAY)


def test_a_replay_forgives_all_attempts_and_keeps_their_numbers_and_their_story() -> None:
    running = claimed(a_task(attempt=2))
    dead = lifecycle.apply(fail(running, attempt=3), running)
    again = lifecycle.apply(replay(dead), dead)
    assert (again.state, again.queue, again.greenfield) == (TaskState.QUEUED, QUEUE, LATER)
    assert (again.tries, again.attempt, len(again.failures)) == (0, 3, 1)
    assert (again.closed_at, again.expires_at) == (None, None)
    assert claimed(again).attempt == 4


def test_a_discarded_task_is_cancelled_and_says_by_whom() -> None:
    dead = a_task(state=TaskState.DEAD, attempt=3)
    gone = lifecycle.apply(discard(dead), dead)
    assert (gone.state, gone.queue, gone.rank, gone.ruling) == (TaskState.CANCELLED, None, None, "discarded by ann")
    assert (gone.closed_at, gone.expires_at, gone.tries) == (LATER, LATER + DAY, 3)


def test_a_snoozed_task_stands_in_line_again_without_counting_its_attempt() -> None:
    task = claimed(a_task(attempt=1))
    waiting = lifecycle.apply(snooze(task, attempt=2), task)
    assert (waiting.state, waiting.queue, waiting.greenfield) == (TaskState.QUEUED, QUEUE, LATER + seconds(60))
    assert waiting.rank == rank(task.priority, Section.AGAIN, to_ms(waiting.greenfield))
    assert (waiting.attempt, waiting.tries, waiting.failures) == (2, 1, ())
    assert (waiting.snoozes, waiting.snoozed_attempt, waiting.note, waiting.stats) == (1, 2, "early", {"n": 3})


def test_a_snooze_of_an_earlier_attempt_or_of_an_earlier_look_is_stale() -> None:
    task = claimed(a_task(attempt=1))
    with pytest.raises(StaleTask):
        lifecycle.apply(snooze(task, attempt=1), task)
    seen = snooze(task, attempt=2)
    with pytest.raises(StaleTask):
        lifecycle.apply(seen, lifecycle.apply(lifecycle.recall(task), task))


def test_the_next_attempt_begins_without_what_the_last_one_told_of_itself() -> None:
    told: dict[str, Any] = {"progress": 0.5, "note": "half", "request_id": "r", "log_stream": "s", "log_group": "g"}
    task = a_task(attempt=1, result={"rows": 1}, **told)
    again = lifecycle.apply(claim(task), task)
    assert [getattr(again, name) for name in told] == [None] * 5
    assert again.result == {"rows": 1}


def test_a_partial_result_of_a_failure_takes_the_place_of_the_one_before_and_none_leaves_it() -> None:
    task = claimed(a_task(result={"rows": 1}))
    failed = lifecycle.fail(task, FAILURE, policy=POLICY, retention=DAY, jitter=0.5)
    assert lifecycle.apply(failed, task).result == {"rows": 1}
    failed = lifecycle.fail(task, FAILURE, policy=POLICY, retention=DAY, jitter=0.5, partial=[])
    assert lifecycle.apply(failed, task).result == []
