"""Where jobs stand in line: the real Scheduler over the stores in memory, its tasks taken by the real Line."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import InvalidInput, SoswError, StaleRecord
from sosw.domain.fairness import FAIR, QUANTUM, SETTLING, Ledger, Taken, ledger_of
from sosw.domain.messages import cancel_event, resume_event
from sosw.domain.moments import to_ms
from sosw.domain.ranks import NUMBERS, Place, Section, number, rank
from sosw.domain.records import Record, RecordKey, of_labourer
from sosw.domain.settings import Labourer
from sosw.domain.standing import Standing
from sosw.domain.task import JobId, LabourerName, Task, TaskId
from sosw.line import Line
from sosw.placer import ROUNDS
from sosw.scheduler import BATCH, HOLD, Scheduler
from sosw.testing import InMemoryRecordStore, InMemoryTaskStore
from tests.factories import LABOURER, LEASE, NOW, World, seconds

A = JobId("a")
SALES = Labourer(name=LABOURER, arn="sales", max_simultaneous_invocations=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    return world


def job(count: int, **more: Any) -> dict[str, Any]:
    shops = {"isolate_shops": True, "shops": list(range(count))}
    return {"lambda_name": LABOURER, "job_schema_name": "by_shop", **shops, **more}


def sharded(world: World, shards: int, **parts: Any) -> Scheduler:
    scheduler = world.scheduler(**parts)
    labourers = cast("dict[LabourerName, Labourer]", scheduler.settings.labourers)
    labourers[LABOURER] = replace(labourers[LABOURER], shards=shards)
    return scheduler


def submit(scheduler: Scheduler, event: Any, request_id: str, left: Iterable[float] = ()) -> dict[str, Any]:
    answers = iter(left)
    return scheduler.submit(event, request_id=request_id, remaining=lambda: seconds(next(answers, 900)))


def tags(world: World, job_id: str) -> list[int]:
    """Of the job's tasks that wait, in their order."""
    ranks = [task.rank for task in world.tasks.tasks.values() if task.job_id == job_id and task.rank is not None]
    assert all(rank // NUMBERS % 10 == Section.READY for rank in ranks)
    return [number(rank) for rank in ranks]


def serve(world: World, count: int, *, shards: int = 1) -> list[TaskId]:
    """Take the next tasks out of the line, one by one."""
    taken: list[TaskId] = []
    for _ in range(count):
        taken += Line(world.tasks).due(SALES, world.clock.now(), 1, shards=shards)
        task = world.tasks.tasks[taken[-1]]
        world.tasks.apply(lifecycle.claim(task, row=0, now=world.clock.now(), lease=LEASE))
    return taken


def ledger(world: World, priority: int = 5) -> Ledger:
    key = of_labourer(LABOURER, FAIR)
    return ledger_of(world.records.read([key])[key].value, priority)


def by_job(taken: list[TaskId]) -> str:
    return "".join(task.split("#")[0] for task in taken)


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


def test_a_job_of_its_own_key_leaves_no_record(world: World) -> None:
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
    world.records.write(replace(_record(world), value={"5": Ledger(written=NUMBERS // 4).to_json()}))
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
    submit(world.scheduler(), event, "a", left=[900, 0])
    world.sources.stored["s3://bucket/x.jsonl"] = lines + b"\n1"
    with pytest.raises(InvalidInput, match="source"):
        submit(world.scheduler(), resume_event(A), "r")
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


# --- what goes wrong stops nothing ---


class Broken(InMemoryRecordStore):
    """Cannot be read, or not be written."""

    def __init__(self, *, is_readable: bool) -> None:
        super().__init__()
        self._is_readable = is_readable

    def read(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        if not self._is_readable:
            raise SoswError
        return super().read(keys)

    def write(self, record: Record) -> Record:
        raise SoswError(record)


class Contended(InMemoryRecordStore):
    """Somebody else is always faster, or so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def write(self, record: Record) -> Record:
        self.left -= 1
        if self.left >= 0:
            raise StaleRecord(record)
        return super().write(record)


@pytest.mark.parametrize("is_readable", [True, False])
def test_without_its_record_a_job_stands_by_the_line_alone(
    world: World, caplog: pytest.LogCaptureFixture, *, is_readable: bool
) -> None:
    world.submit(job(9), "a")
    serve(world, 4)
    world.records = Broken(is_readable=is_readable)
    assert world.submit(job(3, fair_key="k"), "b")["created"] == 3
    assert tags(world, "b") == [400, 500, 600]
    assert [record.message for record in caplog.records] == ["fairness.unknown"]


def test_a_job_whose_record_is_unknown_goes_on_where_it_stopped(world: World) -> None:
    submit(world.scheduler(), job(2 * BATCH, fair_key="k"), "a", left=[900, 0])
    world.records = Broken(is_readable=False)
    submit(world.scheduler(), resume_event(A), "r")
    assert tags(world, "a") == [n * QUANTUM for n in range(2 * BATCH)]


def test_an_index_that_cannot_be_read_is_taken_for_empty(world: World, caplog: pytest.LogCaptureFixture) -> None:
    class Unread(InMemoryTaskStore):
        def places(self, queue: str, start: int, limit: int) -> list[Place]:
            raise SoswError(queue, start, limit)

    world.tasks = Unread()
    assert world.submit(job(3), "a")["created"] == 3
    assert [record.message for record in caplog.records] == ["line.unread"]


def test_a_record_that_others_write_too_is_read_again(world: World) -> None:
    world.records = Contended(ROUNDS - 1)
    world.submit(job(3, fair_key="k"), "a")
    assert ledger(world).keys == {"k": Taken(0, 300, A)}


def test_a_record_that_is_always_changed_by_others_is_left_to_them(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.records = Contended(999)
    with caplog.at_level(logging.INFO):
        assert world.submit(job(3, fair_key="k"), "a")["created"] == 3
    assert "fairness.contended" in [record.message for record in caplog.records]


# --- shards ---


def test_tasks_are_spread_over_the_shards_and_none_is_out_of_sight(world: World) -> None:
    submit(sharded(world, 4), job(200), "a")
    assert {task.shard for task in world.tasks.tasks.values()} == {None, 1, 2, 3}
    assert _standing(world).shards == 4
    assert serve(world, 200, shards=_standing(world).shards) == [f"a#{n}" for n in range(200)]


def test_shards_are_lowered_without_losing_sight_of_any_task(world: World) -> None:
    submit(sharded(world, 16), job(100), "a")
    submit(sharded(world, 2), job(100), "b")
    assert {t.shard for t in world.tasks.tasks.values() if t.job_id == "b"} == {None, 1}
    assert _standing(world).shards == 16
    taken = serve(world, 200, shards=16)
    assert len(set(taken)) == 200


def test_the_mark_is_raised_beside_what_else_the_record_holds(world: World) -> None:
    key = of_labourer(LABOURER)
    world.records.write(Record(key=key, value={"tomorrow": 1}))
    submit(sharded(world, 3), job(1), "a")
    assert world.records.read([key])[key].value == {"tomorrow": 1, "shards": 3}


@pytest.mark.parametrize("records", [Broken(is_readable=True), Broken(is_readable=False), Contended(999)])
def test_where_the_mark_cannot_be_raised_tasks_go_into_known_shards(world: World, records: InMemoryRecordStore) -> None:
    world.records = records
    submit(sharded(world, 4), job(50), "a")
    assert {task.queue for task in world.tasks.tasks.values()} == {"sales/0"}


def test_the_virtual_time_is_that_of_all_shards(world: World) -> None:
    submit(sharded(world, 4), job(100), "a")
    serve(world, 50, shards=4)
    submit(sharded(world, 4), job(1), "b")
    assert tags(world, "b") == [50 * QUANTUM]


# --- concurrency keys ---


def test_each_task_bears_the_key_that_its_payload_gives(world: World) -> None:
    world.submit(job(3, concurrency_key="shop-{shops}"), "a")
    assert [task.key for task in world.tasks.tasks.values()] == ["shop-0", "shop-1", "shop-2"]


def test_a_task_keeps_its_key_when_it_is_tried_again(world: World) -> None:
    world.submit(job(1, concurrency_key="all"), "a")
    (task,) = _run_and_give_back(world)
    assert task.key == "all"


@pytest.mark.parametrize("more", [{}, {"dry_run": True}])
def test_a_key_that_some_task_cannot_have_refuses_the_job_before_anything_is_written(
    world: World, more: dict[str, Any]
) -> None:
    shops = {"a": {"region": "north"}, "b": None}
    event = {**job(0, concurrency_key="{region}", **more), "shops": shops}
    with pytest.raises(InvalidInput, match=r"concurrency_key: '\{region\}' asks for \{region\}, which a task does not"):
        world.submit(event, "a")
    assert (world.tasks.tasks, world.jobs.jobs) == ({}, {})


def test_keys_are_read_from_the_lines_of_a_source(world: World) -> None:
    world.sources.stored["s3://bucket/x.jsonl"] = b'{"customer": 7}\n{"customer": "eight"}'
    event = {"lambda_name": LABOURER, "source": "s3://bucket/x.jsonl", "concurrency_key": "{lines.customer}"}
    world.submit(event, "a")
    assert [task.key for task in world.tasks.tasks.values()] == ["7", "eight"]


def _record(world: World) -> Record:
    key = of_labourer(LABOURER, FAIR)
    return world.records.read([key])[key]


def _standing(world: World) -> Standing:
    key = of_labourer(LABOURER)
    return Standing.from_json(world.records.read([key])[key].value)


def _run_and_give_back(world: World) -> list[Task]:
    taken = serve(world, 1)
    task = world.tasks.tasks[taken[0]]
    return [world.tasks.apply(lifecycle.give_back(task, due=NOW))]
