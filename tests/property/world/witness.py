"""The invariants of DESIGN §6, looked at after every write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sosw.domain.job import JobState
from sosw.domain.moments import to_ms
from sosw.domain.slots import Name, SlotRow
from sosw.domain.task import JobId, Slot, Task, TaskId, TaskState
from sosw.testing import InMemoryJobStore
from tests.property.world.roles import MAX_ATTEMPTS
from tests.property.world.stepping import Call

JOBS: dict[str, int] = {"a": 1, "b": 2, "c": 4}
"""Each job's number of tasks."""
STAYING = frozenset({"heartbeat", "recall"})
"""Moves by which what runs runs on."""
FORGIVING = frozenset({"give_back", "snooze"})
"""Moves that take an attempt back."""
Tasks = dict[TaskId, Task]


def look_at_tasks(before: Tasks, after: Tasks, call: Call) -> None:
    """No task is lost or made twice, and each moves only as it may."""
    assert before.keys() <= after.keys(), "1: a task is lost"
    for task_id, task in after.items():
        old = before.get(task_id)
        if old is None:
            _look_at_new(task)
        elif old != task:
            _look_at_move(old, task, call)


def _look_at_new(task: Task) -> None:
    number = int(task.id.split("#")[1])
    assert number < JOBS[task.job_id], "6: a job has more tasks than it asks for"
    assert task.payload["shops"] == [number], "6: a task has another one's payload"
    assert (task.state, task.version, task.attempt) == (TaskState.QUEUED, 1, 0), "6: a task is born anew"


def _look_at_move(old: Task, new: Task, call: Call) -> None:
    move = call.args[0].move if call.name in {"apply", "apply_one"} else call.name
    assert new.version == old.version + 1, f"2: {move} does not raise the version by one"
    assert (new.payload, new.created_at) == (old.payload, old.created_at), "8: what was put in has changed"
    of_the_dead = old.state is TaskState.DEAD and move in {"replay", "discard"}
    assert not old.state.is_closed or of_the_dead, f"3: a closed task is moved by {move}"
    stands = new.state in {TaskState.QUEUED, TaskState.DEAD}
    assert (new.queue is not None) == stands, f"1: {move} leaves what is {new.state.value} in line {new.queue}"
    assert move != "discard" or of_the_dead, "3: what is not dead is discarded"
    is_start = old.state is TaskState.QUEUED and new.state is TaskState.RUNNING
    assert new.attempt == old.attempt + is_start, f"2: {move} changes the number of the attempt"
    assert new.tries <= MAX_ATTEMPTS, "2: more attempts than the policy allows"
    is_forgiven = move in FORGIVING and new.state is TaskState.QUEUED
    assert move == "replay" or new.tries == old.tries + is_start - is_forgiven, f"2: {move} miscounts the tries"
    runs_on = old.state is new.state is TaskState.RUNNING
    assert not runs_on or move in STAYING, f"2: what runs is moved on by {move}"


def look_at_slots(rows: Mapping[int, SlotRow], tasks: Tasks) -> None:
    """A running attempt's name is in its row from before its claim until after its end."""
    for task in running(tasks):
        assert task.slot is not None
        name = rows[task.slot.row].names.get(task.id) if task.slot.row in rows else None
        assert name, f"4: {task.id} runs without a name in its row"
        assert name.version == task.slot.version, f"4: {task.id} runs under another name than its own"


def look_at_row(old: SlotRow | None, new: SlotRow) -> set[TaskId]:
    """A row never gets a name beyond its capacity, and no version of the limit after a later one; the names it got."""
    known = {t: _as_stored(name) for t, name in old.names.items()} if old else {}
    added = {t for t, name in new.names.items() if known.get(t) != _as_stored(name)}
    assert not added or len(new.names) <= new.capacity, "4: a name beyond the row's capacity"
    assert not old or new.sized >= old.sized, "4: a row is sized by an older limit than before"
    return added


def _as_stored(name: Name) -> tuple[int, int]:
    """A row that was read has its moments by the millisecond; the one that was written had them finer."""
    return name.version, to_ms(name.since)


def look_at_limit(rows: Mapping[int, SlotRow], tasks: Tasks, limit: int) -> None:
    """Who names a task in a row knows of no more live names than the limit by which that row was sized."""
    names = [(tasks[task], name) for row in rows.values() for task, name in row.names.items() if task in tasks]
    live = [task for task, name in names if task.version <= name.version or _runs(task, name.version)]
    assert len(live) <= limit, f"4: {len(live)} tasks are named, the limit by the rows is {limit}"


def look_at_count(tasks: Tasks, named: Mapping[tuple[TaskId, Slot], int]) -> None:
    """What runs is within the limit by which the last of it was named."""
    slots = {(task.id, task.slot) for task in running(tasks) if task.slot}
    limits = [limit for name, limit in named.items() if name in slots]
    assert len(limits) == len(slots), "4: what runs was never named"
    assert not slots or len(slots) <= limits[-1], f"4: {len(slots)} run, the limit for the last of them is {limits[-1]}"


def _runs(task: Task, version: int) -> bool:
    return task.state is TaskState.RUNNING and task.slot is not None and task.slot.version == version


def look_at_workers(at_work: list[tuple[TaskId, int]], tasks: Tasks) -> None:
    """Who works does so for a running attempt, and alone."""
    for task_id, attempt in at_work:
        task = tasks[task_id]
        assert task.state is TaskState.RUNNING, f"2: a Worker works on {task_id}, which is {task.state.value}"
        assert task.attempt == attempt, f"2: a Worker works on attempt {attempt} of {task_id}, now at {task.attempt}"
    assert len(at_work) == len({task_id for task_id, _ in at_work}), "2: two Workers work on one task"


def look_at_jobs(jobs: InMemoryJobStore, tasks: Tasks, gone: Mapping[JobId, int]) -> None:
    """A job that is ready has all of its tasks, but for those that are `gone` since they closed."""
    for job in jobs.jobs.values():
        if job.state is JobState.READY:
            made = sum(task.job_id == job.id for task in tasks.values()) + gone.get(job.id, 0)
            assert made == job.total == JOBS[job.id], f"6: job {job.id} is said to be written, but has {made} tasks"


def is_at_rest(jobs: InMemoryJobStore, tasks: Tasks) -> bool:
    are_written = not any(job.state.is_open for job in jobs.jobs.values())
    return are_written and all(task.state.is_closed for task in tasks.values())


def look_at_rest(jobs: InMemoryJobStore, tasks: Tasks) -> None:
    """At the end, every job has come to its end, and so has each of its tasks."""
    for job in jobs.jobs.values():
        assert not job.state.is_open, f"6: job {job.id} is {job.state.value} for ever"
    assert {task.job_id for task in tasks.values()} <= jobs.jobs.keys(), "6: tasks without a job"
    assert all(task.state.is_closed for task in tasks.values()), f"1: not at rest: {facts(tasks)}"


def running(tasks: Tasks) -> list[Task]:
    return [task for task in tasks.values() if task.state is TaskState.RUNNING]


def facts(tasks: Tasks) -> dict[str, Any]:
    """For people who look at a counterexample."""
    return {task.id: f"{task.state.value} v{task.version} attempt {task.attempt}" for task in tasks.values()}
