"""`Client.task`: from the table, then from the archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sosw.client import Client, Service, UnknownTask
from sosw.client.service import no_objects
from sosw.domain import archive, lifecycle
from sosw.domain.errors import SoswError
from sosw.domain.history import What
from sosw.domain.task import JobId, TaskId, TaskState
from tests.factories import DAY, LEASE
from tests.unit.client.conftest import SHOPS, ClientWorld, configured

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:sales-prod:live"


def archived(world: ClientWorld) -> None:
    """All that is due is archived, and the table is emptied of what is closed."""
    world.count()
    for _ in range(5):
        world.clock.advance(seconds=DAY.total_seconds() / 2)
        world.archivist().run(lambda: True)
    for task in list(world.tasks.tasks.values()):
        if task.state.is_closed:
            del world.tasks.tasks[task.id]


@pytest.fixture
def ended(world: ClientWorld) -> ClientWorld:
    """A job of three: two done, one dead."""
    world.client.submit("sales", idempotency_key="j", **SHOPS, shops=["a", "b", "c"])
    world.end("j", 0, 1)
    world.end("j", 2, is_dead=True)
    return world


def test_a_task_in_the_table_tells_its_steps(ended: ClientWorld) -> None:
    found = ended.client.task("j#2")
    assert (found.task_id, found.state, found.is_archived) == ("j#2", TaskState.DEAD, False)
    assert [step.what for step in found.steps] == [What.CREATED, What.STARTED, What.FAILED, What.DEAD]
    assert (found.log_group, found.region) == ("/aws/lambda/sales", "eu-west-1")
    assert [found.link(step) is not None for step in found.steps] == [False, False, True, False]


def test_no_console_shows_the_logs_of_a_local_stack(ended: ClientWorld) -> None:
    local = Client(service=replace(ended.service, has_console=lambda: False)).task("j#2")
    assert [local.link(step) for step in local.steps] == [None] * 4


@pytest.mark.parametrize(
    ("endpoint", "has_console"),
    [("http://127.0.0.1:4566", False), ("http://localhost:4566", False), ("http://[::1]:4566", False), (None, True)],
)
def test_a_stack_on_this_machine_has_no_console(
    endpoint: str | None,
    has_console: bool,  # noqa: FBT001  (of a table)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert Service.on_aws("sosw", region="eu-west-1", endpoint=endpoint).has_console() is has_console


def test_a_task_that_has_left_the_table_is_read_from_the_archive(ended: ClientWorld) -> None:
    before = ended.client.task("j#0")
    archived(ended)
    found = ended.client.task("j#0")
    assert replace(found, is_archived=False) == before
    assert (found.is_archived, found.result, found.payload["shops"]) == (True, {"n": 0}, ["a"])


def test_the_day_narrows_the_search_and_skips_the_table(ended: ClientWorld) -> None:
    with pytest.raises(UnknownTask):
        ended.client.task("j#0", date=date(2026, 1, 1))
    archived(ended)
    assert ended.client.task("j#0", date=date(2026, 1, 1)).is_archived
    with pytest.raises(UnknownTask, match="task j#0 is not in the archive of 2026-01-02: without a date"):
        ended.client.task("j#0", date=date(2026, 1, 2))


def test_a_dead_task_that_was_replayed_is_found_as_it_ended(ended: ClientWorld) -> None:
    ended.count()
    ended.clock.advance(seconds=600)
    ended.archivist().run(lambda: True)
    ended.clock.advance(seconds=2 * DAY.total_seconds())
    ended.tasks.apply(lifecycle.replay(ended.task_of("j", 2), now=ended.clock.now()))
    running = ended.tasks.apply(lifecycle.claim(ended.task_of("j", 2), row=0, now=ended.clock.now(), lease=LEASE))
    ended.assistant()({"action": "complete", "task_id": "j#2", "attempt": running.attempt, "labourer": "sales"})
    ended.clock.advance(seconds=20 * DAY.total_seconds())
    archived(ended)
    found = ended.client.task("j#2")
    assert (found.state, found.is_archived) == (TaskState.DONE, True)
    assert ended.client.task("j#2", date=date(2026, 1, 1)).state is TaskState.DEAD


def test_only_objects_that_may_have_the_job_are_read(ended: ClientWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    archived(ended)
    monkeypatch.setattr(archive, "may_have", lambda _key, job: job == "other")
    with pytest.raises(UnknownTask):
        ended.client.task("j#0")


def test_an_object_that_expired_between_the_list_and_the_reading_is_no_error(ended: ClientWorld) -> None:
    archived(ended)
    ended.objects.objects = dict.fromkeys(ended.objects.objects, b"")
    monkey = ended.objects.get
    ended.objects.get = lambda key: monkey(key) or None  # type: ignore[method-assign]
    with pytest.raises(UnknownTask):
        ended.client.task("j#0")


@pytest.mark.parametrize("task_id", ["j#9", "nobody#0", "#0", "j"])
def test_a_task_that_never_was_is_unknown(ended: ClientWorld, task_id: str) -> None:
    with pytest.raises(UnknownTask, match=f"there is no task '{task_id}'"):
        ended.client.task(task_id)


def test_nothing_is_archived_yet_is_unknown_too(ended: ClientWorld) -> None:
    del ended.tasks.tasks[TaskId("j#0")]
    with pytest.raises(UnknownTask):
        ended.client.task("j#0")
    del ended.watches.watches[JobId("j")]
    with pytest.raises(UnknownTask):
        ended.client.task("j#0")


def test_function_and_region_are_those_of_the_labourers_arn() -> None:
    world = configured()
    world.config["task_config"]["labourers"]["sales"]["arn"] = ARN
    world.client.submit("sales", idempotency_key="j")
    found = world.client.task("j#0")
    assert (found.log_group, found.region) == ("/aws/lambda/sales-prod", "eu-central-1")
    assert found.steps[-1].what is What.QUEUED


def test_its_json_has_moments_as_texts_and_durations_in_seconds(ended: ClientWorld) -> None:
    told = ended.client.task("j#0").to_json()
    assert (told["state"], told["payload"]["shops"], told["result"]) == ("done", ["a"], {"n": 0})
    assert told["created_at"] == "2026-01-01T12:00:00+00:00"
    started = told["steps"][1]
    assert started == {
        "what": "started",
        "at": "2026-01-01T12:00:00+00:00",
        "attempt": 1,
        "after": 0.0,
        "said": "attempt 1 started",
        "log": None,
    }
    assert told["steps"][2]["log"].startswith("https://eu-west-1.console.aws.amazon.com/")


def test_without_a_bucket_that_can_be_read_it_is_said() -> None:
    with pytest.raises(SoswError, match="bucket b cannot be read here"):
        no_objects("b")


def large(world: ClientWorld) -> None:
    """A done and a dead task whose payloads, and a result, lie in the bucket."""
    at = {"payload_at": "s3://bucket/payloads/j/0.json", "payload": {}}
    world.objects.objects["payloads/j/0.json"] = b'{"shops":["a"],"n":1.0}'
    world.objects.objects["results/j/0/1.json"] = b'{"n":"0123"}'
    tasks = world.tasks.tasks
    tasks[TaskId("j#0")] = replace(tasks[TaskId("j#0")], **at, result=None, result_at="s3://bucket/results/j/0/1.json")  # type: ignore[arg-type]
    tasks[TaskId("j#2")] = replace(tasks[TaskId("j#2")], **at)  # type: ignore[arg-type]


def test_large_values_are_read_as_if_they_were_in_the_table(ended: ClientWorld) -> None:
    large(ended)
    first, _ = ended.client.job("j").results()
    (dead,) = ended.client.job("j").failures()
    found = ended.client.task("j#0")
    assert [each.payload for each in (first, dead, found)] == [{"shops": ["a"], "n": 1.0}] * 3
    assert first.result == found.result == {"n": "0123"}


def test_the_large_payload_of_a_task_that_runs_is_read_too(ended: ClientWorld) -> None:
    large(ended)
    ended.tasks.tasks[TaskId("j#2")] = replace(ended.tasks.tasks[TaskId("j#2")], state=TaskState.RUNNING)
    (running,) = ended.client.job("j").running()
    assert running.payload == {"shops": ["a"], "n": 1.0}


def test_large_values_are_read_after_the_task_has_left_the_table_too(ended: ClientWorld) -> None:
    large(ended)
    archived(ended)
    found = ended.client.task("j#0")
    assert (found.is_archived, found.payload, found.result) == (True, {"shops": ["a"], "n": 1.0}, {"n": "0123"})


def test_a_large_value_that_has_left_the_bucket_is_said(ended: ClientWorld) -> None:
    large(ended)
    del ended.objects.objects["results/j/0/1.json"]
    with pytest.raises(SoswError, match=r"the result of task j#0 has left the bucket: s3://bucket/results/j/0/1\.json"):
        ended.client.task("j#0")
