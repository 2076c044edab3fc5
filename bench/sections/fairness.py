"""A tenant floods a labourer's line."""

from __future__ import annotations

from bench.figures import Budget, Section, number
from bench.flood import Scenario, Waits, waits
from bench.sections.options import Options

MOST_RATIO = 2.0
ABOUT = """\
Nine tenants submit jobs of 20 to 120 tasks to one labourer: each submits one, waits until all of it has started,
thinks for 10 seconds on average, and submits the next. After a minute another tenant submits a job of 100,000 tasks.
The jobs are written by the real Scheduler, with a `fair_key` for each tenant, and the next tasks are found by the real
Line, over the stores in memory; a simulated server of 20 slots runs them for 1 to 3 s each, by a clock of its own: the
same figures on every machine. A wait is from the submission of a task's job to its start, of the nine tenants' tasks.
"By age" puts every task behind those that were there before, as a plain queue does.

A flood takes the turn of one tenant, so the busier the others are, the less they feel it. A tenant who is alone at work
shares with it half and half, and waits twice as long."""


def fairness(options: Options) -> Section:
    """With a flood, without, and with a smaller one where nothing is fair."""
    flood, small = Scenario().flood, Scenario().flood // 10
    options.say(f"Nine tenants work, then beside a flood of {number(flood)} tasks")
    alone, flooded = waits(flood=0), waits()
    by_age = waits(flood=small, is_fair=False)
    return Section(
        key="fairness",
        title="A flood of one tenant",
        about=ABOUT,
        columns=["the others' wait for a start", "tasks", "p50, s", "p95, s"],
        rows=[
            _row("no flood", alone),
            _row(f"a flood of {number(flood)} tasks", flooded),
            _row(f"a flood of {number(small)} tasks, by age", by_age),
        ],
        budgets=[
            Budget(name="p95 with the flood over p95 without", value=flooded.p95 / alone.p95, most=MOST_RATIO),
            Budget(
                name="tasks of the others that have started",
                value=len(flooded.seconds),
                least=len(alone.seconds),
                most=len(alone.seconds),
            ),
        ],
    )


def _row(name: str, waited: Waits) -> list[str | float]:
    return [name, len(waited.seconds), waited.p50, waited.p95]
