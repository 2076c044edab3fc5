"""The tables of docs/explanation/lifecycle.md say what the code does."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest

from sosw.domain import lifecycle
from sosw.domain.lifecycle import Transition
from sosw.domain.report import HEARTBEAT, Report
from sosw.domain.retry import MAX_SNOOZES, RetryPolicy
from sosw.domain.task import Failure, Invocation, JobId, LabourerName, Task, TaskState, task_id
from tests.unit.docs import markdown as md

PAGE = md.page("docs/explanation/lifecycle.md")
MOVES = {row["move"].strip("`"): row for row in md.tables(PAGE, under="The moves")[0]}
SETS = {row["move"].replace("`", ""): set(md.codes(row["sets"])) for row in md.tables(PAGE, under="The moves")[1]}

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATER, DAY = NOW + timedelta(hours=1), timedelta(days=1)
TASK = Task(
    id=task_id(JobId("job"), 0),
    job_id=JobId("job"),
    labourer=LabourerName("worker"),
    payload={},
    created_at=NOW,
    greenfield=NOW,
    attempt=1,
)
FAILURE = Failure(attempt=1, at=NOW, error="ValueError")
LAMBDA = Invocation(request_id="r", log_stream="s", log_group="g")
TOLD = replace(TASK, progress=0.5, note="half", request_id="r", log_stream="s", log_group="g")
BEAT = Report(
    action=HEARTBEAT,
    task_id=TASK.id,
    progress=0.5,
    note="half",
    result=[1],
    request_id="r",
    log_stream="s",
    log_group="g",
)


def _ends(max_attempts: int, *, is_recalled: bool | None = None) -> dict[str, Transition]:
    policy, task = RetryPolicy(max_attempts=max_attempts), replace(TASK, is_recalled=is_recalled)
    return {
        "fail": lifecycle.fail(task, FAILURE, policy=policy, retention=DAY, jitter=0.5),
        "expire": lifecycle.expire(task, now=NOW, policy=policy, retention=DAY, jitter=0.5),
    }


def _snooze(task: Task) -> Transition:
    return lifecycle.snooze(task, attempt=1, now=NOW, delay=DAY, policy=RetryPolicy(), retention=DAY)


BUILT: dict[str, Transition] = {
    "claim": lifecycle.claim(TASK, row=0, now=NOW, lease=DAY),
    "claim, after an attempt that told something": lifecycle.claim(TOLD, row=0, now=NOW, lease=DAY),
    "heartbeat": lifecycle.heartbeat(TASK.id, attempt=1, lease_until=LATER),
    "heartbeat, with all that it may tell": lifecycle.heartbeat(TASK.id, attempt=1, lease_until=LATER, said=BEAT.said),
    "complete": lifecycle.complete(TASK.id, attempt=1, now=NOW, retention=DAY),
    "complete, from Lambda": lifecycle.complete(TASK.id, attempt=1, now=NOW, retention=DAY, invocation=LAMBDA),
    "fail, with a partial result": lifecycle.fail(
        TASK, FAILURE, policy=RetryPolicy(), retention=DAY, jitter=0.5, partial={"rows": 1}
    ),
    "snooze": _snooze(TASK),
    "snooze, given up": _snooze(replace(TASK, snoozes=MAX_SNOOZES)),
    "snooze, recalled": _snooze(replace(TASK, is_recalled=True)),
    "give_back": lifecycle.give_back(TASK, due=LATER),
    "fence": lifecycle.fence(TASK),
    "cancel": lifecycle.cancel(TASK.id, now=NOW, retention=DAY),
    "recall": lifecycle.recall(TASK),
    "replay": lifecycle.replay(TASK, now=NOW),
    "discard": lifecycle.discard(TASK, now=NOW, retention=DAY),
    **{f"{move}, retried": transition for move, transition in _ends(3).items()},
    **{f"{move}, given up": transition for move, transition in _ends(1).items()},
    **{f"{move}, recalled": transition for move, transition in _ends(3, is_recalled=True).items()},
}
"""Every transition that the code can build, in each of its forms."""


def test_the_page_has_every_move_of_the_code_and_no_other() -> None:
    annotated = {name: inspect.get_annotations(value).get("return") for name, value in vars(lifecycle).items()
                 if inspect.isfunction(value) and not name.startswith("_")}  # fmt: skip
    moves = {name for name, returned in annotated.items() if returned == "Transition"}
    assert set(MOVES) == moves | {"create"}
    assert {transition.move for transition in BUILT.values()} == moves


def test_create_puts_a_new_task_into_the_state_that_the_page_says() -> None:
    created = lifecycle.queued(replace(TASK, attempt=0))
    assert (MOVES["create"]["expects"], md.codes(MOVES["create"]["then"])) == ("no such id", [created.state.value])


@pytest.mark.parametrize("form", BUILT)
def test_the_page_says_what_a_move_expects(form: str) -> None:
    transition, said = BUILT[form], MOVES[BUILT[form].move]["expects"]
    assert set(md.codes(said)) == {state.value for state in transition.states}
    assert ("version = v" in said) == (transition.version is not None)
    assert ("attempt = n" in said) == (transition.attempt is not None)
    assert ("lease over" in said) == (transition.lease_over is not None)


@pytest.mark.parametrize("move", sorted({transition.move for transition in BUILT.values()}))
def test_the_page_says_where_a_move_leads(move: str) -> None:
    forms = [transition for transition in BUILT.values() if transition.move == move]
    led = {lifecycle.apply(t, replace(TASK, state=state)).state.value for t in forms for state in t.states}
    assert set(md.codes(MOVES[move]["then"])) == led


@pytest.mark.parametrize("form", BUILT)
def test_the_page_says_what_a_move_sets(form: str) -> None:
    assert SETS[form] == set(BUILT[form].changes)


def test_the_page_sets_out_no_form_that_the_code_does_not_have() -> None:
    assert set(SETS) == set(BUILT)


def test_the_drawing_has_every_state_and_every_move() -> None:
    drawing = ET.parse(PAGE.parent / "../images/lifecycle.svg")  # noqa: S314  (a file of our own)
    drawn = {word for text in drawing.iter("{http://www.w3.org/2000/svg}text") for word in str(text.text).split(", ")}
    assert {*(state.value for state in TaskState), *MOVES} <= drawn
