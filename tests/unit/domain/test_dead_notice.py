"""What is said of tasks that died."""

from __future__ import annotations

from sosw.domain.dead import DeadCount
from sosw.domain.dead_notice import EXAMPLES, MAX_TASKS, ROWS, SUBJECT_CHARS, events, subject, text
from sosw.domain.jsontext import dump
from sosw.domain.task import Failure, LabourerName, Task, TaskId
from tests.factories import LABOURER, NOW, a_task


def test_many_go_in_several_events_none_of_which_is_too_large() -> None:
    small = [a_task(n) for n in range(MAX_TASKS + 1)]
    assert [len(event["dead"]) for event in events(LABOURER, small)] == [MAX_TASKS, 1]
    large = [a_task(n, payload={"x": "y" * 90_000}) for n in range(3)]
    assert [len(event["dead"]) for event in events(LABOURER, large)] == [2, 1]
    (event,) = events(LABOURER, [a_task(0, payload={"x": "y" * 250_000})])
    assert (event["dead"][0]["payload"], event["dead"][0]["is_cut"]) == (None, True)
    assert len(dump(event)) < 2_000


def test_a_payload_that_lies_in_the_bucket_is_told_as_one_that_is_left_out() -> None:
    (event,) = events(LABOURER, [a_task(0, payload={}, payload_at="s3://bucket/payloads/job/0.json")])
    assert (event["dead"][0]["payload"], event["dead"][0]["is_cut"]) == (None, True)


def test_an_event_is_measured_in_bytes() -> None:
    wide = [a_task(n, payload={"x": "語" * 40_000}) for n in range(2)]
    assert [len(event["dead"]) for event in events(LABOURER, wide)] == [1, 1]


def test_half_a_character_keeps_nothing_from_being_told() -> None:
    task = a_task(0, failures=(_failure("E\ud83d", "no\ud83d"),), ruling="\ud83d")
    (event,) = events(LABOURER, [task])
    assert b"no?" in dump(event).encode()
    assert "E?: no?" in text(_count(task), [task], "sosw")


def _count(*tasks: Task) -> DeadCount:
    dead = DeadCount()
    for task in tasks:
        dead.add(task.labourer, task.failures[-1].error if task.failures else "", task.greenfield)
    return dead


def test_a_message_is_short_however_many_died() -> None:
    tasks = [
        a_task(n, labourer=LabourerName(f"a-labourer-{n:03}"), failures=(_failure(f"E{n}", "x\n" * 1_000),))
        for n in range(200)
    ]
    dead = _count(*tasks)
    body = text(dead, tasks, "staging")
    assert len(subject(dead, "staging")) == SUBJECT_CHARS
    assert subject(dead, "staging").endswith("...")
    assert len(body.splitlines()) < ROWS + 4 * EXAMPLES
    assert "     170  others\n" in body
    assert "--prefix staging" in body
    assert max(map(len, body.splitlines())) < 260


def test_one_without_a_known_error_is_told_too() -> None:
    task = a_task(0, failures=())
    assert "       1  sales  (no error)\n" in text(_count(task), [task], "sosw")
    assert subject(_count(task), "sosw") == "[sosw] 1 task died: sales 1"
    assert "sosw dead list --since" in text(DeadCount(), [], "sosw")


def _failure(error: str, message: str) -> Failure:
    return Failure(attempt=1, at=NOW, error=error, message=message)


def test_a_task_id_is_told_whole() -> None:
    task = a_task(0, id=TaskId("a-job-of-a-long-name" * 5 + "#12"))
    assert task.id in text(_count(task), [task], "sosw")
