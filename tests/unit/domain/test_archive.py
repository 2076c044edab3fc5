"""Lines of the archive."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from sosw.domain import archive, lifecycle
from sosw.domain.archive import Partition, find, line, may_have, object_key, pack, partition, task_of, unpack
from sosw.domain.errors import SoswError
from sosw.domain.task import Failure, JobId, Task, TaskId, TaskState
from tests.factories import DAY, JOB, NOW, POLICY, a_task, claimed, seconds


def done(sequence: int = 0, **fields: object) -> Task:
    end = lifecycle.complete(a_task(sequence).id, attempt=1, now=NOW + seconds(5), retention=DAY, result={"n": "01"})
    return replace(lifecycle.apply(end, claimed(a_task(sequence))), **fields)  # type: ignore[arg-type]


def dead() -> Task:
    task = claimed(a_task(key="k"))
    failure = Failure(attempt=1, at=NOW, error="ValueError", message="ü\n")
    move = lifecycle.fail(
        task, failure, policy=POLICY, retention=DAY, jitter=0, is_retryable=False, stats={"rows": 1.0}
    )
    return lifecycle.apply(move, task)


@pytest.mark.parametrize("task", [done(), dead(), done(is_recalled=True, forgiven=1, result=None)])
def test_a_line_gives_the_task_back_but_for_its_place_and_its_slot(task: Task) -> None:
    bare = replace(task, queue=None, rank=None, shard=None, slot=None)
    assert task_of(line(task)) == bare
    assert "\n" not in line(task)


def test_a_line_has_names_and_plain_types_for_other_readers() -> None:
    told = json.loads(line(dead()))
    assert told == {
        "id": "job#0", "job_id": "job", "labourer": "sales", "version": 3, "attempt": 1, "forgiven": 0, "priority": 5,
        "key": "k", "state": "dead", "tries": 1, "created_at": 1767268800000, "started_at": 1767268800000,
        "ruling": "it failed in a way that no retry can mend",
        "closed_at": 1767268800000, "expires_at": 1767355200000, "payload": '{"n":0}', "stats": '{"rows":1.0}',
        "failures": [{"attempt": 1, "at": 1767268800000, "error": "ValueError", "message": "ü\n"}],
    }  # fmt: skip


def test_a_failure_without_a_class_comes_out_as_it_was() -> None:
    nameless = replace(dead(), failures=(Failure(attempt=1, at=NOW, error=""),))
    assert task_of(line(nameless)).failures == nameless.failures


def test_what_tomorrow_adds_to_a_line_is_left_alone() -> None:
    told = json.loads(line(dead()))
    told["colour"], told["failures"][0]["mood"] = "red", "bad"
    assert task_of(json.dumps(told)) == task_of(line(dead()))


def test_a_task_lies_by_its_labourer_and_the_day_on_which_it_closed() -> None:
    assert partition(done()) == Partition("sales", "2026-01-01")
    assert partition(done(closed_at=NOW + DAY)).prefix == "archive/labourer=sales/date=2026-01-02/"
    assert partition(done(closed_at=None)).date == "2026-01-01"


def test_an_object_is_named_by_what_is_in_it() -> None:
    where, one, other = Partition("sales", "2026-01-01"), (JOB, TaskId("job#0"), 3), (JOB, TaskId("job#1"), 3)
    key = object_key(where, [one, other])
    assert key == object_key(where, [one, other])
    assert len({key, object_key(where, [one]), object_key(where, [one, (JOB, TaskId("job#1"), 4)])}) == 3
    assert key.startswith(where.prefix)
    assert key.endswith(".jsonl.gz")


def test_the_name_of_an_object_tells_whether_a_job_may_be_in_it() -> None:
    where, mine, another = Partition("sales", "2026-01-01"), (JOB, TaskId("job#0"), 3), JobId("other")
    own, mixed = object_key(where, [mine]), object_key(where, [mine, (another, TaskId("other#0"), 3)])
    assert [may_have(own, JOB), may_have(own, another)] == [True, False]
    assert [may_have(mixed, JOB), may_have(mixed, another)] == [True, True]


def test_equal_lines_are_equal_bytes_and_come_back_in_their_order() -> None:
    lines = [line(done(n)) for n in range(3)]
    assert pack(lines) == pack(lines)
    assert list(unpack(pack(lines), "k")) == lines
    assert pack(lines)[4:8] == bytes(4)  # the moment of packing is not in it
    assert gzip.decompress(pack(lines)).count(b"\n") == 3


CUT, NO_TEXT = pack([line(done())])[:-9], gzip.compress(b"\xff", mtime=0)


@pytest.mark.parametrize("body", [b"no gzip", CUT, NO_TEXT], ids=["other", "cut", "no text"])
def test_an_object_that_is_not_whole_is_said_by_its_key(body: bytes) -> None:
    with pytest.raises(SoswError, match=r"^object a/b of the archive cannot be read: "):
        list(unpack(body, "a/b"))


def test_of_a_task_archived_twice_the_later_version_is_found() -> None:
    again = done(version=6)
    lines = [line(dead()), line(again), line(done(1)), line(dead())]
    assert find(lines, a_task().id) == task_of(line(again))
    assert find(lines, TaskId("job#9")) is None
    assert find([line(done(1)).replace("job#1", "job#10")], TaskId("job#1")) is None


def test_only_closed_states_are_told() -> None:
    assert {task_of(line(task)).state for task in (done(), dead())} == {TaskState.DONE, TaskState.DEAD}
    assert archive.PREFIX == "archive/"
