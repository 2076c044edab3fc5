"""Where jobs stand in line, and what is remembered of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.fairness import QUANTUM, SETTLING, Ledger, Taken
from sosw.domain.job import JobState
from sosw.domain.messages import cancel_event, resume_event
from sosw.domain.moments import to_ms
from sosw.domain.ranks import NUMBERS, Section, rank
from sosw.domain.task import JobId
from sosw.job_writer import BATCH, HOLD
from sosw.line import Line
from sosw.testing import InMemoryTaskStore
from tests.factories import LABOURER, NOW, World, seconds
from tests.unit.placing import SALES, A, by_job, by_shop, job, ledger, record, serve, submit, tags


@pytest.fixture
def world() -> World:
    return by_shop()


# --- turns ---


def test_a_small_job_is_not_behind_a_large_one(world: World) -> None:
    world.submit(job(500), "a")
    serve(world, 100)
    world.submit(job(3), "b")
    assert sorted(by_job(serve(world, 6))) == list("aaabbb")


def test_jobs_take_turns_as_often_as_their_weights_say(world: World) -> None:
    world.submit(job(300), "a")
    world.submit(job(300, fair_weight=3), "b")
    taken = by_job(serve(world, 200))
    assert (taken.count("a"), taken.count("b")) in {(50, 150), (51, 149)}


def test_jobs_of_one_key_take_turns_as_one_each_in_its_order(world: World) -> None:
    for name in "abc":
        world.submit(job(20, fair_key="tenant"), name)
    world.submit(job(20), "d")
    taken = by_job(serve(world, 40))
    assert (taken.count("a"), taken.count("d")) == (20, 20)
    assert by_job(serve(world, 40)) == "b" * 20 + "c" * 20


def test_tasks_of_a_job_start_in_their_order(world: World) -> None:
    world.submit(job(40, fair_weight=7), "a")
    assert serve(world, 40) == [f"a#{n}" for n in range(40)]


def test_a_key_that_was_away_is_owed_nothing_and_one_that_was_alone_owes_nothing(world: World) -> None:
    world.submit(job(50, fair_key="busy"), "a")
    serve(world, 50)
    world.clock.advance(SETTLING)
    world.submit(job(50, fair_key="new"), "b")
    world.submit(job(50, fair_key="busy"), "c")
    taken = by_job(serve(world, 40))
    assert (taken.count("b"), taken.count("c")) == (20, 20)


def test_priorities_have_turns_of_their_own(world: World) -> None:
    world.submit(job(5, fair_key="k", priority=7), "a")
    world.submit(job(5, fair_key="k", priority=2), "b")
    assert by_job(serve(world, 10)) == "bbbbbaaaaa"
    assert (ledger(world, 7).keys["k"], ledger(world, 2).keys["k"]) == (Taken(0, 500, A), Taken(0, 500, JobId("b")))


# --- what is remembered ---


def test_a_job_of_its_own_key_leaves_norecord(world: World) -> None:
    world.submit(job(BATCH - 1), "a")
    assert world.records.records == {}


def test_a_long_job_notes_how_far_tags_were_written(world: World) -> None:
    world.submit(job(2 * BATCH + 1), "a")
    assert (ledger(world).written, ledger(world).keys) == (2 * BATCH * QUANTUM, {})


def test_a_job_delivered_again_takes_no_tags_again(world: World) -> None:
    for _ in range(3):
        world.submit({**job(10, fair_key="k"), "idempotency_key": "a"})
    assert ledger(world).keys == {"k": Taken(0, 1_000, A)}


def test_a_scheduler_that_dies_before_its_first_note_has_taken_its_tags_once(world: World) -> None:
    class Dying(InMemoryTaskStore):
        def create(self, tasks: Any) -> int:
            super().create(tasks[:7])
            raise ConnectionError

    tasks, world.tasks = world.tasks, Dying()
    with pytest.raises(ConnectionError):
        world.submit(job(10, fair_key="k"), "a")
    tasks.create(list(world.tasks.tasks.values()))
    world.tasks = tasks
    world.clock.advance(HOLD)
    world.submit(job(10, fair_key="k"), "a")
    world.submit(job(1, fair_key="k"), "b")
    assert (tags(world, "a"), tags(world, "b")) == ([n * QUANTUM for n in range(10)], [1_000])


def test_a_job_that_is_handed_over_goes_on_with_its_tags(world: World) -> None:
    submit(world.scheduler(), job(3 * BATCH, fair_key="k"), "a", left=[900, 0])
    assert (len(tags(world, "a")), world.jobs.jobs[A].tag) == (BATCH, 0)
    submit(world.scheduler(), resume_event(A), "r")
    assert tags(world, "a") == [n * QUANTUM for n in range(3 * BATCH)]
    assert ledger(world).keys["k"] == Taken(0, 3 * BATCH * QUANTUM, A)


def test_a_job_that_lay_behind_goes_on_at_the_virtual_time(world: World) -> None:
    submit(world.scheduler(), job(2 * BATCH, fair_key="k"), "a", left=[900, 0])
    serve(world, BATCH)
    world.submit(job(10, fair_key="other"), "b")
    world.records.write(replace(record(world), value={"5": Ledger(written=NUMBERS // 4).to_json()}))
    serve(world, 10)
    submit(world.scheduler(), resume_event(A), "r")
    assert tags(world, "a") == [NUMBERS // 4 + n * QUANTUM for n in range(BATCH)]


def test_the_key_of_a_cancelled_job_begins_where_the_job_did(world: World) -> None:
    world.submit(job(10), "line")
    world.submit(job(900, fair_key="k"), "a")
    submit(world.scheduler(), cancel_event(A, by="me", why="mistake"), "c")
    world.submit(job(2, fair_key="k"), "b")
    assert tags(world, "b") == [0, 100]


def test_the_key_of_a_job_that_broke_off_begins_where_it_did(world: World) -> None:
    lines = "\n".join(str(n) for n in range(3 * BATCH)).encode()
    world.sources.stored["s3://bucket/x.jsonl"] = lines
    event = {"lambda_name": LABOURER, "source": "s3://bucket/x.jsonl", "fair_key": "k"}
    world.scheduler().submit(event, request_id="a", remaining=lambda: seconds(0 if world.tasks.tasks else 900))
    world.sources.stored["s3://bucket/x.jsonl"] = lines + b"\n1"
    submit(world.scheduler(), resume_event(A), "r")
    assert world.jobs.jobs[A].state is JobState.FAILED
    assert ledger(world).keys["k"] == Taken(0, BATCH * QUANTUM, A)


def test_a_job_that_waits_for_its_moment_takes_no_tags_until_then(world: World) -> None:
    later = NOW + timedelta(hours=1)
    event = job(2 * BATCH, fair_key="k", not_before=later.isoformat())
    submit(world.scheduler(), event, "a", left=[900, 0])
    ranks = [task.rank for task in world.tasks.tasks.values()]
    assert ranks == [rank(5, Section.APPOINTED, to_ms(later) + n // 4) for n in range(BATCH)]
    assert (ledger(world), world.jobs.jobs[A].tag) == (Ledger(), None)
    world.clock.advance(timedelta(hours=1))
    submit(world.scheduler(), resume_event(A), "r")
    assert len(Line(world.tasks).due(SALES, world.clock.now() + seconds(1), 9_999)) == 2 * BATCH
    assert ledger(world).keys["k"].finish == 2 * BATCH * QUANTUM
