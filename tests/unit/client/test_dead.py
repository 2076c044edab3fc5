"""Dead tasks as the client sees them, and orders about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.aws.call_errors import FunctionFailed
from sosw.client import Client, DeadOrdered, DeadTask, OrderRefused, UnknownJob, UnknownLabourer, UnknownTask
from sosw.domain.dead_orders import DeadKind, Fate
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.records import Record, of_everything
from sosw.domain.task import LabourerName, TaskId, TaskState
from tests.factories import NOW, a_task
from tests.unit.client.conftest import SHOPS, ClientWorld, configured

HOW = {"why": "mended", "by": "ann"}


@pytest.fixture
def world() -> ClientWorld:
    """A job `k` of three tasks, of which 0 and 2 are dead."""
    made = configured()
    made.client.submit("sales", idempotency_key="k", **SHOPS, shops=["a", "b", "c"])
    made.end("k", 0, is_dead=True)
    made.clock.advance(seconds=10)
    made.end("k", 2, is_dead=True)
    made.count()
    made.calls.clear()
    return made


def ids(letters: Any) -> list[str]:
    return [letter.task_id for letter in letters]


def test_dead_tasks_are_listed_oldest_first(world: ClientWorld) -> None:
    first, second = world.client.dead.list()
    assert ids([first, second]) == ["k#0", "k#2"]
    assert first == DeadTask(
        task_id=TaskId("k#0"),
        job_id=first.job_id,
        labourer=LabourerName("sales"),
        died_at=NOW,
        error="ValueError",
        message="no",
        reason="it failed in a way that no retry can mend",
        attempts=1,
        replays=0,
        failures=world.task_of("k", 0).failures,
        expires_at=NOW + timedelta(days=30),
        payload=world.task_of("k", 0).payload,
        payload_at=None,
    )
    assert first.to_json()["failures"] == [first.failures[0].to_json()]
    assert world.calls == [], "to look calls no function"


def test_a_dead_task_is_the_same_among_the_failures_of_its_job(world: ClientWorld) -> None:
    failures = list(world.client.job("k").failures())
    assert failures == list(world.client.dead.list("k#0", "k#2"))
    assert [each.number for each in failures] == [0, 2]


def test_a_large_payload_is_read_when_its_task_is_shown_and_not_for_a_list(world: ClientWorld) -> None:
    large = replace(world.task_of("k", 0), payload={}, payload_at="s3://b/payloads/k%230")
    world.tasks.tasks[large.id] = large
    world.objects.objects["payloads/k%230"] = b'{"shop": 7}'
    first, _ = world.client.dead.list()
    assert (first.payload, first.payload_at) == (None, "s3://b/payloads/k%230")
    assert world.client.dead.show(large.id).payload == {"shop": 7}


@pytest.mark.parametrize(
    ("what", "given", "found"),
    [
        (["k#2", "k#0", "k#2"], {}, ["k#2", "k#0"]),
        (["k#1"], {}, []),
        (["sales"], {}, ["k#0", "k#2"]),
        ([], {"job": "k"}, ["k#0", "k#2"]),
        ([], {"error": "Val*"}, ["k#0", "k#2"]),
        ([], {"error": "Timeout*"}, []),
        ([], {"since": timedelta(seconds=5)}, ["k#2"]),
        ([], {"before": NOW + timedelta(seconds=1)}, ["k#0"]),
    ],
)
def test_a_selection_is_by_id_labourer_job_error_and_time(
    world: ClientWorld, what: list[str], given: dict[str, Any], found: list[str]
) -> None:
    assert ids(world.client.dead.list(*what, **given)) == found
    assert world.client.dead.count(*what, **given).total == len(found)


def test_labourers_that_are_no_longer_registered_are_looked_through_too(world: ClientWorld) -> None:
    world.config["task_config"]["labourers"] = {}
    assert ids(world.client.dead.list()) == []
    world.records.write(Record(key=of_everything("dead"), value={"known": ["sales"]}))
    assert ids(world.client.dead.list()) == ["k#0", "k#2"]


def test_what_is_misspelt_is_answered_with_a_guess(world: ClientWorld) -> None:
    with pytest.raises(UnknownLabourer, match="did you mean 'sales'"):
        list(world.client.dead.list("sale"))
    with pytest.raises(UnknownJob, match="there is no job 'kk': see the latest ones by"):
        list(world.client.dead.list(job="kk"))
    with pytest.raises(InvalidInput, match="'k#0 sales' names tasks and labourers"):
        world.client.dead.list("k#0", "sales")
    with pytest.raises(InvalidInput, match="since"):
        world.client.dead.list(since="yesterday")


def test_a_registered_labourer_without_dead_tasks_is_no_mistake(world: ClientWorld) -> None:
    world.client.dead.replay("sales", **HOW)
    assert ids(world.client.dead.list("sales")) == []


def test_one_is_shown_and_one_that_is_not_dead_is_said(world: ClientWorld) -> None:
    assert world.client.dead.show("k#0").error == "ValueError"
    with pytest.raises(UnknownTask, match="task k#1 is not dead, it is queued"):
        world.client.dead.show("k#1")
    with pytest.raises(UnknownTask, match="job k has 3"):
        world.client.dead.show("k#7")
    with pytest.raises(UnknownTask, match="there is no job ''"):
        world.client.dead.show("nothing")


def test_a_replay_moves_them_and_the_totals_follow(world: ClientWorld) -> None:
    before = world.client.job("k").status()
    done = world.client.dead.replay("sales", **HOW)
    world.count()
    after = world.client.job("k").status()
    assert (done.moved, done.said, done.is_whole) == (2, "2 replayed", True)
    assert (before.dead, after.dead, after.is_finished) == (2, 0, False)
    assert [world.task_of("k", n).replays for n in (0, 1, 2)] == [1, None, 1]
    assert [line.said for line in world.client.log("sales")] == [
        "replay of dead tasks ordered: before 2026-01-01 12:00:10 UTC, by ann: mended"
    ]


def test_a_discard_cancels_them_and_the_totals_follow(world: ClientWorld) -> None:
    done = world.client.dead.discard("k#0", **HOW)
    world.count()
    status = world.client.job("k").status()
    assert (done.said, status.dead, status.cancelled) == ("1 discarded", 1, 1)
    assert world.client.why("k#0").headline == "cancelled since 12:00:10 UTC: discarded by ann: mended"


def test_a_replay_that_was_interrupted_goes_on_where_it_was(world: ClientWorld) -> None:
    def interrupt(_so_far: DeadOrdered) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.client.dead.replay("k#0", "k#2", rate=0.5, tell=interrupt, **HOW)
    assert [world.task_of("k", n).state for n in (0, 2)] == [TaskState.QUEUED, TaskState.DEAD]
    again = world.client.dead.replay("k#0", "k#2", **HOW)
    assert again.said == "1 replayed; 1 not dead any more (replayed or discarded already)"
    assert world.client.dead.replay("k#0", "k#2", **HOW).moved == 0
    assert [world.task_of("k", n).replays for n in (0, 2)] == [1, 1]


def test_a_replay_is_no_faster_than_its_rate_and_told_part_by_part(world: ClientWorld) -> None:
    tasks = [a_task(n, **_dead(world, n)) for n in range(250)]
    world.tasks.tasks = {task.id: task for task in tasks}
    told: list[int] = []
    begun = world.clock.now()
    done = world.client.dead.replay("sales", rate=40, tell=lambda so_far: told.append(so_far.moved), **HOW)
    assert (done.moved, told) == (250, [80, 160, 240, 250])
    assert world.clock.now() - begun == timedelta(seconds=250 / 40)
    parts = [event["sosw"] for _, event in world.calls]
    assert [len(part["replay"]) for part in parts] == [80, 80, 80, 10, 0]
    assert (parts[-1]["done"], [part["part"] for part in parts]) == (250, [0, 1, 2, 3, 4])
    assert "250 dead tasks replayed" in next(line.said for line in world.client.log("sales"))


def _dead(world: ClientWorld, number: int) -> dict[str, Any]:
    of_old = world.task_of("k", 0)
    return {"state": TaskState.DEAD, "queue": of_old.queue, "rank": (of_old.rank or 0) + number, "job_id": "other"}


def test_what_died_after_the_order_is_not_meant(world: ClientWorld) -> None:
    world.clock.advance(seconds=1)

    def die_anew() -> None:
        world.end("k", 0, is_dead=True)

    world.meanwhile.append(die_anew)
    done = world.client.dead.replay("sales", rate=0.5, **HOW)
    assert (done.moved, world.task_of("k", 0).state) == (2, TaskState.DEAD)


def test_what_is_left_out_is_said_with_why(world: ClientWorld) -> None:
    world.client.job("k").cancel(why="wrong", by="ann")
    del world.tasks.tasks[TaskId("k#2")]
    done = world.client.dead.replay("k#0", "k#2", **HOW)
    assert done.said == "0 replayed; 1 not in the table, or not any more; 1 left out: their job was cancelled"
    assert done.to_json() == {
        "order": "replay", "moved": 0, "already": 0, "gone": 1, "job_cancelled": 1, "unregistered": 0, "unsure": 0,
        "said": done.said,
    }  # fmt: skip


@pytest.mark.parametrize("rate", [0, -1, 1_001, float("nan")])
def test_a_rate_that_is_none_is_refused_before_anything_is_sent(world: ClientWorld, rate: float) -> None:
    with pytest.raises(InvalidInput, match="rate"):
        world.client.dead.replay("sales", rate=rate, **HOW)
    assert world.calls == []


def _raising(error: Exception) -> Callable[[str, Any], Any]:
    def call(_function: str, _event: Any) -> Any:
        raise error

    return call


@pytest.mark.parametrize(
    ("call", "raised", "said"),
    [
        (_raising(FunctionFailed("f", "InvalidInput", "sosw.by: no")), OrderRefused, "by: no"),
        (_raising(FunctionFailed("f", "KeyError", "oops")), FunctionFailed, "oops"),
        (_raising(InvalidInput([])), OrderRefused, "^$"),
        (lambda _function, _event: {"said": "?"}, SoswError, "deploy this version of sosw"),
    ],
)
def test_what_goes_wrong_with_the_function_is_told(world: ClientWorld, call: Any, raised: Any, said: str) -> None:
    client = Client(service=replace(world.service, call=call))
    with pytest.raises(raised, match=said):
        client.dead.replay("sales", **HOW)


def test_every_fate_is_told() -> None:
    done = DeadOrdered(kind=DeadKind.REPLAY)
    done.fates.update(dict.fromkeys(Fate, 1))
    assert (done.said.count(";"), done.is_whole) == (len(Fate) - 1, False)
