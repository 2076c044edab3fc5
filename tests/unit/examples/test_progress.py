"""A job is followed until its last task is closed; what is nowhere is lost, and waiting has an end."""

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone

import pytest
from rich.console import Console

from examples.flight_delays.progress import Counts, JobWatch, follow
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState, task_id

JOB = JobId("job-1")
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
QUEUED, RUNNING, DONE, DEAD = TaskState.QUEUED, TaskState.RUNNING, TaskState.DONE, TaskState.DEAD


class Script:
    """A store with one answer for each look: the states of the tasks 0, 1, 2, …; None is a task that is not there."""

    def __init__(self, *looks: list[TaskState | None]) -> None:
        self._looks: Iterator[list[TaskState | None]] = iter(looks)
        self.asked: list[list[TaskId]] = []

    def get_many(self, ids: Iterable[TaskId], /) -> Mapping[TaskId, Task]:
        wanted = list(ids)
        self.asked.append(wanted)
        states = {task_id(JOB, number): state for number, state in enumerate(next(self._looks))}
        return {id_: a_task(id_, state) for id_ in wanted if (state := states[id_])}


def a_task(id_: TaskId, state: TaskState) -> Task:
    labourer = LabourerName("flight-delays")
    return Task(id=id_, job_id=JOB, labourer=labourer, payload={}, created_at=NOW, greenfield=NOW, state=state)


def console(*, is_terminal: bool = False) -> tuple[Console, io.StringIO]:
    said = io.StringIO()
    return Console(file=said, force_terminal=is_terminal, width=120), said


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds


def test_every_state_is_counted() -> None:
    counts = JobWatch(Script([QUEUED, RUNNING, DONE, DEAD, DONE]), JOB, 5).look()

    assert counts == Counts(total=5, queued=1, running=1, done=2, dead=1)
    assert (counts.closed, counts.lost) == (3, 0)


def test_a_task_that_is_nowhere_is_lost() -> None:
    counts = JobWatch(Script([DONE, None, QUEUED]), JOB, 3).look()

    assert counts.lost == 1


def test_a_closed_task_is_not_read_again_and_still_counted() -> None:
    script = Script([DONE, RUNNING, DEAD], [QUEUED, DONE, QUEUED])
    watch = JobWatch(script, JOB, 3)

    watch.look()

    assert watch.look() == Counts(total=3, done=2, dead=1)
    assert script.asked[1] == [task_id(JOB, 1)]
    assert set(watch.closed) == {task_id(JOB, number) for number in range(3)}


def test_following_ends_when_the_last_task_is_closed() -> None:
    time = Time()
    watch = JobWatch(Script([QUEUED, QUEUED], [RUNNING, DONE], [DONE, DONE]), JOB, 2)

    counts = follow(watch, console()[0], seconds=60, now=time.now, pause=time.pause)

    assert counts == Counts(total=2, done=2)


@pytest.mark.parametrize("states", [[DONE, RUNNING], [DONE, None]])
def test_waiting_has_an_end_also_when_tasks_stay_open_or_are_nowhere(states: list[TaskState | None]) -> None:
    time = Time()
    watch = JobWatch(Script(*[states] * 100), JOB, 2)

    counts = follow(watch, console()[0], seconds=5, now=time.now, pause=time.pause)

    assert counts.closed == 1
    assert 5 < time.seconds < 6


def test_without_a_terminal_it_says_a_plain_line_every_two_seconds_and_one_at_the_end() -> None:
    time, (out, said) = Time(), console()
    busy: list[TaskState | None] = [RUNNING, DONE]
    watch = JobWatch(Script(*[busy] * 9, [DONE, DONE]), JOB, 2)

    follow(watch, out, seconds=60, now=time.now, pause=time.pause)

    assert said.getvalue().splitlines() == [
        "  0.0 s  1/2  1 done, 1 running, 0 queued, 0 dead, 0.0 tasks/s",
        "  2.0 s  1/2  1 done, 1 running, 0 queued, 0 dead, 0.5 tasks/s",
        "  4.0 s  1/2  1 done, 1 running, 0 queued, 0 dead, 0.2 tasks/s",
        "  4.5 s  2/2  2 done, 0 running, 0 queued, 0 dead, 0.4 tasks/s",
    ]


def test_on_a_terminal_the_bar_shows_all_figures() -> None:
    time, (out, said) = Time(), console(is_terminal=True)
    watch = JobWatch(Script([QUEUED, RUNNING], [DONE, DEAD]), JOB, 2)

    follow(watch, out, seconds=60, now=time.now, pause=time.pause)

    last = said.getvalue()
    for figure in ("2/2", "1 done", "0 running", "0 queued", "1 dead", "4.0 tasks/s"):
        assert figure in last
