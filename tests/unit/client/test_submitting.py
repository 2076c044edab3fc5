"""Jobs into the Scheduler's door, and its sentences back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sosw.aws.call_errors import CallFailed, FunctionFailed
from sosw.client import Client, JobRefused, Service, UnknownJob
from sosw.domain.errors import InvalidInput, SoswError
from tests.factories import NOW
from tests.unit.client.conftest import SHOPS, ClientWorld


def a_service(world: ClientWorld, call: Any) -> Service:
    return replace(world.service, call=call)


def failing(error: Exception) -> Any:
    def call(_function: str, _event: Any) -> Any:
        raise error

    return call


def test_a_job_is_submitted_with_its_attributes_and_wishes(world: ClientWorld) -> None:
    job = world.client.submit(
        "sales", idempotency_key="k", priority=2, not_before=NOW + timedelta(hours=1), **SHOPS, shops=["a", "b"]
    )
    tasks = [world.task_of("k", number) for number in (0, 1)]

    assert (job.id, job.labourer, job.created, job.is_duplicate) == ("k", "sales", 2, False)
    assert [task.payload["shops"] for task in tasks] == [["a"], ["b"]]
    assert {task.priority for task in tasks} == {2}
    assert {task.greenfield for task in tasks} == {NOW + timedelta(hours=1)}


def test_the_same_key_is_the_same_job(world: ClientWorld) -> None:
    first, second = (world.client.submit("sales", idempotency_key="k") for _ in range(2))

    assert (first.id, second.id) == ("k", "k")
    assert (second.created, second.is_duplicate) == (0, True)


def test_without_a_key_each_call_is_a_job_under_a_key_that_makes_it_safe_to_repeat(world: ClientWorld) -> None:
    first, second = (world.client.submit("sales") for _ in range(2))
    world.client.submit_event(world.calls[0][1])

    assert first.id != second.id
    assert len(world.jobs.jobs) == 2


@pytest.mark.parametrize(
    "job", [{"lambda_name": "sales", "idempotency_key": "k"}, '{"lambda_name": "sales", "idempotency_key": "k"}']
)
def test_the_key_within_an_envelope_is_kept(world: ClientWorld, job: Any) -> None:
    assert world.client.submit_event({"job": job}).id == "k"


def test_a_refusal_is_the_schedulers_own_sentence(world: ClientWorld) -> None:
    with pytest.raises(
        JobRefused, match=r"^lambda_name: 'sale' is not a registered labourer \(did you mean 'sales'\?\)$"
    ):
        world.client.submit("sale")
    assert world.jobs.jobs == {}


@pytest.mark.parametrize("error", ["InvalidInput", "Runtime.HandlerError"])
def test_what_the_lambda_raises_at_its_door_is_a_refusal(world: ClientWorld, error: str) -> None:
    client = Client(service=a_service(world, failing(FunctionFailed("sosw-scheduler", error, "a sentence"))))
    with pytest.raises(JobRefused, match=r"^a sentence$"):
        client.submit("sales")


@pytest.mark.parametrize(
    "error", [FunctionFailed("sosw-scheduler", "Sandbox.Timedout", "after 900 s"), CallFailed("f", "x", "y")]
)
def test_what_else_goes_wrong_is_told_as_it_is(world: ClientWorld, error: SoswError) -> None:
    client = Client(service=a_service(world, failing(error)))
    with pytest.raises(type(error), match=str(error).replace("(", r"\(").replace(")", r"\)")):
        client.submit("sales")


def test_another_function_of_that_name_is_told_apart(world: ClientWorld) -> None:
    client = Client(service=a_service(world, lambda *_: "hello"))
    with pytest.raises(SoswError, match="sosw-scheduler does not answer as a Scheduler"):
        client.submit("sales")


def test_what_is_no_json_is_refused_before_it_is_sent(world: ClientWorld) -> None:
    with pytest.raises(InvalidInput, match="is not JSON"):
        world.client.submit("sales", when={1, 2})
    assert world.calls == []


def test_a_moment_without_a_zone_is_refused_before_it_is_sent(world: ClientWorld) -> None:
    with pytest.raises(InvalidInput, match="not_before: '2026-01-01T00:00:00' must have a time zone"):
        world.client.submit("sales", not_before=datetime(2026, 1, 1))  # noqa: DTZ001  (the mistake of this test)
    assert world.calls == []


def test_a_dry_run_tells_what_would_be_and_writes_nothing(world: ClientWorld) -> None:
    later = datetime(2026, 2, 1, tzinfo=timezone.utc)
    found = world.client.dry_run("sales", **SHOPS, shops=["a", "b", "c"], not_before=later)
    same = world.client.dry_run_event({"job": {"lambda_name": "sales", **SHOPS, "shops": ["a", "b", "c"]}})

    assert (found.labourer, found.tasks, same.tasks) == ("sales", 3, 3)
    assert (found.first, found.last) == (
        {**SHOPS, "not_before": later.isoformat(), "shops": ["a"]},
        {**SHOPS, "not_before": later.isoformat(), "shops": ["c"]},
    )
    assert found.to_json().keys() == {"dry_run", "labourer", "tasks", "first", "last", "skipped_lines", "dollars"}
    assert (world.jobs.jobs, world.tasks.tasks) == ({}, {})


def test_jobs_are_listed_newest_first_also_by_a_clock_that_is_behind(world: ClientWorld) -> None:
    for key in ("a", "b", "c"):
        world.client.submit("sales", idempotency_key=key)
        world.clock.advance(seconds=1)
    world.clock.advance(seconds=-60)

    assert [job.id for job in world.client.jobs(2)] == ["c", "b"]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("delays-2031", "did you mean 'delays-2013'?"),
        ("del", "did you mean 'delays-2013'?"),
        ("zzz", "known: delays-2013"),
        ("", "known: delays-2013"),
    ],
)
def test_an_unknown_job_is_answered_with_a_guess(world: ClientWorld, asked: str, hint: str) -> None:
    world.client.submit("sales", idempotency_key="delays-2013")
    with pytest.raises(UnknownJob) as told:
        world.client.job(asked)
    assert hint in str(told.value)


def test_where_no_job_ever_was_that_is_said(world: ClientWorld) -> None:
    with pytest.raises(UnknownJob, match="no job was submitted here yet"):
        world.client.job("a")


def test_a_job_remembers_the_user_who_submitted_it(world: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    events: list[dict[str, Any]] = [{"lambda_name": "sales"}, {"job": {"lambda_name": "sales"}}]
    jobs = [world.client.submit("sales"), *map(world.client.submit_event, events)]

    assert {job.known_status.submitted_by for job in jobs} == {"ada"}
    assert all(job.known_status.source_event is None for job in jobs)


def test_who_is_said_to_submit_wins_over_the_user(world: ClientWorld) -> None:
    told = world.client.submit_event({"job": {"lambda_name": "sales"}, "by": "bob"}).known_status
    event = {"arn": "arn:aws:events:eu-west-1:1:rule/x", "id": "e"}
    sent = world.client.submit_event({"job": {"lambda_name": "sales"}, "source_event": event}).known_status

    assert (told.submitted_by, sent.submitted_by, sent.source_event) == ("bob", event["arn"], event)
    assert sent.to_json()["source_event"] == event


def test_by_as_an_attribute_of_a_job_is_payload(world: ClientWorld) -> None:
    job = world.client.submit("sales", idempotency_key="k", by="train")

    assert world.task_of("k", 0).payload == {"by": "train"}
    assert job.known_status.submitted_by != "train"


def test_an_order_goes_to_the_scheduler_as_it_is(world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k")

    assert world.client.submit_event({"sosw": {"resume": "k"}}).id == "k"
