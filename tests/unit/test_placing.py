"""What stops no job, shards, and the concurrency keys of tasks."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import InvalidInput, SoswError, StaleRecord
from sosw.domain.fairness import QUANTUM, Taken
from sosw.domain.messages import resume_event
from sosw.domain.ranks import Place
from sosw.domain.records import Record, RecordKey, of_labourer
from sosw.job_writer import BATCH
from sosw.placer import ROUNDS
from sosw.testing import InMemoryRecordStore, InMemoryTaskStore
from tests.factories import LABOURER, NOW, World
from tests.unit.placing import A, by_shop, job, ledger, serve, sharded, standing, submit, tags


@pytest.fixture
def world() -> World:
    return by_shop()


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
    assert standing(world).shards == 4
    assert serve(world, 200, shards=standing(world).shards) == [f"a#{n}" for n in range(200)]


def test_shards_are_lowered_without_losing_sight_of_any_task(world: World) -> None:
    submit(sharded(world, 16), job(100), "a")
    submit(sharded(world, 2), job(100), "b")
    assert {t.shard for t in world.tasks.tasks.values() if t.job_id == "b"} == {None, 1}
    assert standing(world).shards == 16
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
    (task_id,) = serve(world, 1)
    task = world.tasks.tasks[task_id]
    assert world.tasks.apply(lifecycle.give_back(task, due=NOW)).key == "all"


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
