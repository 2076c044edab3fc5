"""The Orchestrator alone in the world: what it starts, and what it leaves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from sosw.domain.backlog import COUNTED
from sosw.domain.errors import InvalidInput, InvokeRefused, InvokeUncertain
from sosw.domain.ranks import Place
from sosw.domain.task import TaskState
from sosw.testing import InMemoryTaskStore, RecordingInvoker
from tests.factories import LABOURER, NOW, World, a_task, seconds


class Counting(InMemoryTaskStore):
    """Counts the questions asked of the index."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        self.asked.append(limit)
        return super().places(queue, start, limit)


def refusing(*tasks: str, error: Exception) -> RecordingInvoker:
    """An invoker that raises `error` for these tasks."""

    def refuse(_function: str, event: Mapping[str, Any]) -> None:
        if event.get("task_id") in tasks:
            raise error

    return RecordingInvoker(refuse)


def test_the_oldest_due_tasks_are_started_up_to_the_limit() -> None:
    world = World(limit=2)
    world.tasks.create([a_task(n, greenfield=NOW - seconds(n)) for n in range(1, 4)])
    assert world.orchestrator()({}) == {"started": {"sales": 2}}
    assert world.started == [("job#3", 1), ("job#2", 1)]
    assert world.names() == {0: ["job#3", "job#2"]}


def test_a_started_attempt_runs_under_its_lease_in_its_slot() -> None:
    world = World(duration=100, cooldown=50)
    world.queue(1)
    world.orchestrator()({})
    task = world.task()
    assert (task.state, task.attempt, task.greenfield) == (TaskState.RUNNING, 1, NOW + seconds(150))
    assert task.slot is not None
    assert (task.slot.row, task.slot.version) == (0, 1)


def test_the_worker_is_invoked_by_the_arn_of_its_labourer() -> None:
    world = World(arn="sales:live")
    world.queue(1)
    world.orchestrator()({})
    assert [function for function, _ in world.invoker.started] == ["sales:live"]


def test_what_is_not_due_yet_waits() -> None:
    world = World()
    world.queue(1, greenfield=NOW + seconds(1))
    assert world.orchestrator()({}) == {"started": {}}
    world.clock.advance(seconds=1)
    assert world.orchestrator()({}) == {"started": {"sales": 1}}


def test_an_idle_labourer_costs_one_question_a_minute() -> None:
    world = World()
    world.tasks = store = Counting()
    world.orchestrator()({})
    assert (store.asked, world.slots.rows(LABOURER)) == ([COUNTED], [])


def test_a_full_labourer_starts_nothing() -> None:
    world = World(limit=1)
    world.queue(2)
    orchestrator = world.orchestrator()
    orchestrator({})
    assert orchestrator({}) == {"started": {}}
    assert world.started == [("job#0", 1)]


def test_a_limit_of_0_starts_nothing() -> None:
    world = World(limit=0)
    world.queue(1)
    assert world.orchestrator()({}) == {"started": {}}
    assert world.slots.rows(LABOURER) == []


def test_a_limit_over_one_row_uses_several() -> None:
    world = World(limit=20)
    world.queue(25)
    world.orchestrator()({})
    assert [len(names) for names in world.names().values()] == [16, 4]


def test_a_falling_limit_lowers_the_rows_before_it_raises_others_and_starts_nothing_until_enough_has_ended() -> None:
    world = World(limit=20)
    world.queue(40)
    world.orchestrator()({})
    world.config = World(limit=10).config
    assert world.orchestrator()({}) == {"started": {}}
    assert [(row.capacity, len(row.names)) for row in world.slots.rows(LABOURER)] == [(10, 16), (0, 4)]


def test_a_wake_frees_the_slots_of_what_ended_and_starts_the_next() -> None:
    world = World(limit=1)
    world.queue(2)
    world.orchestrator()({})
    world.report("complete")
    assert world.orchestrator()({"wake": {"sales": {"job#0": 3}}}) == {"started": {"sales": 1}}
    assert world.names() == {0: ["job#1"]}


def test_a_wake_dispatches_the_labourers_that_it_names_and_no_other() -> None:
    settings = {"max_simultaneous_invocations": 1}
    world = World(labourers={"a": settings, "b": settings})
    world.tasks.create([a_task(0, labourer="a"), a_task(1, labourer="b")])
    assert world.orchestrator()({"wake": {"b": {}}}) == {"started": {"b": 1}}
    assert world.orchestrator()({}) == {"started": {"a": 1}}


