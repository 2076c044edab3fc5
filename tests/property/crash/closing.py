"""What comes of tasks besides being done: they wait for longer, die, are told of, counted anew, and archived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sosw.domain.dead_orders import DeadKind, DeadOrder
from sosw.domain.messages import cancel_event
from sosw.domain.task import JobId, TaskState, task_id
from tests.property.crash.outside import ON_DEAD
from tests.property.crash.story import TOLD, story, submit
from tests.property.crash.taps import Mode
from tests.property.crash.town import NAMES, Town
from tests.property.world import roles

STORIES = TOLD
SOON = timedelta(minutes=6)
"""After so long the archive looks at a job, and its totals are checked."""


@story(
    lambda number, _attempt: "raise" if number == 0 else "return",
    small={"sosw.archivist.READ_AT_ONCE": 2, "sosw.archivist.MOST_LINES": 1, "sosw.recounting.BATCH": 2},
)
def closed_tasks_are_counted_anew_and_archived(town: Town) -> None:
    """The totals of one job miss a batch."""
    town.wire.script("scavenger", "jobs", "count", Mode.THROTTLED)
    submit(town, "c")
    town.minute()
    town.minute(SOON)
    town.minute(SOON)


@story(lambda number, attempt: "put off" if (number, attempt) == (0, 1) else "return")
def a_job_is_archived_while_one_of_its_tasks_still_waits(town: Town) -> None:
    """For more than half of a retention."""
    submit(town, "b")
    for _ in range(3):
        town.minute(timedelta(hours=7))


@story(lambda _number, attempt: "give up" if attempt % 2 else "raise", labourer={"on_dead": ON_DEAD})
def the_dead_are_told_replayed_and_discarded(town: Town) -> None:
    """By orders of operators, one of which comes twice; a notice cannot be sent at first."""
    town.wire.script("scavenger", "notifier", "publish", Mode.THROTTLED)
    submit(town, "b")
    town.minute()
    for number, kind in enumerate((DeadKind.REPLAY, DeadKind.DISCARD)):
        order = dead_order(town, kind, "b", [number])
        town.send(NAMES.orchestrator, order)
        town.send(NAMES.orchestrator, order)
        town.run()
    town.minute()
    town.minute()


@story(lambda _number, _attempt: "give up")
def the_dead_of_a_job_are_replayed_while_it_is_cancelled(town: Town) -> None:
    """The one whose order this is hears late that they were moved."""
    submit(town, "b")
    town.minute()
    town.wire.script("orchestrator", "tasks", "apply_all", Mode.HEARS_LATE)
    town.send(NAMES.orchestrator, dead_order(town, DeadKind.REPLAY, "b", [0, 1]))
    town.send(NAMES.scheduler, cancel_event(JobId("b"), by="ann", why="not any more"))
    town.run()
    town.minute()


@story(lambda number, attempt: ("snooze", "partial, raise", "retry after", "heartbeat")[number] if attempt == 1 else
       "vanish" if (number, attempt) == (1, 2) else "partial")  # fmt: skip
def attempts_are_put_off_and_leave_partial_results(town: Town) -> None:
    """And one falls silent, so that what it left is all there is."""
    submit(town, "c")
    for _ in range(3):
        town.minute()


@story(
    lambda number, attempt: "foreign raise" if (number, attempt) == (0, 1) else "foreign" if number == 0 else "return",
    small={"sosw.vault.MAX_PAYLOAD_BYTES": 10, "sosw.vault.MAX_RESULT_BYTES": 10, "sosw.large.MAX_EVENT_BYTES": 300},
)
def large_values_go_through_the_bucket(town: Town) -> None:
    """What the jobs ask for, payloads and results; of one task, Lambda's own records tell."""
    town.questions[NAMES.scheduler] = 1
    submit(town, "b")
    town.minute()
    town.minute()


def dead_order(town: Town, kind: DeadKind, key: str, numbers: list[int]) -> dict[str, Any]:
    """Of those that are dead of these tasks."""
    found = town.stores.tasks.get_many(task_id(JobId(key), number) for number in numbers)
    dead = {task.id: task.version for task in found.values() if task.state is TaskState.DEAD}
    seen = dead or {task_id(JobId(key), number): 1 for number in numbers}
    told: dict[str, Any] = {"labourer": roles.LABOURER, "by": "ann", "why": "so", "of": f"{len(seen)} of {key}"}
    return DeadOrder(kind=kind, tasks=seen, **told).to_event()
