"""Whether a limit is ever exceeded."""

from __future__ import annotations

from bench.figures import Budget, Section
from bench.schedules import play_all
from bench.sections.options import Options

MANY = 10_000
ABOUT = f"""\
{MANY:,} random schedules of the real roles in simulated time (`sosw.testing.simulation`): 4 to 14 tasks under a limit
of 1 to 5, and with each wake 2 to 4 Orchestrators in each other's way. The index is behind by up to 5 s, calls crash
their caller (up to 1 %) or lose their replies (up to 4 %: the call took effect, did not, or does so up to 90 s later),
messages are lost or come twice (10 % each), Workers fail (15 %) or vanish (5 %). The overshoot is the largest number of
attempts that ever ran above the limit. A schedule is at rest when every job and task has come to its end."""


def schedules(options: Options) -> Section:
    """All seeds from 0."""
    options.say(f"Playing {MANY:,} schedules")
    told = list(play_all(MANY))
    overshoot = max(each.overshoot for each in told)
    stuck = sum(not each.is_over for each in told)
    tasks = sum(each.tasks for each in told)
    return Section(
        key="schedules",
        title="Random schedules",
        about=ABOUT,
        columns=["schedules", "tasks", "attempts above the limit, at most", "not at rest"],
        rows=[[f"{len(told):,}", tasks, overshoot, stuck]],
        budgets=[
            Budget(name="schedules", value=len(told), least=MANY),
            Budget(name="attempts above the limit", value=overshoot, most=0),
            Budget(name="schedules not at rest", value=stuck, most=0),
        ],
    )