def test_a_wake_for_an_unknown_labourer_is_said_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.queue(1)
    assert world.orchestrator()({"wake": {"gone": {}, "sales": {}}}) == {"started": {"sales": 1}}
    assert [(r.message, r.labourer) for r in caplog.records] == [("labourer.unknown", "gone")]  # type: ignore[attr-defined]


def test_a_wake_of_the_wrong_form_is_refused() -> None:
    with pytest.raises(InvalidInput, match="wake: 7 must be"):
        World().orchestrator()({"wake": 7})


def test_late_evidence_of_an_earlier_end_does_not_free_a_running_attempt() -> None:
    world = World(limit=1, retry={"base": 0})
    world.queue(1)
    world.orchestrator()({})
    world.report("fail")
    world.orchestrator()({"wake": {"sales": {"job#0": 3}}})
    assert world.started == [("job#0", 1), ("job#0", 2)]
    world.queue(2)
    assert world.orchestrator()({"wake": {"sales": {"job#0": 3}}}) == {"started": {}}
    assert world.names() == {0: ["job#0"]}


@pytest.mark.parametrize(("is_passing", "delay"), [(True, 2), (False, 60)])
def test_an_attempt_whose_invocation_is_refused_is_given_back_unharmed(delay: float, *, is_passing: bool) -> None:
    world = World(max_attempts=1)
    world.invoker = refusing("job#1", error=InvokeRefused("sales", "no", is_passing=is_passing))
    world.queue(2)
    assert world.orchestrator()({}) == {"started": {"sales": 1}}
    task = world.task(1)
    assert (task.state, task.tries, task.greenfield) == (TaskState.QUEUED, 0, NOW + seconds(delay))
    assert world.names() == {0: ["job#0"]}


def test_an_attempt_that_may_have_been_invoked_is_left_to_its_lease() -> None:
    world = World()
    world.invoker = refusing("job#0", error=InvokeUncertain("sales", "no answer"))
    world.queue(1)
    assert world.orchestrator()({}) == {"started": {"sales": 1}}
    assert (world.task().state, world.names()) == (TaskState.RUNNING, {0: ["job#0"]})


def test_an_attempt_that_breaks_its_start_delays_no_other() -> None:
    world = World()
    world.invoker = refusing("job#0", error=RuntimeError("bug"))
    world.queue(2)
    world.orchestrator()({})
    assert world.started == [("job#1", 1)]
    assert world.names() == {0: ["job#0", "job#1"]}


def test_an_attempt_that_ended_before_it_could_be_given_back_stays_ended() -> None:
    world = World()

    def refuse(_function: str, _event: Mapping[str, Any]) -> None:
        world.report("complete")
        raise InvokeRefused("sales", "no", is_passing=True)

    world.invoker = RecordingInvoker(refuse)
    world.queue(1)
    world.orchestrator()({})
    assert world.task().state is TaskState.DONE


def test_a_labourer_in_trouble_delays_no_other(caplog: pytest.LogCaptureFixture) -> None:
    class Troubled(InMemoryTaskStore):
        def places(self, queue: str, start: int, limit: int) -> list[Place]:
            if queue.startswith("a/"):
                raise ConnectionError
            return super().places(queue, start, limit)

    settings = {"max_simultaneous_invocations": 1}
    world = World(labourers={"a": settings, "b": settings})
    world.tasks = Troubled()
    world.tasks.create([a_task(0, labourer="b")])
    orchestrator = world.orchestrator()
    assert orchestrator({}) == {"started": {"b": 1}}
    assert orchestrator.get_stats() == {"labourers_failed": 1, "started": 1}
    assert [r.message for r in caplog.records] == ["labourer.failed"]


def test_mistaken_settings_are_said_each_time_and_stop_no_other_labourer(caplog: pytest.LogCaptureFixture) -> None:
    world = World(labourers={"bad": {"duration": 0}, "sales": {"max_simultaneous_invocations": 1}})
    world.config["x"] = 1
    world.queue(1)
    with caplog.at_level(logging.ERROR):
        assert world.orchestrator()({}) == {"started": {"sales": 1}}
    assert [(r.message, "is not a setting" in r.why, "duration" in r.why) for r in caplog.records] == [  # type: ignore[attr-defined]
        ("settings.mistaken", True, False),
        ("labourer.mistaken", False, True),
    ]
