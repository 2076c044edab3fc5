"""Invariant 8: what the user put in comes out as it was, types, key names and key order included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sosw.aws.dynamodb.models import TASKS, TaskModel, item_of
from sosw.domain import jsontext, lifecycle
from sosw.domain.task import Failure, Task
from sosw.ports import Outcome
from tests.contract.backends import DynamoWorld, World
from tests.contract.moves import NOW, POLICY, RETENTION, brought, claim

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # what UTF-8 can carry
NUMBERS = st.integers() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ODD: list[Any] = [
    {"S": "a string?"},
    {"N": "1"},
    {"N": 1},
    {"NULL": True},
    {"M": {"S": "x"}},
    {"L": []},
    {"BOOL": False},
    {"": "", " ": [], "a.b": {}, "x'y\"z": [[]], "#n :v ?": [{}], "ключ": "значение", "\u0000": "\u0000"},
    {"b": 1, "a": 2, "c": {"z": 1, "y": 2}},
    ["00123", "true", "null", "1e5", "", 0, -0.0, 1e-300, 1.7976931348623157e308, 2**63, -(10**37), 0.1 + 0.2],
    "",
    0,
    False,
    [],
    {},
    "00123",
]


def _same(a: Any, b: Any) -> bool:
    """By text: 1 is not 1.0, nor True, and the order of keys counts."""
    return jsontext.dump(a) == jsontext.dump(b)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.dictionaries(TEXTS, VALUES, max_size=5), result=VALUES, stats=st.none() | VALUES)
@example(payload={"all": ODD}, result=ODD, stats={"odd": ODD})
def test_payload_result_and_stats_come_out_as_they_went_in(world: World, payload: Any, result: Any, stats: Any) -> None:
    task = world.new_task(payload=payload)
    brought(world.tasks, task, "running")
    done = world.tasks.apply(_complete(task, result, stats))
    assert _same([done.payload, done.result, done.stats], [payload, result, stats])
    assert world.tasks.get(task.id) == done


@pytest.mark.parametrize("result", ODD, ids=repr)
def test_a_result_is_never_taken_for_a_form_of_the_tables_own(world: World, result: Any) -> None:
    alone, batched = (brought(world.tasks, world.new_task(payload={"r": result}), "running") for _ in range(2))
    done = world.tasks.apply(_complete(alone, result, result))
    assert _same([done.payload, done.result, done.stats], [{"r": result}, result, result])
    assert world.tasks.apply_all([_complete(batched, result, result)]) == [Outcome.APPLIED]
    stored = world.tasks.get(batched.id)
    assert stored is not None
    assert _same([stored.payload, stored.result, stored.stats], [{"r": result}, result, result])


@pytest.mark.parametrize("damaged", ["{'n': 1}", "", "[" * 100_000, "NaN,"], ids=["python", "empty", "deep", "text"])
def test_a_damaged_row_is_read_along_with_others_moved_and_closed(dynamo_world: DynamoWorld, damaged: str) -> None:
    world = dynamo_world
    broken, whole = world.new_tasks(2, tag=1)
    item = {**item_of(TaskModel, broken), "payload": {"S": damaged}}
    world.database.table(TASKS, world.prefix).put(item, TaskModel.id.does_not_exist())
    world.tasks.create([whole])
    found = world.tasks.get_many(world.due())
    assert {task.id: task.payload for task in found.values()} == {broken.id: damaged, whole.id: {"n": 1}}
    assert world.tasks.apply_all([claim(task) for task in found.values()]) == [Outcome.APPLIED] * 2
    running = world.tasks.get(broken.id)
    assert running is not None
    buried: Any = world.tasks.apply(_fail(running, Failure(attempt=1, at=NOW, error="PayloadUnreadable")))
    assert buried.payload == damaged


def test_no_result_is_none(world: World) -> None:
    task = brought(world.tasks, world.new_task(), "running")
    done = world.tasks.apply(_complete(task, None, None))
    assert (done.result, done.stats) == (None, None)
    assert world.tasks.get(task.id) == done


def test_failures_are_kept_in_order_with_their_words(world: World) -> None:
    task = brought(world.tasks, world.new_task(), "running")
    failures = [Failure(attempt=n, at=NOW, error="Ошибка", message=f'"{n}"\n\u0000 😀') for n in (1, 2)]
    task = world.tasks.apply(_fail(task, failures[0]))
    task = world.tasks.apply(lifecycle.claim(task, row=0, now=NOW, lease=RETENTION))
    assert world.tasks.apply(_fail(task, failures[1])).failures == tuple(failures)


def _complete(task: Task, result: Any, stats: Any) -> lifecycle.Transition:
    return lifecycle.complete(task.id, attempt=1, now=NOW, retention=RETENTION, result=result, stats=stats)


def _fail(task: Task, failure: Failure) -> lifecycle.Transition:
    return lifecycle.fail(task, failure, policy=POLICY, retention=RETENTION, jitter=0)
