"""The WorkerAssistant: what Workers report, each attempt by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.errors import InvalidInput, SoswError
from sosw.domain.lifecycle import Transition
from sosw.domain.records import Record, RecordKey, ResourceName, of_resource
from sosw.domain.resources import Resource
from sosw.domain.task import Failure, Task, TaskId, TaskState
from sosw.signal_desk import SignalDesk
from sosw.testing import InMemoryRecordStore, InMemoryTaskStore
from sosw.worker_assistant import END_ROUNDS, WorkerAssistant
from tests.factories import DAY, LEASE, NOW, World, a_task, claimed, seconds


def running(world: World, **fields: Any) -> None:
    """One task whose first attempt runs."""
    world.tasks.create([claimed(a_task(**fields))])


def retried(world: World) -> None:
    """The first attempt was given up, the second runs."""
    running(world)
    world.report("fail")
    world.tasks.apply(lifecycle.claim(world.task(), row=0, now=NOW, lease=LEASE))


def test_a_success_closes_the_task_with_its_result_and_stats() -> None:
    world = World(retention_days=2)
    running(world)
    world.clock.advance(seconds=9)
    answer = world.report("complete", result={"rows": [1]}, stats={"n": 1})
    task = world.task()
    assert answer == {"accepted": True, "state": "done"}
    assert (task.state, task.result, task.stats) == (TaskState.DONE, {"rows": [1]}, {"n": 1})
    assert (task.closed_at, task.expires_at) == (NOW + seconds(9), NOW + seconds(9) + 2 * DAY)


def test_a_failure_is_queued_again_with_its_story() -> None:
    world = World(retry={"base": 10, "cap": 60})
    running(world)
    assert world.report("fail", error="KeyError", message="shop", stats={"n": 1}) == {
        "accepted": True,
        "state": "queued",
    }
    assert world.task().greenfield == NOW + seconds(5)
    assert world.task().failures == (Failure(attempt=1, at=NOW, error="KeyError", message="shop", started_at=NOW),)
    assert world.task().stats == {"n": 1}


def test_the_failure_of_the_last_attempt_buries_the_task() -> None:
    world = World(max_attempts=1)
    running(world)
    assert world.report("fail")["state"] == "dead"


def test_a_failure_that_no_retry_can_mend_buries_the_task() -> None:
    world = World()
    running(world)
    assert world.report("fail", is_retryable=False)["state"] == "dead"


def test_what_an_error_says_is_cut_to_what_an_item_can_hold() -> None:
    world = World()
    running(world)
    world.report("fail", error="E" * 10_000, message="m" * 1_000_000)
    (failure,) = world.task().failures
    assert (len(failure.error), len(failure.message)) == (100, 500)


def test_a_heartbeat_begins_the_lease_anew() -> None:
    world = World(duration=100, cooldown=50)
    running(world)
    world.clock.advance(seconds=60)
    assert world.report("heartbeat") == {"accepted": True, "state": "running"}
    assert world.task().greenfield == NOW + seconds(60 + 150)


@pytest.mark.parametrize("action", ["complete", "fail", "heartbeat"])
def test_an_answer_of_an_earlier_attempt_changes_nothing(action: str) -> None:
    world = World()
    retried(world)
    before = world.task()
    answer = world.report(action, attempt=1)
    assert answer == {
        "accepted": False,
        "state": "running",
        "why": f"task job#0: cannot {action}: it is running, attempt 2",
    }
    assert world.task() == before


@pytest.mark.parametrize("action", ["complete", "fail", "heartbeat"])
@pytest.mark.parametrize("state", [TaskState.DONE, TaskState.DEAD, TaskState.CANCELLED])
def test_a_late_answer_never_resurrects_a_closed_task(action: str, state: TaskState) -> None:
    world = World()
    world.tasks.create([a_task(state=state, attempt=1)])
    before = world.task()
    assert world.report(action)["accepted"] is False
    assert world.task() == before


@pytest.mark.parametrize("action", ["complete", "fail"])
def test_a_report_that_comes_twice_counts_once(action: str) -> None:
    world = World()
    running(world)
    assert world.report(action)["accepted"] is True
    before = world.task()
    assert world.report(action)["accepted"] is False
    assert world.task() == before


def test_the_late_success_of_the_latest_attempt_saves_its_retry() -> None:
    world = World()
    running(world)
    world.report("fail", error="LeaseExpired")
    assert world.report("complete", result="at last") == {"accepted": True, "state": "done"}


@pytest.mark.parametrize("action", ["complete", "fail", "heartbeat"])
def test_an_answer_for_an_unknown_task_makes_no_row(action: str) -> None:
    world = World()
    answer = world.report(action, 7)
    assert answer == {
        "accepted": False,
        "state": None,
        "why": f"task job#7: cannot {action}: there is no such task",
    }
    assert world.tasks.tasks == {}


def test_a_failure_that_is_overtaken_between_its_read_and_its_write_changes_nothing() -> None:
    class Overtaken(InMemoryTaskStore):
        def apply(self, transition: Transition) -> Task:
            if transition.move == "fail":
                super().apply(lifecycle.complete(transition.task_id, attempt=1, now=NOW, retention=DAY))
            return super().apply(transition)

    world = World()
    world.tasks = Overtaken()
    running(world)
    assert world.report("fail")["state"] == "done"
    assert world.task().state is TaskState.DONE


@pytest.mark.parametrize("labourer", ["gone", "mistaken"])
def test_what_a_labourer_began_ends_although_it_is_registered_no_more(labourer: str) -> None:
    world = World(labourers={"mistaken": {"max_attempts": "?"}})
    world.tasks.create([claimed(a_task(labourer=labourer, attempt=8)), claimed(a_task(1, labourer=labourer))])
    assert world.report("fail", 0, attempt=9, labourer=labourer)["state"] == "queued"
    assert world.report("complete", 1, labourer=labourer)["state"] == "done"
    assert world.task(1).expires_at == NOW + 30 * DAY


def test_the_old_form_of_a_report_closes_a_first_attempt() -> None:
    world = World()
    running(world)
    world.assistant()({"action": "mark_task_as_completed", "task_id": "job#0", "stats": {"n": 1}, "result": {"a.b": 1}})
    assert (world.task().state, world.task().result) == (TaskState.DONE, {"a.b": 1})


def test_what_is_no_report_is_refused_and_changes_nothing() -> None:
    world = World()
    running(world)
    before = world.task()
    with pytest.raises(InvalidInput, match="attempt: 'one' must be a whole number from 1"):
        world.assistant()({"action": "complete", "task_id": "job#0", "attempt": "one"})
    assert world.task() == before


def test_reports_are_counted_by_what_became_of_them() -> None:
    world = World()
    running(world)
    assistant = world.assistant()
    for _ in range(2):
        assistant({"action": "complete", "task_id": "job#0"})
    assert assistant.get_stats() == {"reports_complete": 1, "reports_stale": 1}


class Beating(InMemoryTaskStore):
    """A heartbeat arrives between reading a task and failing it, `beats` times."""

    beats = 0

    def get(self, task_id: TaskId) -> Task | None:
        task = super().get(task_id)
        if self.beats and task:
            self.beats -= 1
            self.apply(lifecycle.heartbeat(task_id, attempt=task.attempt, lease_until=task.greenfield + LEASE))
        return task


@pytest.mark.parametrize(("beats", "accepted"), [(1, True), (END_ROUNDS - 1, True), (END_ROUNDS, False)])
def test_a_failure_is_decided_anew_when_a_heartbeat_came_between(beats: int, *, accepted: bool) -> None:
    world = World()
    world.tasks = Beating()
    running(world)
    world.tasks.beats = beats
    answer = world.report("fail")

    assert answer["accepted"] is accepted
    assert world.task().state is (TaskState.QUEUED if accepted else TaskState.RUNNING)


DB = ResourceName("rds:orders")
SIGNALS = {DB: {"count": 2, "errors": {"429": 1}}}


def listening(world: World, records: InMemoryRecordStore) -> WorkerAssistant:
    """It lets the budget of one resource fall to 7 at any signal."""
    desk = SignalDesk(
        records=records, clock=world.clock, react=lambda _resource, budget, *_: replace(budget, limit=7, why="429")
    )
    assistant = world.assistant(desk=desk)
    database = Resource(name=DB, query=None, target=70, band=5, ceiling=10)
    assistant.settings = replace(assistant.settings, resources={DB: database})
    return assistant


def reported(action: str, **said: Any) -> dict[str, Any]:
    return {"action": action, "task_id": "job#0", "attempt": 1, "labourer": "sales", **said}


class Witness(InMemoryRecordStore):
    """Knows how the task stood when the records were first read, and may fail then."""

    def __init__(self, world: World, error: Exception | None = None) -> None:
        super().__init__()
        self.world, self.error, self.seen = world, error, list[TaskState]()

    def read(self, keys: Any) -> dict[RecordKey, Record]:
        self.seen.append(self.world.task().state)
        if self.error:
            raise self.error
        return super().read(keys)


@pytest.mark.parametrize(
    ("action", "state"),
    [("complete", TaskState.DONE), ("fail", TaskState.QUEUED), ("heartbeat", TaskState.RUNNING)],
)
def test_a_budget_reacts_to_the_signals_of_a_report_after_its_answer_is_written(action: str, state: TaskState) -> None:
    world = World()
    running(world)
    records = Witness(world)
    assistant = listening(world, records)
    answer = assistant(reported(action, signals=SIGNALS))
    assert answer == {"accepted": True, "state": state.value}
    assert records.seen == [state]
    assert records.records[of_resource(DB)].value["limit"] == 7
    assert assistant.get_stats() == {f"reports_{action}": 1, "signals": 2, "budgets_changed": 1}


@pytest.mark.parametrize("error", [SoswError("busy"), ValueError("strange")])
def test_signals_that_come_to_nothing_leave_the_answer_as_it_is(error: Exception) -> None:
    world = World()
    running(world)
    assistant = listening(world, Witness(world, error))
    assert assistant(reported("complete", signals=SIGNALS)) == {"accepted": True, "state": "done"}


@pytest.mark.parametrize("signals", [7, "none", [], {"": 1}, {DB: {"count": "two"}}])
def test_bad_signals_never_make_a_report_refused(signals: Any) -> None:
    world = World()
    running(world)
    assistant = listening(world, InMemoryRecordStore())
    assert assistant(reported("complete", signals=signals))["accepted"] is True


def test_of_a_report_that_changed_nothing_nothing_is_heard() -> None:
    world = World()
    running(world)
    records = Witness(world)
    assistant = listening(world, records)
    for _ in range(2):
        assistant(reported("complete", signals=SIGNALS))
        world.clock.advance(seconds=1)
    assert len(records.seen) == 1


def test_where_nobody_listens_signals_change_nothing() -> None:
    world = World()
    running(world)
    assert world.report("complete", signals=SIGNALS) == {"accepted": True, "state": "done"}
