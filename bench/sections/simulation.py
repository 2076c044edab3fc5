"""How well slots are used, and how soon tasks start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.figures import Budget, Section
from bench.sections.options import Options
from sosw.testing.simulation import AWS, LOCAL, Figures, Profile, Simulation, Workers

TASKS, SHORT, SECOND = 2_000, (0.05, 0.5), (1.0, 1.0)
LIMITS = (5, 50)
LEAST_USED = 95.0
PROFILES = {"local stack": LOCAL, "AWS": AWS}
MOST_OVERSHOOT, MOST_SECONDS = 0, 15.0
MOST_MEDIAN, MOST_DELAY = 1.0, 3.0
ABOUT = f"""\
The real roles in simulated time (`sosw.testing.simulation`), so these figures are the same on every machine. *Local
stack*: a call of a table takes 1.7 ms, an invocation or a report 3 ms, the stream 5 ms. *AWS*: 5 ms, 16 ms and 213 ms,
the medians that others have measured, an index that is behind by up to 20 ms, four shards of the stream. Each duration
is drawn between a half and one and a half of that.

{TASKS:,} tasks of 50 to 500 ms: *used* is the share of the allowed slots that hold an attempt, from its claim to its
end in the table, while there is something to start; *at work* is the share in which the Worker's code runs. The aim is
95 % used; it is held on the local stack for a limit of 5. With 50, ends come so fast that Orchestrators meet at the
rows, and on AWS the stream alone takes as long as such a task: there it takes tasks of some seconds. *60 tasks* of one
second under a limit of 5: 12 s would be ideal. *Delays* are those of
single tasks with a free slot, submitted one every 1.7 s: from the creation to the begin of the Worker's code."""


def simulation(options: Options) -> Section:
    """Each profile, each limit."""
    rows: list[list[str | float]] = []
    budgets: list[Budget] = []
    for name, profile in PROFILES.items():
        options.say(f"Simulating: {name}")
        used = [short_tasks(profile, limit) for limit in LIMITS]
        sixty, single = sixty_tasks(profile), single_tasks(profile)
        median, late = (single.start_delay(percent).total_seconds() for percent in (50, 99))
        shares: list[str | float] = [_percent(figures.utilisation("w")) for figures in used]
        work: list[str | float] = [_percent(figures.at_work("w")) for figures in used]
        seconds = _seconds(sixty)
        rows.append([name, shares[0], work[0], shares[1], work[1], seconds, median, late])
        over = max(figures.overshoot for figures in (*used, sixty, single))
        budgets.append(Budget(name=f"{name}: attempts above a limit", value=over, most=MOST_OVERSHOOT))
        if profile is LOCAL:
            share = 100 * used[0].utilisation("w")
            budgets += [
                Budget(name=f"{name}: used slots, limit {LIMITS[0]}, %", value=share, least=LEAST_USED),
                _promise(f"{name}: s for 60 tasks of 1 s, limit 5", seconds, MOST_SECONDS),
                _promise(f"{name}: start delay, median, s", median, MOST_MEDIAN),
                _promise(f"{name}: start delay, p99, s", late, MOST_DELAY),
            ]
    columns = ["profile", *(f"limit {limit}: {what}" for limit in LIMITS for what in ("used", "at work"))]
    columns += ["60 tasks, s", "delay p50, s", "delay p99, s"]
    return Section(key="simulation", title="Slots and delays", about=ABOUT, columns=columns, rows=rows, budgets=budgets)


def _promise(name: str, value: float, most: float) -> Budget:
    return Budget(name=name, value=value, most=most, is_promise=True)


def short_tasks(profile: Profile, limit: int) -> Figures:
    """All at once."""
    return _run(profile, limit, SHORT, [(timedelta(), TASKS)])


def sixty_tasks(profile: Profile) -> Figures:
    """Of one second each, under a limit of 5."""
    return _run(profile, 5, SECOND, [(timedelta(), 60)])


def single_tasks(profile: Profile) -> Figures:
    """One after the other, with free slots; no two at the same time of a minute rule."""
    return _run(profile, 5, SECOND, [(timedelta(seconds=1.7 * number), 1) for number in range(100)])


def _run(profile: Profile, limit: int, seconds: tuple[float, float], jobs: list[tuple[timedelta, int]]) -> Figures:
    settings: dict[str, Any] = {
        "task_config": {"labourers": {"w": {"max_simultaneous_invocations": limit}}},
        "job_schema_variants": {"default": {"chunkable_attrs": ["shop"]}},
    }
    simulation = Simulation(settings, seed=1, profile=profile, workers={"w": Workers(seconds=seconds)})
    for at, tasks in jobs:
        job = {"lambda_name": "w", "period": "yesterday", "isolate_shops": True, "shops": list(range(tasks))}
        simulation.submit(job, at=at)
    figures = simulation.run()
    simulation.close()
    return figures


def _seconds(figures: Figures) -> float:
    """From the first task's creation to the end of all."""
    if figures.ended_at is None:
        raise RuntimeError("the simulation did not come to rest")
    return (figures.ended_at - min(attempt.created_at for attempt in figures.attempts)).total_seconds()


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
