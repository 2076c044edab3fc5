"""Many deaths at once cost a sweep neither its memory nor the time of what comes after."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sosw.domain import lifecycle
from sosw.domain.moments import to_ms
from sosw.domain.task import LabourerName, Task, TaskId, TaskState
from tests.factories import LABOURER, NOW, a_task
from tests.unit.dead_world import Watched

LARGE = 20_000
"""Bytes of a payload."""


class Forgetful:
    """An `Invoker` that keeps nothing."""

    def start(self, function: str, event: Any) -> None:
        del function, event


@pytest.fixture
def world() -> Watched:
    return Watched()


def bury(world: Watched, count: int, labourer: LabourerName = LABOURER, start: int = 0) -> None:
    line = {"state": TaskState.DEAD, "labourer": labourer, "queue": lifecycle.dead_key(labourer)}
    tasks = [a_task(n, **line, rank=to_ms(NOW) + n) for n in range(start, start + count)]
    world.tasks.tasks = {**world.tasks.tasks, **{task.id: task for task in tasks}}


def with_large_payloads(world: Watched, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each task that is read has a payload of its own; how many were read at a time."""
    sizes: list[int] = []
    get_many = world.tasks.get_many

    def read(ids: Iterable[TaskId], **how: Any) -> dict[TaskId, Task]:
        found = get_many(ids, **how)
        sizes.append(len(found))
        return {name: replace(task, payload={"x": bytes(LARGE).hex()}) for name, task in found.items()}

    monkeypatch.setattr(world.tasks, "get_many", read)
    return sizes


def test_a_flood_of_large_tasks_is_not_held_in_memory(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    world.with_function()
    bury(world, 1_500)
    sizes = with_large_payloads(world, monkeypatch)
    notices = world.notices(invoker=Forgetful())
    tracemalloc.start()
    for _ in range(20):
        notices.tell()
        world.clock.advance(seconds=60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert world.told == 1_500
    assert max(sizes) <= 100
    assert peak < 25_000_000  # all at once: 60 MB and more


def shrinking(times: int) -> Callable[[], bool]:
    """There is time for so many questions."""
    left = [times]

    def has_time() -> bool:
        left[0] -= 1
        return left[0] >= 0

    return has_time


def with_labourers(world: Watched, count: int) -> list[LabourerName]:
    names = [LabourerName(f"shop{n:02}") for n in range(count)]
    for n, name in enumerate(names):
        world.config["task_config"]["labourers"][name] = {}
        bury(world, 1, name, start=n)
    return names


def test_who_has_no_time_for_all_labourers_tells_of_some_and_goes_on_with_the_others(world: Watched) -> None:
    names = with_labourers(world, 6)
    notices = world.notices()
    for _ in range(40):
        notices.tell(shrinking(2))
        world.clock.advance(seconds=60)
    assert sorted(name for _, name, _ in world.counted) == names
    assert max(number for _, _, number in world.counted) == 1


def test_a_labourer_in_flood_leaves_room_for_the_others(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sosw.dead_notices.MAX_TOLD", 1)
    names = with_labourers(world, 6)
    for name in names:
        bury(world, 3, name, start=100 + 10 * names.index(name))
    notices = world.notices()
    notices.hear([])
    for n in range(60):
        bury(world, 1, names[0], start=1_000 + n)
        notices.tell()
        world.clock.advance(seconds=60)
    assert {name for _, name, _ in world.counted} == set(names)


def test_without_time_the_function_is_handed_the_rest_later(world: Watched) -> None:
    world.with_function()
    bury(world, 250)
    notices = world.notices()
    while not world.published:
        notices.tell(shrinking(2))  # one for the look, one for the first event
        world.clock.advance(seconds=60)
    assert [len(tasks) for _, tasks in world.called] == [100]
    for _ in range(12):
        notices.tell()
        world.clock.advance(seconds=60)
    assert {task for _, tasks in world.called for task in tasks} == {f"job#{n}" for n in range(250)}
    assert world.told == 250


def test_a_sweep_full_of_deaths_leaves_the_archive_its_time(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    with_labourers(world, 20)
    left, archived = [timedelta(seconds=120)], list[timedelta]()
    places = world.tasks.places

    def slow(*how: Any) -> Any:
        left[0] -= timedelta(seconds=15)
        return places(*how)

    class Archive:
        recounting = world.archivist().recounting

        def run(self, _has_time: Callable[[], bool]) -> dict[str, int]:
            archived.append(left[0])
            return {}

    notices = world.notices()
    notices.tell(lambda: False)
    monkeypatch.setattr(world.tasks, "places", slow)
    for _ in range(10):
        world.clock.advance(seconds=60)
        left[0] = timedelta(seconds=120)
        archive: Any = Archive()
        world.scavenger(deaths=notices, archivist=archive).sweep(remaining=lambda: left[0])
    assert len(archived) == 10
    assert min(archived) >= timedelta(seconds=35)
    assert world.told == 20


def test_a_task_that_nobody_can_make_sense_of_keeps_no_other_labourer_from_being_told(
    world: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = with_labourers(world, 2)
    get_many = world.tasks.get_many

    def read(ids: Iterable[TaskId], **how: Any) -> dict[TaskId, Task]:
        found = get_many(ids, **how)
        if any(task.labourer == names[0] for task in found.values()):
            raise ValueError("no state of a task")
        return found

    monkeypatch.setattr(world.tasks, "get_many", read)
    world.minutes()
    assert world.counted == [("dead", names[1], 1)]


def test_an_event_that_cannot_be_sent_is_no_reason_to_tell_people_twice(world: Watched) -> None:
    class Odd(Forgetful):
        def start(self, function: str, event: Any) -> None:
            if function == "undertaker":
                raise UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed")
            super().start(function, event)

    world.with_function()
    world.bury(0)
    world.stream()
    for _ in range(3):
        world.minute(invoker=Odd())
    assert len(world.published) == 1


def test_who_was_replayed_since_the_line_was_read_is_not_told(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    bury(world, 3)
    get_many = world.tasks.get_many

    def read(ids: Iterable[TaskId], **how: Any) -> dict[TaskId, Task]:
        found = dict(get_many(ids, **how))
        found.pop(TaskId("job#0"), None)
        found[TaskId("job#1")] = replace(found[TaskId("job#1")], state=TaskState.QUEUED)
        return found

    monkeypatch.setattr(world.tasks, "get_many", read)
    world.minutes()
    assert world.told == 1
