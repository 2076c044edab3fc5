"""The simulator that is shipped: a plant, and a closed loop around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.standing import Budget
from sosw.testing.plant import REFUSED, Plant, PlantRun, Work
from sosw.testing.regulation import Metric, Now, Regulated, Run, regulated

QUIET = Plant(others=lambda _: 20.0, noise=0.0)
WORK = {"a": Work(seconds=10, adds=0.5)}


@dataclass(frozen=True)
class Fixed:
    """A limit that never changes; notes what could be read."""

    limit: int
    readings: list[tuple[int, float | None]]

    def limits(self, now: Now) -> Mapping[str, int]:
        if now.reading is not None:
            self.readings.append((now.second, now.reading.value))
        return {"a": self.limit}


def fixed(limit: int, work: dict[str, Work] | None = None, metric: Metric | None = None) -> tuple[Run, Fixed]:
    policy = Fixed(limit, [])
    return regulated(QUIET, work or WORK, policy, seconds=600, metric=metric), policy


def test_the_load_is_that_of_others_and_of_what_runs() -> None:
    run, _ = fixed(40)
    assert set(run.load) == {40.0}
    assert set(run.running) == {40}


def test_more_running_tasks_do_more_until_the_plant_is_full() -> None:
    done = [fixed(limit)[0].done for limit in (50, 100, 140, 300)]
    assert done[0] < done[1]
    assert max(done) == done[1]


def test_a_full_plant_is_slow_and_refuses() -> None:
    run, _ = fixed(200)
    assert set(run.load) == {100.0}
    assert run.refused > 0
    assert QUIET.stretch(150) > QUIET.stretch(95) > QUIET.stretch(70) > QUIET.stretch(10) >= 1
    assert (QUIET.refuses(100), QUIET.refuses(150), QUIET.refuses(900)) == (0.0, 0.5, 0.9)


def test_workers_signal_what_they_see() -> None:
    world = PlantRun(
        plant=Plant(others=lambda _: 120.0, noise=0.0, heartbeat=5.0), work={"a": Work(seconds=20, adds=0)}
    )
    world.start("a", 500)
    told = [world.tick() for _ in range(2_000)]
    assert sum(signals.ended for signals in told) == 500
    assert sum(signals.count for signals in told) > 1_000
    assert sum(signals.errors.get(REFUSED, 0) for signals in told) == world.refused > 50
    assert all(signals.latency is None or signals.latency > 0.05 for signals in told)


def test_tasks_get_heavier_and_work_runs_out_as_declared() -> None:
    work = {"a": Work(seconds=10, adds=0.5, waits=lambda s: s < 100, heavier=lambda s: 2.0 if s >= 50 else 1.0)}
    run, _ = fixed(40, work=work)
    assert (run.load[10], run.load[60], run.load[500]) == (40.0, 60.0, 20.0)


def test_readings_are_the_means_of_minutes_and_come_late() -> None:
    _, prompt = fixed(40, metric=Metric(lag=(5.0, 5.0), noise=0.0))
    _, late = fixed(40, metric=Metric(lag=(90.0, 90.0), noise=0.0))
    assert next(second for second, value in prompt.readings if value is not None) == 80
    assert next(second for second, value in late.readings if value is not None) == 200
    assert {value for _, value in prompt.readings} == {None, 40.0}


def test_readings_get_lost() -> None:
    _, policy = fixed(40, metric=Metric(lost=1.0))
    assert {value for _, value in policy.readings} == {None}


def test_the_loop_runs_the_real_controller_and_tells_each_change() -> None:
    resource = Resource(name=ResourceName("r"), query=None, target=70.0, band=5.0, floor=4, ceiling=100, increase=4)
    work = {"a": Work(seconds=5, adds=0.5, weight=1), "b": Work(seconds=5, adds=0.5, weight=3)}
    policy = Regulated(resource, work, budget=Budget(limit=20.0))
    run = regulated(QUIET, work, policy, seconds=300)
    assert run.running[30] == 20
    assert run.running[-1] > 40
    shares = {str(name): share for name, share in policy.budget.shares.items()}
    assert shares["b"] > 2 * shares["a"]
    seconds, limits, whys = zip(*policy.whys, strict=True)
    assert list(seconds) == sorted(seconds)
    assert list(limits) == sorted(limits)
    assert all(whys)
