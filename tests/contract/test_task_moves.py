"""The state machine: each move from each state, by the one door and by the batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import StaleTask
from sosw.domain.lifecycle import Transition
from sosw.domain.task import Task, TaskState
from sosw.ports import Outcome
from tests.contract.backends import World
from tests.contract.moves import AFTER_LEASE, LEASE, MOVES, NOW, RETENTION, STATES, brought, claim, complete, fail

_WAITING = {"waiting for its retry", "waiting after heartbeats", "given back", "snoozed", "replayed"}
_IN_LINE = {"queued", "fenced"} | _WAITING
_RUNNING = {"running", "running again"}
ALLOWED = {
    "claim": _IN_LINE,
    "heartbeat": _RUNNING,
    "complete": _RUNNING | _WAITING,
    "fail": _RUNNING,
    "bury": _RUNNING,
    "snooze": _RUNNING,
    "expire": _RUNNING,
    "give_back": _RUNNING,
    "fence": _IN_LINE,
    "cancel": _IN_LINE,
    "replay": {"dead"},
    "discard": {"dead"},
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("state", STATES)
def test_a_move_is_made_from_the_states_that_allow_it_and_changes_nothing_elsewhere(
    world: World, state: str, move: str
) -> None:
    alone, batched = (brought(world.tasks, world.new_task(), state) for _ in range(2))
    if state in ALLOWED[move]:
        _assert_moved(world, alone, MOVES[move](alone))
        assert world.tasks.apply_all([MOVES[move](batched)]) == [Outcome.APPLIED]
        assert world.tasks.get(batched.id) == lifecycle.apply(MOVES[move](batched), batched)
    else:
        _assert_stale(world, alone, MOVES[move](alone))
        assert world.tasks.apply_all([MOVES[move](batched)]) == [Outcome.STALE]
        assert world.tasks.get(batched.id) == batched


def _assert_moved(world: World, before: Task, transition: Transition) -> None:
    after = world.tasks.apply(transition)
    assert after == lifecycle.apply(transition, before)
    assert after.version == before.version + 1
    assert world.tasks.get(before.id) == after


def _assert_stale(world: World, task: Task, transition: Transition) -> None:
    with pytest.raises(StaleTask) as stale:
        world.tasks.apply(transition)
    assert (stale.value.task_id, stale.value.move, stale.value.found) == (task.id, transition.move, task)
    assert world.tasks.get(task.id) == task


@pytest.mark.parametrize("move", MOVES)
def test_a_task_that_is_not_there_cannot_be_moved_into_being(world: World, move: str) -> None:
    transition = MOVES[move](world.new_task())
    with pytest.raises(StaleTask, match="there is no such task") as stale:
        world.tasks.apply(transition)
    assert stale.value.found is None
    assert world.tasks.apply_all([transition]) == [Outcome.STALE]
    assert world.tasks.get(transition.task_id) is None


@pytest.mark.parametrize(
    ("move", "state"), [("claim", "queued"), ("fence", "queued"), ("replay", "dead"), ("discard", "dead")]
)
def test_a_move_of_an_earlier_version_is_stale(world: World, move: str, state: str) -> None:
    task = brought(world.tasks, world.new_task(), state)
    transition = MOVES[move](task)
    newer = world.tasks.apply(lifecycle.fence(task)) if state == "queued" else _replayed_and_dead_again(world, task)
    _assert_stale(world, newer, transition)
    assert world.tasks.apply_all([transition]) == [Outcome.STALE]
    assert world.tasks.get(task.id) == newer


def _replayed_and_dead_again(world: World, task: Task) -> Task:
    for move in (MOVES["replay"], claim, MOVES["bury"]):
        task = world.tasks.apply(move(task))
    return task


@pytest.mark.parametrize("answer", ["heartbeat", "complete", "fail", "snooze", "expire", "give_back"])
def test_an_answer_of_an_earlier_attempt_never_touches_the_next_one(world: World, answer: str) -> None:
    first = brought(world.tasks, world.new_task(), "running")
    second = world.tasks.apply(claim(world.tasks.apply(fail(first))))
    assert (first.attempt, second.attempt) == (1, 2)
    _assert_stale(world, second, MOVES[answer](first))
    assert world.tasks.apply_all([MOVES[answer](first)]) == [Outcome.STALE]
    assert world.tasks.get(second.id) == second


@pytest.mark.parametrize(
    "answer", ["heartbeat", "complete", "fail", "snooze", "expire", "give_back", "claim", "cancel", "fence"]
)
@pytest.mark.parametrize("closed", ["done", "dead", "cancelled", "discarded"])
def test_a_closed_task_is_never_resurrected_by_a_late_answer(world: World, closed: str, answer: str) -> None:
    task = brought(world.tasks, world.new_task(), closed)
    _assert_stale(world, task, MOVES[answer](task))
    assert world.tasks.apply_all([MOVES[answer](task)]) == [Outcome.STALE]
    assert world.tasks.get(task.id) == task


def test_a_lease_is_over_at_its_end_and_not_a_millisecond_before(world: World) -> None:
    task = brought(world.tasks, world.new_task(), "running")
    early = _expiring(task, AFTER_LEASE - timedelta(milliseconds=1))
    _assert_stale(world, task, early)
    assert world.tasks.apply_all([early]) == [Outcome.STALE]
    assert world.tasks.apply(_expiring(task, AFTER_LEASE)).state is TaskState.QUEUED


def _expiring(task: Task, now: datetime) -> Transition:
    return replace(MOVES["expire"](task), lease_over=now)


def test_a_lease_that_was_prolonged_is_not_over_where_it_would_have_ended(world: World) -> None:
    task = brought(world.tasks, world.new_task(), "running")
    prolonged = world.tasks.apply(MOVES["heartbeat"](task))
    assert prolonged.greenfield == NOW + 2 * LEASE
    _assert_stale(world, prolonged, _expiring(task, AFTER_LEASE))


def test_the_success_of_a_failed_attempt_is_taken_while_its_retry_waits(world: World) -> None:
    waiting = brought(world.tasks, world.new_task(), "waiting for its retry")
    done = world.tasks.apply(complete(waiting))
    assert (done.state, done.result, done.queue) == (TaskState.DONE, {"rows": 3}, None)
    assert world.due(waiting.greenfield, 10) == []


def test_a_replayed_task_loses_its_end_and_keeps_its_failures_and_attempt_numbers(world: World) -> None:
    dead = brought(world.tasks, world.new_task(), "dead")
    assert (dead.closed_at, dead.expires_at) == (NOW, NOW + RETENTION)
    again = world.tasks.apply(MOVES["replay"](dead))
    assert (again.closed_at, again.expires_at, again.forgiven) == (None, None, 1)
    assert (again.failures, again.attempt, again.tries) == (dead.failures, 1, 0)


def test_a_dead_task_stands_in_the_line_of_the_dead_until_it_is_replayed(world: World) -> None:
    dead = brought(world.tasks, world.new_task(), "dead")
    assert world.dead() == [dead.id]
    world.tasks.apply(MOVES["replay"](dead))
    assert world.dead() == []
    assert world.due(NOW, 10) == [dead.id]


def test_a_discarded_task_leaves_the_line_of_the_dead_for_good_and_says_by_whom(world: World) -> None:
    dead = brought(world.tasks, world.new_task(), "dead")
    discarded = world.tasks.apply(MOVES["discard"](dead))
    assert (discarded.state, discarded.queue, discarded.rank) == (TaskState.CANCELLED, None, None)
    assert (discarded.ruling, discarded.failures) == ("discarded by ann: no such shop", dead.failures)
    assert world.dead() == []


def test_a_dead_task_keeps_why_it_was_given_up_and_a_replayed_one_how_often_and_by_whom(world: World) -> None:
    dead = brought(world.tasks, world.new_task(), "dead")
    assert dead.ruling == "it failed in a way that no retry can mend"
    twice = _replayed_and_dead_again(world, dead)
    again = world.tasks.apply(MOVES["replay"](twice))
    assert (again.replays, again.ruling, len(again.failures)) == (2, "replayed by ann: the database is back", 2)


def test_moments_are_kept_to_the_millisecond_and_the_end_of_life_to_the_second(world: World) -> None:
    fine = timedelta(microseconds=987_654)
    task = world.new_task(created_at=NOW + fine, greenfield=NOW + fine)
    world.tasks.create([task])
    running = world.tasks.apply(lifecycle.claim(task, row=0, now=NOW + fine, lease=LEASE))
    done = world.tasks.apply(lifecycle.complete(task.id, attempt=1, now=NOW + fine, retention=RETENTION))
    ms = timedelta(milliseconds=987)
    assert (running.created_at, running.started_at, running.greenfield) == (NOW + ms, NOW + ms, NOW + ms + LEASE)
    assert (done.closed_at, done.expires_at) == (NOW + ms, NOW + RETENTION)
