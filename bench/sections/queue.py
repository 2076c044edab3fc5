"""What a task costs beside a queue that waits: how that grows with the queue's length."""

from __future__ import annotations

from typing import Any

from bench import programs
from bench.charts import draw_queue
from bench.costs import Cost, whole
from bench.figures import Budget, Section, number
from bench.sections import servers
from bench.sections.options import Options

TASKS, LENGTHS = 20, (100, 1_000, 10_000, 50_000)
MOST_READS, STEEPEST = 1.5, 1.5
PICTURE = programs.ROOT / "docs" / "images" / "queue.svg"
ABOUT = f"""\
Beside a queue of one labourer that waits, {TASKS} tasks are created, {TASKS} are started and reported, and the stream
brings the news; so the queue keeps its length. Figures are those of one task, *ms* by the clock on the wall. The
archive is left out on both sides: it does not look at the queue. Our queue was written by our Scheduler; that of sosw
0.7.51 was put there as its Scheduler leaves it, which would itself take hours. sosw 0.7.51 reads its queue, up to 1 MB
a query, before it creates a task, and when it counts and starts some.

![What a task costs beside a queue](images/queue.svg)"""


def queue(options: Options) -> Section:
    """Each length, the shortest first."""
    options.say(f"{TASKS} tasks beside queues of {number(LENGTHS[0])} to {number(LENGTHS[-1])}")
    ours, theirs = (_costs(run("queue", TASKS, *LENGTHS)) for run in (servers.here, servers.peer))
    draw_queue(PICTURE, {"0.7.51": theirs, "sosw": ours})
    growth = ours[LENGTHS[-1]].read_units / ours[LENGTHS[0]].read_units
    return Section(
        key="queue",
        title="Beside a queue that waits",
        about=ABOUT,
        columns=["", *(f"{side}: {what}" for what in ("calls", "read units", "ms") for side in ("sosw", "0.7.51"))],
        rows=[_row(length, ours[length], theirs[length]) for length in LENGTHS],
        budgets=[
            Budget(
                name=f"read units a task beside a queue of {number(LENGTHS[-1])}",
                value=ours[LENGTHS[-1]].read_units,
                most=MOST_READS,
                peer=theirs[LENGTHS[-1]].read_units,
                is_promise=True,
            ),
            Budget(
                name=f"the same over that beside a queue of {number(LENGTHS[0])}: flat", value=growth, most=STEEPEST
            ),
        ],
    )


def _costs(told: dict[str, Any]) -> dict[int, Cost]:
    """By the length of the queue."""
    return {minute["waiting"]: whole(minute) for minute in told["minutes"]}


def _row(length: int, ours: Cost, theirs: Cost) -> list[str | float]:
    pairs = [(one.calls, one.read_units, 1000 * one.wall) for one in (ours, theirs)]
    return [f"{number(length)} waiting", *(value for both in zip(*pairs, strict=True) for value in both)]
