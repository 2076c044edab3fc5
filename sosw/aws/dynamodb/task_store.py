"""The tasks table as a `TaskStore`: every write is one conditional write on one item."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from sosw.aws.dynamodb.batches import chunks, each
from sosw.aws.dynamodb.errors import DUPLICATE_ITEM, ConditionFailed, TableFailed, outcome
from sosw.aws.dynamodb.models import QUEUE_INDEX, TASKS, Item, QueueIndex, TaskModel, fields_of, item_of, raw
from sosw.aws.dynamodb.store import TableStore
from sosw.aws.dynamodb.table import BATCH_KEYS, BATCH_STATEMENTS, Statement
from sosw.aws.dynamodb.transitions import actions, condition, insert_statement, update_statement
from sosw.domain.errors import StaleTask
from sosw.domain.ranks import Place
from sosw.domain.task import Task, TaskId
from sosw.ports import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sosw.domain.lifecycle import Transition

log = logging.getLogger(__name__)


class DynamoTaskStore(TableStore):
    """A `TaskStore`. Moments are kept to the millisecond, `expires_at` to the second.

    botocore repeats a call whose reply was lost. A repeated transition meets its own work and looks stale, a repeated
    creation looks like a duplicate: whoever must know reads the task.
    """

    schema = TASKS

    def create(self, tasks: Sequence[Task]) -> int:
        """See `TaskStore.create`. Two write units a task of up to 1 KB; waits while the table is busy.

        The answer may be too low: what a call wrote before its reply was lost is found there by the repeated one.
        Raises `TableFailed` when it stays busy; some of the tasks may be written then, and all may be offered again.
        """
        new: dict[TaskId, Task] = {}
        for task in tasks:
            new.setdefault(task.id, task)
        statements = [insert_statement(self._table.name, item_of(TaskModel, task)) for task in new.values()]
        return sum(each(self._insert, chunks(statements, BATCH_STATEMENTS)))

    def get(self, task_id: TaskId) -> Task | None:
        """See `TaskStore.get`."""
        item = self._table.get(task_id)
        return _task(item) if item else None

    def get_many(self, task_ids: Iterable[TaskId], *, is_consistent: bool = True) -> dict[TaskId, Task]:
        """See `TaskStore.get_many`. A read unit, or half of one, for each started 4 KB of a task; so do absent ones."""
        keys = [{"id": raw(TaskModel.id, task_id)} for task_id in dict.fromkeys(task_ids)]

        def read(chunk: Sequence[Item]) -> list[Item]:
            return self._read(chunk, is_consistent=is_consistent)

        found = [_task(item) for items in each(read, chunks(keys, BATCH_KEYS)) for item in items]
        return {task.id: task for task in found}

    def places(self, queue: str, start: int, limit: int) -> list[Place]:
        """See `TaskStore.places`. The index follows the table within milliseconds, as a rule. One call for each MB."""
        behind = QueueIndex.rank >= start
        items = self._table.query(queue, index_name=QUEUE_INDEX, range_key_condition=behind, limit=limit)
        return [Place(int(item["rank"]["N"]), TaskId(item["id"]["S"])) for item in items]

    def apply(self, transition: Transition) -> Task:
        """See `TaskStore.apply`. One write unit, two when the task enters or leaves a line."""
        key = {"id": raw(TaskModel.id, transition.task_id)}
        try:
            return _task(self._table.update(key, actions(transition), condition(transition)))
        except ConditionFailed as refused:
            found = _task(refused.item) if refused.item else None
            raise StaleTask(transition.task_id, transition.move, found) from None

    def apply_all(self, transitions: Sequence[Transition]) -> list[Outcome]:
        """See `TaskStore.apply_all`. Never raises for an error of AWS: what it leaves open is `UNCERTAIN`.

        Transitions of the same task are applied one after the other, in their order.
        """
        outcomes = [Outcome.UNCERTAIN] * len(transitions)
        for numbers in _rounds(transitions):
            batches = chunks(numbers, BATCH_STATEMENTS)
            answers = each(self._try, [[transitions[number] for number in batch] for batch in batches])
            for batch, answer in zip(batches, answers, strict=True):
                for number, came_out in zip(batch, answer, strict=True):
                    outcomes[number] = came_out
        return outcomes

    def _insert(self, statements: Sequence[Statement]) -> int:
        """How many of up to 25 were new; what was refused in passing is tried again."""
        created = 0
        failed: TableFailed | None = None
        for _ in self._backoff.rounds():
            new, statements, failed = self._insert_once(statements)
            created += new
            if failed is None:
                return created
            if not failed.is_passing:
                break
        assert failed is not None  # noqa: S101  (there is at least one round)
        raise failed

    def _insert_once(self, statements: Sequence[Statement]) -> tuple[int, Sequence[Statement], TableFailed | None]:
        """How many were new, which are to be tried again, and why."""
        try:
            refusals = self._table.execute(statements)
        except TableFailed as failed:
            return 0, statements, failed
        refused = [(s, r) for s, r in zip(statements, refusals, strict=True) if r and r.code != DUPLICATE_ITEM]
        worst = min((refusal for _, refusal in refused), key=lambda refusal: refusal.is_passing, default=None)
        return refusals.count(None), [statement for statement, _ in refused], worst

    def _try(self, transitions: Sequence[Transition]) -> list[Outcome]:
        """Of up to 25; what was throttled by itself certainly did not happen, and is tried again."""
        outcomes = [Outcome.UNCERTAIN] * len(transitions)
        open_ = list(range(len(transitions)))
        for _ in self._backoff.rounds():
            refusals = self._try_once([transitions[number] for number in open_])
            for number, refusal in zip(open_, refusals, strict=True):
                outcomes[number] = outcome(refusal)
            throttled = [n for n, refusal in zip(open_, refusals, strict=True) if refusal and refusal.is_throttled]
            if not throttled:
                break
            open_ = throttled
        return outcomes

    def _try_once(self, transitions: Sequence[Transition]) -> Sequence[TableFailed | None]:
        statements = [update_statement(self._table.name, transition) for transition in transitions]
        refusals: Sequence[TableFailed | None]
        try:
            refusals = self._table.execute(statements)
        except TableFailed as failed:
            failed.is_throttled = False  # of the whole call, after botocore's own tries: nobody knows
            refusals = [failed] * len(statements)
        for reason in sorted({str(why) for why in refusals if outcome(why) is Outcome.UNCERTAIN}):
            log.warning("transitions.uncertain", extra={"why": reason})
        return refusals


def _task(item: Item) -> Task:
    return Task(**fields_of(TaskModel, item))


def _rounds(transitions: Sequence[Transition]) -> list[list[int]]:
    """The positions of the transitions, so that no round has two of the same task."""
    rounds: defaultdict[int, list[int]] = defaultdict(list)
    seen: defaultdict[TaskId, int] = defaultdict(int)
    for number, transition in enumerate(transitions):
        rounds[seen[transition.task_id]].append(number)
        seen[transition.task_id] += 1
    return list(rounds.values())
