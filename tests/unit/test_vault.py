"""What is too large for the table: it goes to the bucket and comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvalidInput, SourceUnavailable
from sosw.domain.job import JobState
from sosw.domain.jsontext import MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES, MAX_STORED_BYTES, dump, load
from sosw.domain.task import JobId, Task, TaskId, TaskState
from sosw.job_writer import BATCH_BYTES
from sosw.storage import ObjectsFailed
from sosw.testing import InMemoryObjects
from sosw.vault import NO_VAULT, Vault
from tests.factories import LABOURER, World, a_task, claimed

LARGE = "ü" * (MAX_PAYLOAD_BYTES // 2)
RESULT = {"rows": ["0123", 1.0, 10**30, None], "text": "x" * MAX_RESULT_BYTES}


class Broken(InMemoryObjects):
    def put(self, key: str, body: bytes, *, kind: str) -> None:
        del body, kind
        raise ObjectsFailed(self.bucket, f"writing {key}", "slow down")

    def get(self, key: str) -> bytes | None:
        raise ObjectsFailed(self.bucket, f"reading {key}", "slow down")


def a_vault(world: World) -> Vault:
    return Vault(world.objects, world.objects)


def submit(world: World, **attributes: Any) -> dict[str, Any]:
    job = {"lambda_name": LABOURER, "idempotency_key": "j", **attributes}
    return world.submit(job, vault=a_vault(world))


def report(world: World, **said: Any) -> dict[str, Any]:
    event = {"action": "complete", "task_id": "job#0", "attempt": 1, "labourer": LABOURER}
    return world.assistant(vault=a_vault(world)).answer({**event, **said})


def kept(world: World) -> Any:
    """The large result of the task, from where its row says that it is."""
    return load(world.objects.objects[str(world.task().result_at).removeprefix("s3://bucket/")].decode())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def running(world: World) -> World:
    task = claimed(a_task())
    world.tasks.tasks[task.id] = task
    return world


def test_a_large_payload_lies_in_the_bucket_and_the_worker_is_told_so(world: World) -> None:
    submit(world, data=LARGE, n=1)
    task = world.tasks.tasks[TaskId("j#0")]
    assert (task.payload, task.payload_at) == ({}, "s3://bucket/payloads/j/0.json")
    assert load(world.objects.objects["payloads/j/0.json"].decode()) == {"data": LARGE, "n": 1}
    event = worker_event(claimed(task))
    assert event["sosw"]["payload_is_stored"] is True
    assert "data" not in event


def test_a_small_payload_stays_with_its_task(world: World) -> None:
    submit(world, data="x")
    task = world.tasks.tasks[TaskId("j#0")]
    assert (task.payload_at, world.objects.puts) == (None, [])
    assert "payload_is_stored" not in worker_event(claimed(task))["sosw"]


def test_a_job_that_is_too_large_for_its_row_is_one_job_all_the_same(world: World) -> None:
    assert submit(world, data=LARGE)["created"] == 1
    assert len(world.jobs.jobs[JobId("j")].body) < 1000
    assert submit(world, data=LARGE)["duplicate"]
    with pytest.raises(InvalidInput, match="was given to another job before"):
        submit(world, data=LARGE + "x")
    with pytest.raises(InvalidInput, match="was given to another job before"):
        submit(world, data="x")


def test_what_is_too_large_for_the_bucket_is_refused_before_any_write(world: World) -> None:
    with pytest.raises(InvalidInput, match=r"bytes of JSON, over the limit of 5,242,880"):
        submit(world, data="x" * MAX_STORED_BYTES)
    assert (world.objects.puts, world.jobs.jobs) == ([], {})


def test_without_a_bucket_a_large_payload_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput, match=r"bytes of JSON, over the limit of 262,144"):
        world.submit({"lambda_name": LABOURER, "data": LARGE})


def test_a_line_too_large_for_the_table_has_a_task_of_its_own(world: World) -> None:
    lines = [dump({"n": 0}), dump({"n": 1, "x": LARGE}), dump({"n": 2})]
    world.sources.stored["s3://bucket/x.jsonl"] = "\n".join(lines).encode()
    submit(world, source="s3://bucket/x.jsonl", batch=10)
    tasks = [world.tasks.tasks[TaskId(f"j#{n}")] for n in range(3)]
    assert [task.payload_at is not None for task in tasks] == [False, True, False]
    stored = load(world.objects.objects["payloads/j/1.json"].decode())
    assert (stored["line_numbers"], stored["lines"][0]["x"]) == ([2], LARGE)


class Ahead(InMemoryObjects):
    """Notes how many lines were read ahead of each object that was put: every other line is a large one."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.noted = 0, list[int]()

    def lines(self, *_: Any) -> Iterator[bytes]:
        wide, stay = dump({"x": LARGE}).encode(), dump({"x": "y" * 200_000}).encode()
        self.read = 0
        for number in range(160):
            self.read += 1
            yield stay if number % 2 else wide

    def put(self, key: str, body: bytes, *, kind: str) -> None:
        super().put(key, body, kind=kind)
        self.noted.append(self.read - 2 * len(self.puts))


