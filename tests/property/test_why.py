"""An explanation never contradicts the facts that it was made of, whatever they are."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sosw.domain.facts import LabourerFacts
from sosw.domain.records import ResourceName
from sosw.domain.resources import Resource
from sosw.domain.settings import Labourer
from sosw.domain.slots import Name, SlotRow
from sosw.domain.standing import Budget, Control, Health, Standing
from sosw.domain.task import Failure, TaskId, TaskState
from sosw.domain.why import Reason, why_labourer
from sosw.domain.why_task import why_task
from tests.factories import LABOURER, NOW, seconds
from tests.unit.domain.why_facts import task as task_facts

DATABASE = ResourceName("rds:orders")
RESOURCE = Resource(name=DATABASE, query=None, target=70, band=5, ceiling=90)
SMALL = st.integers(0, 5)
MOMENTS = st.integers(-100, 100).map(lambda count: NOW + seconds(count))


@st.composite
def controls(draw: st.DrawFn) -> Control:
    order: dict[str, Any] = {}
    if draw(st.booleans()):
        order |= {"paused_by": "ann", "paused_why": "x", "paused_at": NOW}
    if draw(st.booleans()):
        order |= {"limit": draw(SMALL), "limit_by": "bob", "limit_why": "y", "limit_at": NOW}
    return Control(**order)


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    shares = {LABOURER: draw(SMALL)} if draw(st.booleans()) else {}
    return Budget(
        control=draw(controls()),
        limit=draw(st.none() | st.floats(0, 9)),
        reading=draw(st.none() | st.floats(0, 100)),
        problem=draw(st.sampled_from(["", "no data"])),
        why=draw(st.sampled_from(["", "CPU 83 % > 75 %"])),
        shares=shares,
    )


@st.composite
def facts(draw: st.DrawFn) -> LabourerFacts:
    health = Health(status=draw(st.integers(0, 4)), since=NOW, why="CPU is at 60") if draw(st.booleans()) else None
    metrics: Any = (object(),) if health else ()
    drawn = {DATABASE: draw(budgets())} if draw(st.booleans()) else {}
    names = {TaskId(f"job#{number}"): Name(1, NOW) for number in draw(st.sets(SMALL))}
    settings = Labourer(
        name=LABOURER, arn="sales", max_simultaneous_invocations=draw(SMALL), health_metrics=metrics
    )  # fmt: skip
    return LabourerFacts(
        name=LABOURER,
        now=NOW,
        labourer=settings,
        known=["sales"],
        standing=Standing(control=draw(controls()), health=health),
        everything=draw(controls()),
        resources=draw(st.sampled_from([{}, {DATABASE: RESOURCE}])) if drawn else {},
        budgets=drawn,
        rows=[SlotRow(labourer=LABOURER, number=0, names=names)],
        due=[TaskId(f"job#{number}") for number in draw(st.lists(SMALL, unique=True))],
    )


def is_paused(of: LabourerFacts) -> bool:
    controls = [of.everything, of.standing.control, *(budget.control for budget in of.budgets.values())]
    return any(control.is_paused for control in controls)


@given(facts())
def test_a_labourer_is_told_as_its_facts_are(of: LabourerFacts) -> None:
    answer = why_labourer(of)
    assert of.labourer is not None
    limit, running = of.decision(of.labourer).limit, of.running
    expected = {
        Reason.PAUSED: is_paused(of),
        Reason.IDLE: not running and not of.due,
        Reason.RUNNING: bool(running) and not of.due,
        Reason.NO_LIMIT: limit == 0 and bool(of.due),
        Reason.FULL: running >= limit > 0 and bool(of.due),
        Reason.NEXT: running < limit and bool(of.due),
    }
    assert expected[answer.reason]
    assert (answer.reason is Reason.PAUSED) == is_paused(of)
    if told := re.match(r"(\d+) of (\d+) running", answer.headline):
        assert [int(number) for number in told.groups()] == [running, limit]
    for said in re.findall(r"\blimit (\d+) of (\d+) because", str(answer)):
        assert [int(number) for number in said] == [limit, of.labourer.max_simultaneous_invocations]


@given(facts(), st.sampled_from(TaskState), SMALL, MOMENTS, st.data())
def test_a_task_is_told_as_its_facts_are(
    of: LabourerFacts, state: TaskState, attempt: int, greenfield: Any, data: st.DataObject
) -> None:
    assume(state in {TaskState.QUEUED, TaskState.CANCELLED} or attempt)
    failed = data.draw(st.lists(st.integers(1, attempt), unique=True).map(sorted)) if attempt else []
    failures = tuple(Failure(attempt=number, at=NOW, error="ValueError") for number in failed)
    version = data.draw(st.integers(1, 2))
    given = task_facts(of, state=state, attempt=attempt, greenfield=greenfield, failures=failures, version=version)
    answer = why_task(given)

    if state is not TaskState.QUEUED:
        assert answer.headline.startswith(state.value)
        return
    name = of.rows[0].names.get(given.task.id)
    assert of.labourer is not None
    limit = of.decision(of.labourer).limit
    expected = {
        Reason.STARTING: name is not None and name.version == version,
        Reason.RETRY: greenfield > NOW and bool(attempt),
        Reason.NOT_DUE: greenfield > NOW,
        Reason.PAUSED: is_paused(of) and greenfield <= NOW,
        Reason.NO_LIMIT: limit == 0 and greenfield <= NOW,
        Reason.FULL: of.running >= limit > 0 and greenfield <= NOW,
        Reason.BEHIND: of.running < limit and greenfield <= NOW and len(of.due) > 1,
        Reason.NEXT: of.running < limit and greenfield <= NOW and not is_paused(of),
    }
    assert expected[answer.reason]
