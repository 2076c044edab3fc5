"""Why a task waits, as the client sees it."""

from __future__ import annotations

import pytest

from sosw.client import (
    Reason,
    UnknownTask,
)
from sosw.domain import lifecycle
from sosw.domain.bucket import Bucket
from sosw.domain.job import JobState
from sosw.domain.records import Record, of_labourer
from sosw.domain.slots import SlotRow
from sosw.domain.standing import Standing
from sosw.domain.task import TaskState
from sosw.key_gate import key_owner
from tests.factories import LABOURER, NOW, a_task, seconds
from tests.unit.client.conftest import SHOPS, ClientWorld, configured


@pytest.fixture
def world() -> ClientWorld:
    return configured()


def test_a_task_tells_why_it_waits_and_that_it_runs(world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    assert world.client.why("k#2").reason is Reason.BEHIND
    world.orchestrator()({})

    assert world.client.why("k#0").headline == ("running since 12:00:00 UTC, attempt 1; its lease ends at 12:20:00 UTC")
    assert world.client.why("k#2").headline == "waiting: 2 of 2 running; limit 2"
    assert world.client.why("k#2").more == ("it is the first in line",)


def test_a_cancelled_task_tells_who_cancelled_its_job(world: ClientWorld) -> None:
    job = world.client.submit("sales", idempotency_key="k")
    assert job.cancel(why="the wrong year", by="ann").state is JobState.CANCELLED
    assert world.client.why("k#0").headline == "cancelled since 12:00:00 UTC by ann: the wrong year"


def test_a_task_that_is_not_there_is_told_with_what_its_job_has(world: ClientWorld) -> None:
    world.client.submit("sales", idempotency_key="k")
    with pytest.raises(UnknownTask, match=r"there is no task 'k#7': job k has 1, counted from 0$"):
        world.client.why("k#7")
    with pytest.raises(UnknownTask, match="there is no job 'j'"):
        world.client.why("j#0")
    with pytest.raises(UnknownTask, match="there is no job ''"):
        world.client.why("#0")


def test_a_task_outside_of_any_job_is_told_too(world: ClientWorld) -> None:
    world.tasks.create([a_task(state=TaskState.DEAD, attempt=1)])
    assert world.client.why("job#0").headline == "dead after 1 attempt"


def test_a_rate_that_is_used_up_is_told(world: ClientWorld) -> None:
    settings = world.config["task_config"]["labourers"]["sales"]
    settings |= {"rate": {"per_second": 0.5, "burst": 1}, "rate_per_key": {"per_second": 0.1, "burst": 1}}
    world.tasks.create([a_task(key="shop-7"), a_task(1)])
    assert world.client.why("job#0").reason is Reason.NEXT

    empty = Bucket(0, NOW).to_json()
    world.records.write(Record(key=of_labourer("sales", "bucket#shop-7"), value=empty))
    assert world.client.why("job#0").headline == (
        "waiting: at most 0.1 starts of key 'shop-7' a second, and these are used up: the next at 12:00:10 UTC"
    )
    assert world.client.why("job#1").reason is Reason.NEXT
    world.records.write(Record(key=of_labourer("sales", "bucket"), value=empty))
    assert world.client.why("job#1").headline == (
        "waiting: at most 0.5 starts a second, and these are used up: the next at 12:00:02 UTC"
    )
    world.clock.advance(seconds=2)
    assert world.client.why("job#1").reason is Reason.NEXT


def test_a_key_of_which_as_many_run_as_may_is_told(world: ClientWorld) -> None:
    world.config["task_config"]["labourers"]["sales"]["max_per_key"] = 1
    world.tasks.create([a_task(key="shop-7"), a_task(1, key="shop-7"), a_task(2, key="shop-8")])
    owner = key_owner(LABOURER, "shop-7")
    world.slots.write(SlotRow(labourer=owner, number=0).named([world.task(0)], NOW))
    world.tasks.apply(lifecycle.claim(world.task(0), row=0, now=NOW, lease=seconds(1200)))

    assert world.client.why("job#1").headline == "waiting: 1 of 1 running of key 'shop-7'"
    assert world.client.why("job#2").reason is Reason.NEXT
    world.report("complete")
    assert world.client.why("job#1").reason is Reason.NEXT, "its name is over, although nobody dropped it yet"


def test_all_parts_of_a_line_are_looked_through(world: ClientWorld) -> None:
    world.tasks.create([a_task(0), a_task(1, queue=lifecycle.queue_key(LABOURER, shard=3))])
    assert world.client.labourer("sales").due == 1
    world.records.write(Record(key=of_labourer("sales"), value=Standing(shards=4).to_json()))
    assert world.client.labourer("sales").due == 2


# --- orders ---


def test_a_labourer_with_nothing_but_a_retry_is_not_told_to_be_idle(world: ClientWorld) -> None:
    retry = lifecycle.queued(a_task(greenfield=NOW + seconds(30)))
    world.tasks.create([retry])
    answer = world.client.why("sales")
    assert (answer.reason, answer.headline) == (
        Reason.NOT_DUE,
        "nothing is due; 1 for later, the next at 12:00:30 UTC",
    )
