"""What happens in a town: together, the stories take every way that the roles can go."""

from __future__ import annotations

from typing import Any

from sosw.domain.dead_orders import DeadKind
from sosw.domain.messages import cancel_event
from sosw.domain.task import JobId
from tests.property.crash import closing
from tests.property.crash.story import a_job, story, submit
from tests.property.crash.taps import Mode
from tests.property.crash.town import NAMES, Town
from tests.property.world import roles, witness

BUDGET = {"target": 0.05, "band": 0.01, "ceiling": 4, "start": 4, "settle": 1}
STORIES = closing.STORIES
"""All of them: those here are added."""


@story(lambda number, attempt: "heartbeat" if number else "snooze" if attempt == 1 else "return")
def a_job_is_done(town: Town) -> None:
    """Delivered twice, too; one of its tasks is asked to come later."""
    town.send(NAMES.scheduler, a_job("c"))
    submit(town, "c")
    town.minute()


@story(lambda number, attempt: "raise" if number == 0 and attempt < 3 else "vanish" if attempt == 1 else "return")
def attempts_fail_and_a_dead_task_is_replayed(town: Town) -> None:
    """One fails until it is dead, the other falls silent once."""
    submit(town, "b")
    for _ in range(4):
        town.minute()
    town.send(NAMES.orchestrator, closing.dead_order(town, DeadKind.REPLAY, "b", [0]))
    town.run()
    town.minute()


@story(lambda _number, attempt: "raise" if attempt == 1 else "return", labourer={"max_simultaneous_invocations": 1})
def a_job_is_cancelled_while_it_runs(town: Town) -> None:
    """What waits is cancelled, what runs is recalled, and fails."""
    held = town.how
    town.how = lambda _number, _attempt: "vanish"
    submit(town, "c")
    town.how = held
    town.send(NAMES.scheduler, cancel_event(JobId("c"), by="ann", why="not any more"))
    town.run()
    town.minute()


@story()
def a_scheduler_hands_over(town: Town) -> None:
    """Its time ends after every batch, and the last of them is left to the sweep."""
    town.questions[NAMES.scheduler] = 1
    town.wire.script("scheduler", "invoker", "start", Mode.THROTTLED)
    submit(town, "c")
    town.minute()
    town.minute()


@story()
def an_orchestrator_dies_between_naming_and_claiming(town: Town) -> None:
    """The sweep fences what it has named."""
    town.wire.script("orchestrator", "tasks", "apply_all", Mode.DIES_BEFORE)
    submit(town, "b")
    town.minute()


@story(lambda number, attempt: "raise" if number == 0 else "vanish" if attempt == 1 else "return")
def the_stream_delivers_nothing(town: Town) -> None:
    """Nor does a wake arrive: the minute rules alone bring everything on."""
    town.is_silent = True
    town.wire.script("orchestrator", "tasks", "apply_all", Mode.DIES_BEFORE)
    submit(town, "b")
    for _ in range(3):
        town.minute()
    for _ in range(2):
        town.minute(closing.SOON)


@story()
def a_claim_is_not_answered(town: Town) -> None:
    town.wire.script("orchestrator", "tasks", "apply_all", Mode.LOST)
    submit(town, "b")
    town.wire.script("orchestrator", "tasks", "apply_all", Mode.THROTTLED)
    submit(town, "a")
    town.minute()


@story()
def an_invocation_is_refused(town: Town) -> None:
    """And given back."""
    submit(town, "a")
    town.inbox.clear()
    town.wire.script("orchestrator", "invoker", "start", Mode.THROTTLED)
    submit(town, "b")
    town.minute()


@story(
    labourer={"draws": {"db": 1}, "max_simultaneous_invocations": 4},
    more={"resources": {"db": BUDGET}},
)
def operators_limit_and_pause_while_budgets_regulate(town: Town) -> None:
    for order in (
        {"limit": f"labourer/{roles.LABOURER}", "to": 1}, {"pause": "everything"}, {"resume": "everything"},
        {"limit": f"labourer/{roles.LABOURER}", "to": None},
    ):  # fmt: skip
        town.send(NAMES.orchestrator, {"sosw": {**order, "by": "ann", "why": "so"}})
        town.run()
        submit(town, "b")
    town.minute()


@story()
def jobs_read_their_sources(town: Town) -> None:
    """One cannot be read at first; the other changes while it is read, and fails."""
    town.sources.stored["s3://bucket/shops.jsonl"] = b"".join(b"%d\n" % n for n in range(witness.JOBS["c"]))
    town.sources.stored |= {f"s3://bucket/files/{n}": b"" for n in range(witness.JOBS["b"])}
    town.wire.script("scheduler", "sources", "lines", None, Mode.THROTTLED)
    town.send(NAMES.scheduler, _reading("c", "s3://bucket/shops.jsonl"))
    town.run()
    town.questions[NAMES.scheduler] = 0
    town.wire.script("scheduler", "invoker", "start", Mode.THROTTLED)
    town.send(NAMES.scheduler, _reading("b", "s3://bucket/files/"))
    town.run()
    town.sources.stored["s3://bucket/files/new"] = b""
    town.minute()
    town.minute()


def _reading(key: str, source: str) -> dict[str, Any]:
    return {"job": {"lambda_name": roles.LABOURER, "source": source}, "idempotency_key": key}


@story(
    labourer={
        "rate": {"per_second": 0.02, "burst": 1},
        "rate_per_key": {"per_second": 0.5, "burst": 1},
        "max_per_key": 1,
    },
)
def gates_let_in_by_rate_and_by_key(town: Town) -> None:
    job = a_job("c")
    job["job"]["concurrency_key"] = "all"
    town.send(NAMES.scheduler, job)
    town.run()
    town.minute()
