"""Jobs that outlast an invocation, are interrupted anywhere, or are cancelled: each task once, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import job as moves
from sosw.domain import lifecycle
from sosw.domain.errors import InvalidInput, InvokeRefused
from sosw.domain.job import Job, JobMove, JobState
from sosw.domain.messages import resume_event
from sosw.domain.task import JobId, Task, task_id
from sosw.job_writer import BATCH, HOLD, RETRY_STUCK, SHUTDOWN
from sosw.settings import Names
from sosw.testing import InMemoryJobStore, InMemoryTaskStore
from tests.factories import DAY, LEASE, World, seconds

TASKS = 3 * BATCH + 7
JOB = {"lambda_name": "sales", "job_schema_name": "by_shop", "isolate_shops": True, "shops": list(range(TASKS))}
ID = JobId("r")


@pytest.fixture
def world() -> World:
    world = World()
    world.config["job_schema_variants"] = {"by_shop": {"chunkable_attrs": [["shop", {}]]}}
    return world


def job_of(world: World) -> Job:
    job = world.jobs.get(ID)
    assert job is not None
    return job


def is_whole(world: World) -> bool:
    """Each of the job's tasks is there once, with its own payload."""
    tasks = [world.tasks.tasks.get(task_id(ID, n)) for n in range(TASKS)]
    return len(world.tasks.tasks) == TASKS and all(t and t.payload["shops"] == [n] for n, t in enumerate(tasks))


def shrinking(*left: float) -> Callable[[], timedelta]:
    """The time that is left, at each time of asking; then none."""
    answers: Iterator[float] = iter(left)
    return lambda: seconds(next(answers, 0))


def test_a_job_is_handed_to_a_fresh_invocation_before_the_time_is_over(world: World) -> None:
    answer = world.scheduler().submit(JOB, request_id=ID, remaining=shrinking(900, SHUTDOWN.total_seconds() - 1))

    assert (answer["state"], answer["tasks"], answer["created"]) == ("creating", BATCH, BATCH)
    assert world.invoker.started == [(Names().scheduler, resume_event(ID))]


