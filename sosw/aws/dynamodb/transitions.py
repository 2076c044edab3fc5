"""A transition as DynamoDB can apply it: as PynamoDB's update, and as a statement of PartiQL for batches.

Both say the same: what `Transition` expects is the condition, its changes are set (None: removed), `version` rises by
one. There is no branch for any move. Names are always quoted or aliased: `state` is a reserved word, and others may
become so.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from pynamodb.expressions.operand import Path

from sosw.aws.dynamodb.models import Item, TaskModel, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

    from sosw.aws.dynamodb.table import Statement
    from sosw.domain.lifecycle import Transition


def actions(transition: Transition) -> list[Action]:
    """What changes."""
    attributes = TaskModel.get_attributes()
    version = TaskModel.version
    changes = [
        Path(attributes[name]).remove() if value is None else Path(attributes[name]).set(raw(attributes[name], value))
        for name, value in transition.changes.items()
    ]
    return [version.set(version + 1), *changes]


def condition(transition: Transition) -> Condition:
    """What must hold."""
    states = Path(TaskModel.state).is_in(*(raw(TaskModel.state, state) for state in transition.states))
    return reduce(and_, [states, *_fences(transition)])


def _fences(transition: Transition) -> Iterator[Condition]:
    if transition.version is not None:
        yield TaskModel.version == transition.version
    if transition.attempt is not None:
        yield TaskModel.attempt == transition.attempt
    if transition.lease_over is not None:
        yield TaskModel.greenfield <= raw(TaskModel.greenfield, transition.lease_over)


def update_statement(table: str, transition: Transition) -> Statement:
    """`actions` and `condition` in PartiQL."""
    attributes = TaskModel.get_attributes()
    clauses, values = ['SET "version"="version"+1'], list[dict[str, Any]]()
    for name, value in transition.changes.items():
        if value is None:
            clauses.append(f'REMOVE "{name}"')
        else:
            clauses.append(f'SET "{name}"=?')
            values.append(raw(attributes[name], value))
    terms, wanted = zip(*_terms(transition), strict=True)
    text = f'UPDATE "{table}" {" ".join(clauses)} WHERE {" AND ".join(terms)}'
    return {"Statement": text, "Parameters": [*values, *(value for group in wanted for value in group)]}


def _terms(transition: Transition) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Terms of the WHERE clause with the values of their placeholders."""
    yield '"id"=?', [raw(TaskModel.id, transition.task_id)]
    states = [raw(TaskModel.state, state) for state in transition.states]
    placeholders = ", ".join("?" * len(states))
    yield f'"state" IN [{placeholders}]', states
    if transition.version is not None:
        yield '"version"=?', [raw(TaskModel.version, transition.version)]
    if transition.attempt is not None:
        yield '"attempt"=?', [raw(TaskModel.attempt, transition.attempt)]
    if transition.lease_over is not None:
        yield '"greenfield"<=?', [raw(TaskModel.greenfield, transition.lease_over)]


def insert_statement(table: str, item: Item) -> Statement:
    """Writes `item` if its key is not there yet. Values are parameters: the statement may have 8,192 characters."""
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {"Statement": f'INSERT INTO "{table}" VALUE {{{fields}}}', "Parameters": list(item.values())}
