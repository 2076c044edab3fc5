"""Whole environments in simulated time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sosw.domain.errors import InvalidInput
from sosw.domain.task import Task, TaskState
from sosw.testing.simulation import AWS, LOCAL, Faults, Figures, Profile, Simulation, Workers, percentile
from tests.factories import seconds


def settings(limit: int = 5, **more: Any) -> dict[str, Any]:
    labourer = {"max_simultaneous_invocations": limit, **more}
    schemas = {"default": {"chunkable_attrs": ["shop"]}}
    return {"task_config": {"labourers": {"sales": labourer}}, "job_schema_variants": schemas}


def job(tasks: int) -> dict[str, Any]:
    return {"lambda_name": "sales", "period": "yesterday", "isolate_shops": True, "shops": list(range(tasks))}


def simulated(tasks: int, limit: int = 5, *, seed: int = 1, **how: Any) -> tuple[Simulation, Figures]:
    simulation = Simulation(settings(limit, **how.pop("more", {})), seed=seed, **how)
    simulation.submit(job(tasks))
    figures = simulation.run(until=timedelta(hours=1))
    simulation.close()
    return simulation, figures


def story(figures: Figures) -> list[tuple[str, object]]:
    return [(attempt.task_id, attempt.begun_at) for attempt in figures.attempts]


def states(simulation: Simulation) -> set[TaskState]:
    return {task.state for task in simulation.tasks.tasks.values()}


def test_sixty_tasks_of_a_second_take_hardly_more_than_twelve_under_a_limit_of_five() -> None:
    simulation, figures = simulated(60)
    assert states(simulation) == {TaskState.DONE}
    assert figures.ended_at is not None
    assert seconds(12) < figures.ended_at - figures.attempts[0].created_at < seconds(13)
    assert (figures.usage[figures.attempts[0].labourer].most, figures.overshoot) == (5, 0)


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    faults = Faults(crash=0.005, lost=0.02, is_repeated=0.1, is_dropped=0.1)
    how: dict[str, Any] = {"workers": {"sales": Workers(seconds=(0.05, 0.5), fails=0.1)}, "faults": faults}
    first, again, other = (story(simulated(20, seed=seed, **how)[1]) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_slots_are_used_nearly_always_while_short_tasks_wait_on_the_local_stack() -> None:
    _, figures = simulated(500, workers={"sales": Workers(seconds=(0.05, 0.5))})
    assert figures.utilisation("sales") > 0.92
    assert figures.at_work("sales") < figures.utilisation("sales")


def test_the_stream_of_aws_leaves_slots_of_short_tasks_empty_for_longer() -> None:
    shares = [
        simulated(200, profile=profile, workers={"sales": Workers(seconds=(0.05, 0.5))})[1].utilisation("sales")
        for profile in (LOCAL, AWS)
    ]
    assert shares[0] > shares[1] > 0.4


def test_tasks_that_meet_a_free_slot_begin_at_once() -> None:
    simulation = Simulation(settings())
    for number in range(20):
        simulation.submit(job(1), at=seconds(1.7 * number))
    figures = simulation.run()
    simulation.close()
    assert figures.start_delay(50) < seconds(0.1)
    assert figures.start_delay(99) < seconds(0.2)
    assert set(figures.waits()) == {f"job-{number}" for number in range(1, 21)}


def test_without_the_stream_the_minute_rule_starts_what_is_due() -> None:
    slow = Profile(call=seconds(0.005), invoke=seconds(0.01), stream=timedelta(hours=2))
    simulation, figures = simulated(3, profile=slow)
    assert states(simulation) == {TaskState.DONE}
    assert figures.start_delay(99) > seconds(50)


def test_what_fails_is_tried_again_and_what_vanishes_when_its_lease_is_over() -> None:
    how = Workers(seconds=(0.1, 0.2), fails=0.3, vanishes=0.2)
    more = {"duration": 5, "cooldown": 5, "max_attempts": 20, "retry": {"base": 1, "cap": 2}}
    simulation, figures = simulated(30, workers={"sales": how}, more=more)
    assert states(simulation) == {TaskState.DONE}
    failures = {failure.error for task in simulation.tasks.tasks.values() for failure in task.failures}
    assert failures == {"Failed", "LeaseExpired"}
    assert figures.overshoot == 0


@pytest.mark.parametrize("seed", range(5))
def test_crashes_lost_replies_and_lost_messages_delay_but_lose_nothing(seed: int) -> None:
    faults = Faults(crash=0.01, lost=0.05, is_repeated=0.2, is_dropped=0.2)
    more = {"duration": 5, "cooldown": 5, "max_attempts": 20, "retry": {"base": 1, "cap": 2}}
    index = Profile(call=seconds(0.005), invoke=seconds(0.01), stream=seconds(0.1), index=seconds(5), shards=2)
    simulation, figures = simulated(
        20, seed=seed, faults=faults, profile=index, orchestrators=3, more=more, workers={"sales": Workers(fails=0.1)}
    )
    assert states(simulation) == {TaskState.DONE}
    assert len(simulation.tasks.tasks) == 20
    assert figures.overshoot == 0


def test_a_rate_is_kept_and_used_with_several_orchestrators() -> None:
    more = {"rate": {"per_second": 5, "burst": 10}}
    _, figures = simulated(100, limit=50, more=more, orchestrators=3)
    moments = [attempt.claimed_at for attempt in figures.attempts]
    for number, since in enumerate(moments):
        for count, until in enumerate(moments[number:], 1):
            assert count <= 10 + 5 * ((until - since).total_seconds() + 0.2), "0.2 s from the tokens to the claims"
    assert moments[-1] - moments[0] < seconds(1.2 * (100 - 10) / 5)


def test_no_more_attempts_of_a_key_run_at_once_than_it_may_have_and_other_keys_pass() -> None:
    simulation = Simulation(settings(10, max_per_key=2), seed=3, orchestrators=3, workers={"sales": Workers()})
    simulation.submit({**job(12), "concurrency_key": "large"})
    simulation.submit({**job(4), "concurrency_key": "small"}, at=seconds(0.5))
    most = {"large": 0, "small": 0}

    def count(_before: Task | None, _after: Task) -> None:
        running = [t.key for t in simulation.tasks.tasks.values() if t.state is TaskState.RUNNING]
        most.update({key: max(count, running.count(key)) for key, count in most.items()})

    simulation.tasks.listeners.append(count)
    figures = simulation.run()
    simulation.close()
    assert most == {"large": 2, "small": 2}
    assert max(figures.waits()["job-2"]) < seconds(2)
    assert max(figures.waits()["job-1"]) < seconds(7)


def test_it_stops_where_it_is_told_and_goes_on_from_there() -> None:
    simulation = Simulation(settings(1))
    simulation.submit(job(4))
    figures = simulation.run(until=seconds(2))
    assert (figures.ended_at, len(figures.attempts)) == (None, 2)
    assert len(simulation.run().attempts) == 4
    simulation.submit(job(2))
    assert len(simulation.run().attempts) == 6
    simulation.close()


def test_a_limit_of_nothing_starts_nothing() -> None:
    simulation, figures = simulated(3, limit=0)
    assert (states(simulation), figures.attempts, figures.utilisation("sales")) == ({TaskState.QUEUED}, [], 0.0)
    assert (figures.start_delay(99), figures.at_work("sales"), figures.waits()) == (timedelta(), 0.0, {})


def test_a_job_that_cannot_work_is_refused_by_the_run() -> None:
    simulation = Simulation(settings())
    simulation.submit({"job": {"lambda_name": "sails"}, "idempotency_key": "typo"})
    with pytest.raises(InvalidInput, match="did you mean 'sales'"):
        simulation.run()
    simulation.close()


def test_settings_workers_and_numbers_that_cannot_work_are_refused() -> None:
    with pytest.raises(InvalidInput, match="max_simultaneous_invocations"):
        Simulation(settings(-1))
    with pytest.raises(InvalidInput, match="workers: 'sails' is not a registered labourer"):
        Simulation(settings(), workers={"sails": Workers()})
    with pytest.raises(InvalidInput, match="orchestrators: 0 must be 1 to 16"):
        Simulation(settings(), orchestrators=0)


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (1, 1), (50, 2), (51, 3), (75, 3), (99, 4), (100, 4)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(percent: float, value: int) -> None:
    assert percentile([seconds(n) for n in (4, 2, 1, 3)], percent) == seconds(value)


def test_what_has_closed_is_archived_while_others_still_run() -> None:
    simulation = Simulation(settings(2), workers={"sales": Workers(seconds=(200.0, 200.0))})
    simulation.submit(job(1))
    simulation.submit(job(6))
    simulation.run()
    simulation.close()
    assert any(key.startswith("archive/labourer=sales/") for key in simulation.bucket.objects)
