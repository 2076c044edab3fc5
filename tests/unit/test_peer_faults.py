"""Faults of sosw 0.7.51 that no other test keeps out. docs/explanation/peer-faults.md names the test of every fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from sosw.domain.errors import InvalidInput, InvokeRefused
from sosw.domain.lifecycle import Transition
from sosw.domain.slots import SlotRow
from sosw.domain.task import LabourerName, Task, TaskId, TaskState
from sosw.job_writer import HOLD
from sosw.orchestrator import Orchestrator
from sosw.settings import Names
from sosw.testing import InMemorySlotStore, InMemoryTaskStore, RecordingInvoker
from tests.factories import LABOURER, LEASE, World, a_task, one_by_one, seconds

LIMIT_1 = {"max_simultaneous_invocations": 1}


def tick(world: World) -> None:
    """What the minute brings."""
    world.scavenger().sweep()
    world.orchestrator()({})


# --- long jobs ---


def submit(scheduler: Any, event: Any, request_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = scheduler.submit(event, request_id=request_id, remaining=lambda: seconds(900))
    return answer


def test_a_warm_scheduler_takes_the_next_job_after_one_with_a_bad_row() -> None:
    world = World()
    world.sources.stored["s3://bucket/rows.jsonl"] = b'{"n": 1}\n{"n": \n'
    scheduler = world.scheduler()
    for number in range(2):
        with pytest.raises(InvalidInput, match="line 2 is not JSON"):
            submit(scheduler, {"lambda_name": LABOURER, "source": "s3://bucket/rows.jsonl"}, f"bad-{number}")

    assert submit(scheduler, {"lambda_name": LABOURER}, "good")["created"] == 1


def test_a_warm_scheduler_completes_a_job_whose_writing_broke_off() -> None:
    class Breaking(InMemoryTaskStore):
        is_broken = True

        def create(self, tasks: Sequence[Task]) -> int:
            if self.is_broken:
                super().create(tasks[:1])
                raise ConnectionError
            return super().create(tasks)

    world = World()
    world.tasks = store = Breaking()
    scheduler = world.scheduler()
    job = {"lambda_name": LABOURER, "period": "last_3_days", "isolate_days": True}
    with pytest.raises(ConnectionError):
        submit(scheduler, job, "r")
    store.is_broken = False

    assert submit(scheduler, {"lambda_name": LABOURER}, "other")["created"] == 1
    world.clock.advance(HOLD)
    assert submit(scheduler, job, "r")["tasks"] == 3
    assert len(world.tasks.tasks) == 4


# --- two tables, late answers ---


class Died(BaseException):
    """The process is gone."""


class Death:
    """Comes with the write numbered `at`, before it takes effect or after it; once."""

    def __init__(self, at: int, *, is_done: bool) -> None:
        self.writes, self._at, self.is_done = 0, at, is_done

    def write(self, method: Callable[..., Any], *given: Any) -> Any:
        self.writes += 1
        if self.writes != self._at:
            return method(*given)
        if self.is_done:
            method(*given)
        raise Died


class DyingTasks(InMemoryTaskStore):
    def __init__(self, death: Death) -> None:
        super().__init__()
        self._death = death

    def create(self, tasks: Sequence[Task]) -> int:
        return sum(self._death.write(super(DyingTasks, self).create, [task]) for task in tasks)

    def apply(self, transition: Transition) -> Task:
        task: Task = self._death.write(super().apply, transition)
        return task


class DyingSlots(InMemorySlotStore):
    def __init__(self, death: Death) -> None:
        super().__init__()
        self._death = death

    def write(self, row: SlotRow) -> SlotRow:
        written: SlotRow = self._death.write(super().write, row)
        return written


def again(step: Callable[[], object]) -> None:
    """A step of which Lambda, or the next minute, makes another one when its process died."""
    try:
        step()
    except Died:
        step()


def dying(death: Death) -> World:
    """A world for one task at a time, with a process that dies at one of its writes."""
    world = World(limit=1, retry={"base": 0})
    world.tasks, world.slots = DyingTasks(death), DyingSlots(death)
    return world


def live(death: Death) -> list[tuple[str, int]]:
    """Two tasks to their end, the second fails once; answers with the attempts that were asked for: none of a task once
    any write of the report that it is done took effect.
    """
    world, waiting, asked, finished, too_late = dying(death), list[Any](), list[Any](), set[TaskId](), list[TaskId]()

    def begin(_function: str, event: Mapping[str, Any]) -> None:
        if "sosw" in event:
            too_late.extend(finished & {event["task_id"]})  # not raised here: the Orchestrator would go on
            death.write(waiting.append, (event["task_id"], event["sosw"]["attempt"]))

    def answer(task: TaskId, attempt: int) -> None:
        is_failing, is_heard = (task, attempt) == ("job#1", 1), True
        try:
            world.report("fail" if is_failing else "complete", int(task[-1]), attempt)
        except Died:
            is_heard = death.is_done
        finished.update({task} if is_heard and not is_failing else ())

    world.invoker = RecordingInvoker(begin)
    again(lambda: world.tasks.create([a_task(0), a_task(1)]))
    for _ in range(9):
        again(lambda: world.orchestrator()({}))
        while waiting:
            answer(*waiting[0])
            asked.append(waiting.pop(0))
        again(lambda: world.scavenger().sweep())
        world.clock.advance(LEASE)
    assert (world.states(), world.names(), too_late) == ([TaskState.DONE] * 2, {}, [])
    return asked


def test_finished_work_never_runs_again_wherever_a_role_dies() -> None:
    undisturbed = Death(0, is_done=False)
    assert live(undisturbed) == [("job#0", 1), ("job#1", 1), ("job#1", 2)]
    deaths = [Death(at, is_done=is_done) for at in range(1, undisturbed.writes + 1) for is_done in (False, True)]
    for death in deaths:
        live(death)

    assert len(deaths) >= 2 * (2 + 3 * 4)  # two are created; three times one is named, claimed, asked for and answered


# --- failure, invoke lost ---


def test_a_reported_failure_frees_its_slot_at_once_and_waits_for_its_backoff_alone() -> None:
    world = World(limit=1, retry={"base": 10})
    world.queue(2)
    world.orchestrator()({})
    seen = len(world.tasks.changes)
    world.report("fail", error="KeyError", message="shop")
    world.scavenger().pass_on(world.tasks.changes[seen:], token="batch")
    world.orchestrator()({"wake": world.wakes[-1]})
    assert world.started == [("job#0", 1), ("job#1", 1)]
    world.report("complete", 1)
    world.clock.advance(seconds=5)  # half of 10: chance is a half here
    world.orchestrator()({"wake": {"sales": {"job#1": 3}}})

    assert world.started[2:] == [("job#0", 2)]


def test_what_was_claimed_and_never_invoked_comes_back_when_its_own_lease_ends() -> None:
    def die(_function: str, _event: Mapping[str, Any]) -> None:
        raise Died

    world = World(limit=1, duration=60, cooldown=30, retry={"base": 0})
    world.queue(1)
    recording, world.invoker = world.invoker, RecordingInvoker(die)
    with pytest.raises(Died):
        world.orchestrator()({})
    world.invoker = recording
    world.clock.advance(seconds=90)
    tick(world)

    assert world.started == [("job#0", 2)]


# --- one stops all ---


@pytest.mark.parametrize("is_passing", [True, False], ids=["throttled", "missing"])
def test_a_function_that_is_throttled_or_missing_stops_no_other_labourer(*, is_passing: bool) -> None:
    def refuse(function: str, _event: Mapping[str, Any]) -> None:
        if function == "a":
            raise InvokeRefused(function, "no", is_passing=is_passing)

    world = World(labourers={"a": LIMIT_1, "b": LIMIT_1})
    world.tasks.create([a_task(n, labourer=LabourerName(name)) for n, name in enumerate("ab")])
    world.invoker = RecordingInvoker(refuse)

    assert world.orchestrator()({}) == {"started": {"b": 1}}
    assert (world.task(0).state, world.task(0).tries, world.names(LabourerName("a"))) == (TaskState.QUEUED, 0, {})


@pytest.mark.parametrize("payload", ["{'n': 1}", ["n"], 7, None])
def test_a_payload_that_is_no_object_is_buried_and_stops_nothing(payload: Any) -> None:
    world = World(labourers={"a": LIMIT_1, "b": LIMIT_1})
    a, b = LabourerName("a"), LabourerName("b")
    world.tasks.create([a_task(0, labourer=a, payload=payload), a_task(1, labourer=a), a_task(2, labourer=b)])
    orchestrator = world.orchestrator()
    first = orchestrator({})["started"]
    orchestrator({})

    (failure,) = world.task(0).failures
    assert (world.task(0).state, failure.error, first["b"]) == (TaskState.DEAD, "PayloadUnreadable", 1)
    assert sorted(world.started) == [("job#1", 1), ("job#2", 1)]
    assert (world.names(a), world.names(b)) == ({0: ["job#1"]}, {0: ["job#2"]})


# --- minute tick ---


def test_200_expired_attempts_are_back_in_one_sweep_and_in_their_order() -> None:
    world = World(limit=200, retry={"growth": "fixed", "base": 60})
    ids = world.queue(200)
    world.orchestrator()({})
    world.clock.advance(LEASE)
    assert world.scavenger().sweep() == {"freed": {"sales": 200}}
    world.clock.advance(seconds=61)
    world.orchestrator()({})

    assert world.started[200:] == [(task, 2) for task in ids]


# --- config ---


def test_what_all_essentials_share_goes_over_the_defaults_of_a_role() -> None:
    class Ours(Orchestrator):
        DEFAULT_CONFIG: ClassVar[Mapping[str, Any]] = World(limit=9).config

    world = World(limit=2)
    parts: dict[str, Any] = {"tasks": world.tasks, "slots": world.slots, "invoker": world.invoker, "clock": world.clock}
    role = Ours(world.config, name=Names().orchestrator, in_parallel=one_by_one, **parts)
    world.queue(9)

    assert role({}) == {"started": {"sales": 2}}
