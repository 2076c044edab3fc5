"""The Scavenger does much at once, what is urgent first, and ends before its time does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from sosw.domain.errors import InvokeUncertain
from sosw.domain.job import Job
from sosw.domain.task import JobId, LabourerName, TaskState
from sosw.scavenger import LABOURER_TIME, MAX_RESUMED, NOTICE_TIME, SWEEP_TIME
from sosw.settings import Names
from sosw.slot_sweep import SWEEP_BATCH
from sosw.testing import InMemorySlotStore, RecordingInvoker
from tests.factories import LABOURER, LEASE, NOW, World, a_task, seconds
from tests.unit.test_long_jobs import shrinking

MINUTE = seconds(60)
ENOUGH, SHORT = LABOURER_TIME.total_seconds(), SWEEP_TIME.total_seconds() - 1
LABOURERS = [LabourerName(name) for name in ("a", "b", "c")]


class AtOnce:
    """An `in_parallel` that remembers how many items it was given each time, and how many functions ran before."""

    def __init__(self, world: World) -> None:
        self.sizes: list[int] = []
        self.started: list[int] = []
        self._world = world

    def __call__(self, call: Callable[[Any], None], items: Iterable[Any]) -> None:
        given = list(items)
        self.sizes.append(len(given))
        self.started.append(len(self._world.invoker.started))
        for item in reversed(given):  # as if the last ones were the fastest
            call(item)


def overdue(labourers: Iterable[LabourerName] = LABOURERS, each: int = 1) -> World:
    """All labourers run `each` attempts whose leases are over, and the Scheduler of one job has died."""
    world = World(labourers={name: {"max_simultaneous_invocations": each, "max_attempts": 1} for name in labourers})
    for number, name in enumerate(labourers):
        world.tasks.create([a_task(n, labourer=name) for n in range(number * each, (number + 1) * each)])
    while world.orchestrator()({})["started"]:
        pass
    world.clock.advance(LEASE)
    world.invoker.started.clear()
    return world


def left(world: World, count: int = 1) -> list[JobId]:
    """Jobs that are not whole, and whose Schedulers have died."""
    jobs = [
        Job(id=JobId(f"job-{n:02}"), labourer=LABOURER, body="{}", submitted_at=NOW, held_until=NOW)
        for n in range(count)
    ]
    return [world.jobs.open(job).id for job in jobs]


def resumed(world: World) -> list[str]:
    return [event["sosw"]["resume"] for function, event in world.invoker.started if function == Names().scheduler]


def test_what_a_sweep_ends_it_ends_in_parallel() -> None:
    world = overdue([LABOURER], each=SWEEP_BATCH + 20)
    at_once = AtOnce(world)
    scavenger = world.scavenger(in_parallel=at_once)

    assert scavenger.sweep() == {"freed": {"sales": SWEEP_BATCH + 20}}
    assert at_once.sizes[:2] == [SWEEP_BATCH, 20]
    assert (world.names(), set(world.states())) == ({}, {TaskState.DEAD})
    assert scavenger.get_stats() == {"expired": SWEEP_BATCH + 20, "slots_freed": SWEEP_BATCH + 20}


def test_totals_of_many_jobs_and_of_their_labourer_are_counted_in_parallel_and_after_the_wake() -> None:
    world = World()
    for number in range(100):
        world.submit({"lambda_name": LABOURER}, f"job-{number}")
    at_once = AtOnce(world)
    world.scavenger(in_parallel=at_once).pass_on(world.tasks.changes, token="batch")

    assert (at_once.sizes, at_once.started) == ([100, 1], [1, 1])
    assert [job.totals.created for job in world.jobs.recent(100, before=NOW + MINUTE)] == [1] * 100


def test_jobs_are_resumed_in_parallel_and_after_the_wake() -> None:
    world = overdue()
    jobs, at_once = left(world, MAX_RESUMED + 5), AtOnce(world)
    scavenger = world.scavenger(in_parallel=at_once)
    scavenger.sweep()

    assert (at_once.sizes[-1], at_once.started[-1]) == (MAX_RESUMED, 1)
    assert sorted(resumed(world)) == jobs[:MAX_RESUMED]
    assert scavenger.get_stats()["jobs_resumed"] == MAX_RESUMED


def test_a_job_that_cannot_be_resumed_keeps_no_other_from_it() -> None:
    def lose(function: str, event: Any) -> None:
        if event["sosw"] == {"resume": "job-00"}:
            raise InvokeUncertain(function, "no answer")

    world = World()
    left(world, 2)
    world.clock.advance(MINUTE)
    world.invoker = RecordingInvoker(lose)
    world.scavenger().sweep()

    assert resumed(world) == ["job-01"]


@pytest.mark.parametrize("swept", [0, 1, 2])
def test_a_sweep_ends_with_its_time_and_wakes_for_what_it_has_freed(
    swept: int, caplog: pytest.LogCaptureFixture
) -> None:
    world = overdue()
    left(world)
    times = [ENOUGH] * (2 * swept) + [SHORT] * 9  # for each labourer, and for its batch
    answer = world.scavenger().sweep(remaining=shrinking(*times))

    assert list(answer["freed"].values()) == [1] * swept
    assert [sorted(wake) for wake in world.wakes] == [sorted(answer["freed"])] * bool(swept)
    assert resumed(world) == []
    (cut,) = [record for record in caplog.records if record.message == "sweep.cut"]
    assert len(vars(cut)["labourers"]) == 3 - swept


def test_a_labourer_with_more_to_end_than_there_is_time_for_frees_what_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = overdue([LABOURER], each=SWEEP_BATCH + 20)
    answer = world.scavenger().sweep(remaining=shrinking(ENOUGH, ENOUGH, SHORT, SHORT))

    assert answer == {"freed": {"sales": SWEEP_BATCH}}
    (cut,) = [record for record in caplog.records if record.message == "sweep.cut"]
    assert vars(cut)["names"] == 20
    assert world.scavenger().sweep() == {"freed": {"sales": 20}}


def test_each_minute_another_labourer_is_the_first() -> None:
    world, first = overdue(), list[str]()
    for _ in LABOURERS:
        answer = world.scavenger().sweep(remaining=shrinking(ENOUGH, ENOUGH, SHORT, SHORT))
        first += answer["freed"]
        world.clock.advance(MINUTE)

    assert sorted(first) == LABOURERS


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_no_labourer_is_left_out_for_long_where_a_sweep_has_time_for_a_fifth_of_them(count: int) -> None:
    world = World(labourers={f"l{n:03}": {"max_simultaneous_invocations": 1} for n in range(count)})
    now, swept = list[LabourerName](), dict[LabourerName, list[int]]()

    class Rows(InMemorySlotStore):
        def rows(self, labourer: LabourerName) -> Any:
            now.append(labourer)
            return super().rows(labourer)

    scavenger = world.scavenger(slots=Rows())
    for minute in range(count):
        now.clear()
        scavenger.sweep(remaining=shrinking(*[ENOUGH] * max(1, count // 5)))
        for name in now:
            swept.setdefault(name, [-1]).append(minute)
        world.clock.advance(MINUTE)
    gaps = [later - before for minutes in swept.values() for before, later in pairwise([*minutes, count])]
    assert (len(swept), max(gaps) <= 13) == (count, True)


def test_a_sweep_with_more_labourers_than_time_leaves_time_for_all_else() -> None:
    world, begun = overdue(), dict[str, float]()
    jobs, now = left(world), [ENOUGH - 1]

    class Deaths:
        def tell(self, has_time: Callable[[], bool]) -> None:
            begun["deaths"] = now[0]
            now[0] = NOTICE_TIME.total_seconds() - 1
            assert not has_time()

    class Archive:
        recounting = world.archivist().recounting

        def run(self, has_time: Callable[[], bool]) -> dict[str, int]:
            begun["archive"] = now[0]
            assert has_time()
            return {}

    deaths: Any = Deaths()
    archive: Any = Archive()
    scavenger = world.scavenger(deaths=deaths, archivist=archive)
    assert scavenger.sweep(remaining=lambda: seconds(now[0])) == {"freed": {}}
    assert (resumed(world), begun) == (jobs, {"deaths": 59.0, "archive": 49.0})


def test_with_all_the_time_every_labourer_is_swept_and_jobs_are_resumed() -> None:
    world = overdue()
    jobs = left(world)

    assert sorted(world.scavenger().sweep(remaining=lambda: timedelta(minutes=2))["freed"]) == LABOURERS
    assert resumed(world) == jobs


def test_a_sweep_without_labourers_resumes_jobs() -> None:
    world = World()
    world.config = {"task_config": {"labourers": {}}}
    jobs = left(world)
    world.clock.advance(MINUTE)

    assert world.scavenger().sweep() == {"freed": {}}
    assert resumed(world) == jobs