def test_large_lines_are_put_away_as_they_are_read_and_few_of_those_that_fit_are_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead, batches, create = Ahead(), list[int](), world.tasks.create

    def noted(tasks: Sequence[Task]) -> int:
        batches.append(len(tasks))
        return create(tasks)

    monkeypatch.setattr(world.tasks, "create", noted)
    monkeypatch.setattr(world.sources, "lines", ahead.lines)
    world.sources.stored["s3://bucket/x.jsonl"] = b"{}"
    world.objects = ahead
    submit(world, source="s3://bucket/x.jsonl")
    assert len(world.tasks.tasks) == 160
    assert max(ahead.noted) <= 2
    assert max(batches) * 100_000 <= BATCH_BYTES + 200_000


def test_a_bucket_that_cannot_be_written_now_makes_the_job_wait(world: World) -> None:
    lines = [dump({"n": 0}), dump({"x": LARGE})]
    world.sources.stored["s3://bucket/x.jsonl"] = "\n".join(lines).encode()
    world.objects = Broken()
    submit(world, source="s3://bucket/x.jsonl")
    job = world.jobs.jobs[JobId("j")]
    assert job.state is JobState.CREATING
    assert "s3://bucket/payloads/j/1.json' cannot be written now" in str(job.waits_why)


def test_a_job_whose_own_body_cannot_be_written_or_read_is_not_taken(world: World) -> None:
    world.objects = Broken()
    with pytest.raises(SourceUnavailable, match="cannot be written now"):
        submit(world, data=LARGE)
    assert world.jobs.jobs == {}
    world.objects = InMemoryObjects()
    submit(world, data=LARGE)
    world.objects.objects.clear()
    (body,) = [key for key in world.objects.puts if "job-" in key]
    world.objects = Broken()
    with pytest.raises(SourceUnavailable, match="cannot be written now"):
        submit(world, data=LARGE)
    vault, job = Vault(world.objects, world.objects), world.jobs.jobs[JobId("j")]
    with pytest.raises(SourceUnavailable, match=f"{body}' cannot be read now: bucket bucket: reading"):
        vault.whole(job)
    empty = InMemoryObjects()
    with pytest.raises(SourceUnavailable, match="is what the job asks for, and has left the bucket"):
        Vault(empty, empty).whole(job)
    with pytest.raises(SourceUnavailable, match="but sosw has no bucket any more"):
        NO_VAULT.whole(job)


@pytest.mark.parametrize("action", ["complete", "mark_task_as_completed"])
def test_a_large_result_that_came_with_its_report_lies_in_the_bucket(running: World, action: str) -> None:
    assert report(running, action=action, result=RESULT) == {"accepted": True, "state": "done"}
    assert (running.task().result, kept(running)) == (None, RESULT)
    assert str(running.task().result_at).startswith("s3://bucket/results/job/0/1-")


def test_a_small_result_stays_with_its_task(running: World) -> None:
    report(running, result={"n": "01"})
    assert (running.task().result, running.task().result_at, running.objects.puts) == ({"n": "01"}, None, [])


def test_a_result_that_the_worker_has_put_there_is_noted(running: World) -> None:
    report(running, result_is_stored=True)
    assert (running.task().result, running.task().result_at) == (None, "s3://bucket/results/job/0/1.json")


