"""Jobs that read: a task for each batch of lines, checked whole before the first is written, the same when resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from sosw.domain import request
from sosw.domain.errors import InvalidInput
from sosw.domain.extensions import Extensions
from sosw.domain.job import JobState
from sosw.domain.messages import cancel_event, resume_event
from sosw.domain.task import JobId, task_id
from sosw.job_writer import BATCH, RETRY_STUCK
from tests.factories import World, seconds

ID = JobId("r")
JOB = {"lambda_name": "sales", "source": "s3://bucket/orders.jsonl", "batch": 2, "shop": "A"}


def world_with(content: bytes, key: str = "orders.jsonl") -> World:
    world = World()
    world.sources.stored[f"s3://bucket/{key}"] = content
    return world


def payloads(world: World) -> list[Any]:
    return [world.tasks.tasks[task_id(ID, n)].payload for n in range(len(world.tasks.tasks))]


def test_each_batch_of_lines_is_a_task() -> None:
    world = world_with(b'{"order": 1}\n{"order": 2}\n"third"\n')
    answer = world.submit(JOB, ID)

    assert (answer["tasks"], answer["state"]) == (2, "ready")
    assert [(p["lines"], p["line_numbers"], p["shop"]) for p in payloads(world)] == [
        ([{"order": 1}, {"order": 2}], [1, 2], "A"),
        (["third"], [3], "A"),
    ]


def for_one_batch(world: World) -> Callable[[], timedelta]:
    """The time that is left: none as soon as a task is written."""
    return lambda: seconds(0 if world.tasks.tasks else 900)


def test_a_bad_line_is_named_and_refuses_the_job_before_anything_is_written() -> None:
    world = world_with(b'{"order": 1}\n{"order": 2}\n{order: 3}\n')
    with pytest.raises(InvalidInput, match="line 3 is not JSON"):
        world.submit(JOB, ID)

    assert (world.tasks.tasks, world.jobs.jobs) == ({}, {})


def test_bad_lines_are_left_out_and_counted_when_the_job_says_so() -> None:
    world = world_with(b'{"order": 1}\nnonsense\n{"order": 3}\n')
    world.submit({**JOB, "on_bad_line": "skip"}, ID)
    (payload,) = payloads(world)

    assert payload["line_numbers"] == [1, 3]
    assert world.jobs.jobs[ID].skipped_lines == 1


def test_a_job_handed_over_in_the_middle_of_its_source_goes_on_from_there() -> None:
    lines = [b'{"n": %d}' % n for n in range(2 * (BATCH + 5))]
    world = world_with(b"\n".join(lines))
    world.scheduler().submit(JOB, request_id=ID, remaining=for_one_batch(world))
    assert len(world.tasks.tasks) == BATCH
    world.submit(resume_event(ID), "another")

    assert [line["n"] for p in payloads(world) for line in p["lines"]] == list(range(len(lines)))


def test_a_job_whose_source_changed_meanwhile_says_so_and_makes_no_other_tasks() -> None:
    world = world_with(b"\n".join(b"%d" % n for n in range(2 * BATCH + 2)))
    world.scheduler().submit(JOB, request_id=ID, remaining=for_one_batch(world))
    world.sources.stored["s3://bucket/orders.jsonl"] = b"something else"
    answer = world.submit(resume_event(ID), "another")
    job = world.jobs.jobs[ID]

    assert (answer["state"], answer["tasks"], len(world.tasks.tasks)) == ("failed", BATCH, BATCH)
    assert (job.state, job.total, job.held_until) == (JobState.FAILED, BATCH, None)
    assert "s3://bucket/orders.jsonl" in str(job.failed_why)
    assert world.submit(cancel_event(ID, by="ada", why=""), "b")["state"] == "cancelled"


def test_a_dry_run_tells_what_it_would_do_and_writes_nothing() -> None:
    world = world_with(b"1\n2\nbad\n3\n")
    answer = world.submit({**JOB, "on_bad_line": "skip", "dry_run": True}, ID)

    assert (answer["tasks"], answer["skipped_lines"]) == (2, 1)
    assert (answer["first"]["lines"], answer["last"]["lines"]) == ([1, 2], [3])
    assert 0 < answer["dollars"] < 0.0001
    assert (world.tasks.tasks, world.jobs.jobs) == ({}, {})


def test_a_dry_run_without_a_source_tells_the_first_and_the_last_task() -> None:
    world = World()
    answer = world.submit({"lambda_name": "sales", "period": "last_90_days", "isolate_days": True, "dry_run": True}, ID)

    assert (answer["tasks"], answer["first"]["date_list"], answer["last"]["date_list"]) == (
        90,
        ["2025-10-03"],
        ["2025-12-31"],
    )


def test_a_source_of_more_tasks_than_a_job_may_have_is_refused_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "MAX_TASKS", 3)
    world = world_with(b"1\n2\n3\n4\n5\n6\n7\n")
    with pytest.raises(InvalidInput, match=r"job: 'sales' makes more than 3 tasks \(put more lines or objects"):
        world.submit(JOB, ID)

    assert (world.tasks.tasks, world.jobs.jobs) == ({}, {})
    assert world.submit({**JOB, "batch": 3}, ID)["tasks"] == 3


def test_what_nothing_missing_explains_fails_the_job_once_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with(b"\n".join(b"%d" % n for n in range(4 * BATCH)))
    world.scheduler().submit(JOB, request_id=ID, remaining=for_one_batch(world))
    monkeypatch.setattr(request, "MAX_TASKS", BATCH + 1)  # as of a version of sosw that allows for less
    answer = world.submit(resume_event(ID), "another")

    assert (answer["state"], answer["tasks"], len(world.tasks.tasks)) == ("failed", BATCH, BATCH)
    assert "makes more than 1,001 tasks" in str(world.jobs.jobs[ID].failed_why)


@pytest.mark.parametrize("asked", [{"period": "mine"}, {"chunker": "mine"}])
def test_a_job_whose_period_or_chunker_is_gone_waits_for_it(asked: dict[str, str]) -> None:
    def chunker(job: Mapping[str, Any], _schema: Sequence[str], _today: date) -> Iterable[Mapping[str, Any]]:
        return [job] * 2 * BATCH

    known = Extensions(periods={"mine": lambda today, _match: [today] * 2 * BATCH}, chunkers={"mine": chunker})
    world = World()
    job = {"lambda_name": "sales", "isolate_days": True, **asked}
    world.scheduler(extensions=known).submit(job, request_id=ID, remaining=for_one_batch(world))
    assert world.submit(resume_event(ID), "another")["state"] == "creating"
    assert "'mine' is no " in str(world.jobs.jobs[ID].waits_why)
    world.clock.advance(RETRY_STUCK)

    assert world.submit(resume_event(ID), "another", extensions=known)["state"] == "ready"


@pytest.mark.parametrize("attributes", [{}, {"pad": "x" * 100_000}, {"period": "last_400_days", "isolate_days": True}])
def test_lines_too_long_for_one_task_together_are_parted_and_one_too_long_by_itself_is_bad(
    attributes: dict[str, Any],
) -> None:
    lines = [b'"%s"' % (b"x" * size) for size in (100_000, 100_000, 100_000, 262_140, 9)]
    world = world_with(b"\n".join(lines))
    job = {**JOB, **attributes, "batch": 3}
    with pytest.raises(InvalidInput, match=r"source: 's3://bucket/orders.jsonl' line 4 takes 262,145 bytes of its"):
        world.submit(job, ID)
    assert world.jobs.jobs == {}
    world.submit({**job, "on_bad_line": "skip"}, ID)
    numbers = [tuple(p["line_numbers"]) for p in payloads(world)]

    assert list(dict.fromkeys(numbers)) == ([(1,), (2,), (3, 5)] if "pad" in attributes else [(1, 2), (3, 5)])
    assert world.jobs.jobs[ID].skipped_lines == 1


def test_a_job_that_is_known_is_recognised_without_reading_its_source_again() -> None:
    world = world_with(b"1\n2\n")
    job = {**JOB, "idempotency_key": "k"}
    world.submit(job, "a")
    del world.sources.stored["s3://bucket/orders.jsonl"]
    again = world.submit(job, "b")

    assert (again["job_id"], again["state"], again["duplicate"]) == ("k", "ready", True)
    with pytest.raises(InvalidInput, match="'k' was given to another job before"):
        world.submit({**job, "shop": "B"}, "c")
    with pytest.raises(InvalidInput, match="is not there"):
        world.submit({**job, "dry_run": True}, "d")


def test_a_job_is_the_same_whatever_its_schema_has_become_since() -> None:
    world = World()
    job = {"lambda_name": "sales", "shops": [1, 2], "idempotency_key": "k"}
    world.submit(job, "a")
    world.config["job_schema_variants"] = {"default": {"chunkable_attrs": [["shop", {}]]}}

    assert world.submit(job, "b")["duplicate"] is True


def test_a_rule_of_the_users_that_raises_when_its_job_is_gone_on_with_fails_the_job() -> None:
    days = iter([2 * BATCH] * 20)

    def period(today: date, _match: object) -> list[date]:
        return [today] * next(days)

    own = Extensions(periods={"mine": period})
    world = World()
    job = {"lambda_name": "sales", "isolate_days": True, "period": "mine"}
    world.scheduler(extensions=own).submit(job, request_id=ID, remaining=for_one_batch(world))
    list(days)
    answer = world.submit(resume_event(ID), "another", extensions=own)

    assert (answer["state"], answer["tasks"]) == ("failed", BATCH)
    assert "period: 'mine' raised StopIteration" in str(world.jobs.jobs[ID].failed_why)