def test_handed_over_again_and_again_it_is_written_whole(world: World) -> None:
    world.scheduler().submit(JOB, request_id=ID, remaining=shrinking(900))
    for _ in range(TASKS // BATCH):
        _, event = world.invoker.started[-1]
        world.scheduler().submit(event, request_id="another", remaining=shrinking(900))

    assert job_of(world).state is JobState.READY
    assert (job_of(world).total, is_whole(world)) == (TASKS, True)
    assert world.tasks.changes == [c for c in world.tasks.changes if c.version == 1]


def test_a_job_that_nobody_could_take_over_is_resumed_by_the_sweep(world: World) -> None:
    def refuse(function: str, _event: object) -> None:
        raise InvokeRefused(function, "throttled", is_passing=True)

    invoker = type(world.invoker)(refuse)
    world.scheduler(invoker=invoker).submit(JOB, request_id=ID, remaining=shrinking(900))
    world.scavenger().sweep()
    assert world.invoker.started == []
    world.clock.advance(seconds=11)
    world.scavenger().sweep()

    assert world.invoker.started == [(Names().scheduler, resume_event(ID))]


def test_while_one_scheduler_is_at_a_job_another_leaves_it_alone(world: World) -> None:
    class Meanwhile(InMemoryTaskStore):
        answers: list[dict[str, Any]]

        def create(self, tasks: Sequence[Task]) -> int:
            self.answers.append(world.submit(JOB, ID, tasks=InMemoryTaskStore()))
            return super().create(tasks)

    world.tasks = Meanwhile()
    world.tasks.answers = []
    assert world.submit(JOB, ID)["duplicate"] is False

    assert {(a["duplicate"], a["created"], a["state"]) for a in world.tasks.answers} == {(True, 0, "creating")}


class Died(BaseException):
    """The process is gone."""


class Dying:
    """Counts the calls of both stores and dies at the one numbered `at`, before it takes effect or after."""

    def __init__(self, at: int, *, is_done: bool) -> None:
        self.calls, self._at, self._is_done = 0, at, is_done

    def call(self, method: Callable[..., Any], *given: Any) -> Any:
        self.calls += 1
        if self.calls != self._at:
            return method(*given)
        if self._is_done:
            method(*given)
        raise Died


def dying_stores(world: World, death: Dying) -> dict[str, Any]:
    class Tasks(InMemoryTaskStore):
        def create(self, tasks: Sequence[Task]) -> int:
            # Each batch of 25 is a call of its own to the table, and they may take effect in any order.
            return sum(death.call(super(Tasks, self).create, tasks[n : n + 25]) for n in range(0, len(tasks), 25))

    class Jobs(InMemoryJobStore):
        def open(self, job: Job) -> Job:
            opened: Job = death.call(super().open, job)
            return opened

        def apply(self, move: JobMove) -> Job:
            moved: Job = death.call(super().apply, move)
            return moved

    tasks, jobs = Tasks(), Jobs()
    tasks.tasks, jobs.jobs = world.tasks.tasks, world.jobs.jobs
    return {"tasks": tasks, "jobs": jobs}


@pytest.mark.parametrize(("count", "calls"), [(100, 7), pytest.param(1000, 44, marks=pytest.mark.long)])
def test_killed_at_any_call_and_resumed_a_job_yields_each_task_once(world: World, count: int, calls: int) -> None:
    job = {**JOB, "shops": list(range(count))}
    counter = Dying(0, is_done=False)
    world.submit(job, ID, **dying_stores(world, counter))
    tried = 0
    for at in range(1, counter.calls + 1):
        for is_done in (False, True):
            fresh = World()
            fresh.config = world.config
            with pytest.raises(Died):
                fresh.submit(job, ID, **dying_stores(fresh, Dying(at, is_done=is_done)))
            fresh.clock.advance(HOLD)
            fresh.submit(job, ID)
            tried += 1
            assert Counter(task.payload["shops"][0] for task in fresh.tasks.tasks.values()) == Counter(range(count))
            assert job_of(fresh).total == count

    print(f"kill points: {tried} tried, each left exactly {count:,} tasks")  # noqa: T201
    assert tried == 2 * calls


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"cancel": "nobody"}, "sosw: 'nobody' is not a job that was ever submitted here"),
        ({"resume": "a", "cancel": "b"}, 'must be {"resume": job id} or {"cancel": job id'),
        ({"cancell": "a"}, 'must be {"resume": job id} or {"cancel": job id'),
        ({"cancel": "a", "bye": "ada"}, "sosw.bye: 'ada' must be a text of an order (did you mean 'by'?)"),
        ({"cancel": 7}, "sosw.cancel: 7 must be a text of an order"),
    ],
)
def test_an_order_that_is_none_is_refused(world: World, order: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.submit({"sosw": order})
    assert sentence in str(refused.value)


def test_a_jobs_totals_follow_the_stream_and_a_batch_that_comes_twice_counts_once(world: World) -> None:
    world.submit({**JOB, "shops": [0, 1, 2]}, ID)
    world.orchestrator()({})
    for number, action in ((0, "complete"), (1, "fail")):
        world.assistant()({"action": action, "task_id": task_id(ID, number), "attempt": 1})
    world.tasks.apply(lifecycle.cancel(task_id(ID, 2), now=world.clock.now(), retention=DAY))
    for token in ("batch", "batch"):
        world.scavenger().pass_on(world.tasks.changes, token=token)
    totals = job_of(world).totals

    assert (totals.created, totals.done, totals.failed, totals.dead, totals.cancelled) == (3, 1, 1, 0, 1)
    assert not job_of(world).is_finished


def test_a_replayed_task_is_dead_no_more(world: World) -> None:
    world.config["task_config"]["labourers"]["sales"]["max_attempts"] = 1
    world.submit({**JOB, "shops": [0]}, ID)
    world.orchestrator()({})
    world.assistant()({"action": "fail", "task_id": task_id(ID, 0), "attempt": 1})
    world.scavenger().pass_on(world.tasks.changes, token="1")
    assert (job_of(world).totals.dead, job_of(world).is_finished) == (1, True)
    seen = len(world.tasks.changes)
    world.tasks.apply(lifecycle.replay(world.tasks.tasks[task_id(ID, 0)], now=world.clock.now()))
    world.scavenger().pass_on(world.tasks.changes[seen:], token="2")

    assert (job_of(world).totals.dead, job_of(world).is_finished) == (0, False)


def test_a_job_whose_labourer_is_gone_is_left_alone_for_a_while_and_goes_on_when_it_is_back(world: World) -> None:
    world.scheduler().submit(JOB, request_id=ID, remaining=shrinking(900))
    labourers = world.config["task_config"].pop("labourers")
    assert world.submit(resume_event(ID))["state"] == "creating"
    assert "lambda_name: 'sales' is not a registered labourer" in str(job_of(world).waits_why)
    assert job_of(world).held_until == world.clock.now() + RETRY_STUCK
    world.config["task_config"]["labourers"] = labourers
    world.clock.advance(RETRY_STUCK)
    world.submit(resume_event(ID))

    assert (is_whole(world), job_of(world).waits_why) == (True, None)


def test_a_hold_is_refused_while_another_lasts_and_given_when_it_is_over(world: World) -> None:
    world.scheduler().submit(JOB, request_id=ID, remaining=shrinking())
    job, now = job_of(world), world.clock.now()
    held = moves.apply(moves.hold(job, now=now, until=now + LEASE), job)

    assert not moves.hold(held, now=now + seconds(1), until=now).expects(held)
    assert moves.hold(held, now=now + LEASE, until=now).expects(held)


@pytest.mark.parametrize(("padding", "notes"), [(0, 3), (40_000, 1), (200_000, 0)])
def test_the_larger_a_job_is_the_rarer_it_is_noted(world: World, padding: int, notes: int) -> None:
    class Noted(InMemoryJobStore):
        moves: list[str]

        def apply(self, move: JobMove) -> Job:
            self.moves.append(move.move)
            return super().apply(move)

    jobs = Noted()
    jobs.moves = []
    world.submit({**JOB, "padding": "x" * padding}, ID, jobs=jobs)

    assert (jobs.moves.count("note"), is_whole(world)) == (notes, True)