def test_no_report_can_say_where_a_result_is(running: World) -> None:
    with pytest.raises(InvalidInput, match="result_at: 's3://other/secret' is not part of a report"):
        report(running, result=1, result_at="s3://other/secret")


@pytest.mark.parametrize(
    "said", [{"task_id": 7}, {"attempt": "1"}, {"attempt": 0}, {"colour": "red"}, {"result_is_stored": "yes"}]
)
def test_a_report_that_is_none_is_refused_as_ever(running: World, said: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        report(running, result=RESULT, **said)
    assert running.objects.puts == []


def test_what_is_no_report_at_all_is_refused_as_ever(running: World) -> None:
    for vault in (a_vault(running), NO_VAULT):
        with pytest.raises(InvalidInput, match="must be an object"):
            running.assistant(vault=vault).answer("complete")


def test_a_failure_has_no_result_to_keep(running: World) -> None:
    report(running, action="fail", error="E", is_retryable=False)
    assert running.task().state is TaskState.DEAD
    assert running.objects.puts == []


@pytest.mark.parametrize("action", ["heartbeat", "fail"])
def test_a_large_partial_result_is_a_note_with_a_bucket_too(running: World, action: str) -> None:
    report(running, action=action, result=RESULT, result_is_stored=True)
    assert running.task().result["sosw_dropped"].endswith("bytes, over 65,536")
    assert running.objects.puts == []


def test_a_bucket_that_fails_fails_the_report_for_lambda_to_repeat(running: World) -> None:
    running.objects = Broken()
    with pytest.raises(ObjectsFailed):
        report(running, result=RESULT)
    assert running.task().state is TaskState.RUNNING


def test_a_late_report_does_not_touch_the_result_of_another_attempt(running: World) -> None:
    report(running, result=RESULT, attempt=1)
    report(running, result={**RESULT, "late": True}, attempt=2)
    assert kept(running) == RESULT


def test_an_attempt_that_ran_twice_does_not_replace_the_result_that_was_taken(running: World) -> None:
    report(running, result=RESULT)
    assert not report(running, result={**RESULT, "late": True})["accepted"]
    assert kept(running) == RESULT
    assert not running.assistant(vault=a_vault(running)).answer(record(responsePayload=[RESULT]))["accepted"]
    assert kept(running) == RESULT


def test_without_a_bucket_nothing_is_lent_and_a_large_result_becomes_a_note(running: World) -> None:
    assistant = running.assistant()
    assert assistant.answer({"action": "store", "task_id": "job#0", "attempt": 1}) == {"url": None}
    said = {"action": "complete", "task_id": "job#0", "attempt": 1, "labourer": LABOURER}
    assistant.answer({**said, "result": RESULT, "result_is_stored": True})
    assert running.task().result["sosw_dropped"].endswith("bytes, over 65,536")
    assert running.task().result_at is None


def record(**more: Any) -> dict[str, Any]:
    """As Lambda's destination sends it for a function that is not built on the base class."""
    asked = {"task_id": "job#0", "sosw": {"job_id": "job", "labourer": LABOURER, "attempt": 1, "lease_until": 1}}
    context = {"requestId": "r", "condition": "Success"}
    return {"requestContext": context, "requestPayload": asked, "responsePayload": RESULT, **more}


def test_a_large_result_that_came_with_a_destinations_record_lies_in_the_bucket(running: World) -> None:
    running.assistant(vault=a_vault(running)).answer(record())
    assert (running.task().result, kept(running)) == (None, RESULT)


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"requestPayload": None}, TaskState.RUNNING),
        ({"requestPayload": {"task_id": "job#0"}}, TaskState.RUNNING),
        ({"requestContext": {"condition": "RetriesExhausted"}}, TaskState.QUEUED),
        ({"responsePayload": {"sosw_reported": "x" * MAX_RESULT_BYTES}}, TaskState.RUNNING),
    ],
)
def test_any_other_record_has_no_result_to_keep(running: World, more: dict[str, Any], state: TaskState) -> None:
    running.assistant(vault=a_vault(running)).answer(record(**more))
    assert (running.task().state, running.objects.puts) == (state, [])
