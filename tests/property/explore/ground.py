"""What calls make of the tables: worked out by the real stores in memory, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sosw.domain.errors import SoswError
from sosw.domain.slots import SlotRow
from sosw.domain.task import Task
from sosw.ports import Limit
from tests.property.explore.tale import Interned
from tests.property.world import witness
from tests.property.world.effects import READS, STALE, Effects
from tests.property.world.stepping import Call

Numbers = tuple[int, ...]

OF_ONE_TASK = frozenset({"get", "get_lagging", "apply", "apply_one"})
OF_ROWS = frozenset({"next_row", "write"})
OF_TASKS = frozenset({"places"})
OF_NOTHING = frozenset({"limit", "left", "remind", "start"})
"""Calls by what they look at or change; of one that is not here, all counts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the tables after it, and the answer."""

    tasks: Numbers
    rows: Numbers
    answer: int
    started: tuple[tuple[int, int], ...] = ()
    """Workers that were invoked: numbers of the tasks and of the attempts."""


class Ground:
    """The tables as numbers of tasks and of rows: `tasks[n]` is that of task n, 0 where a row was never written."""

    def __init__(self, limit: int) -> None:
        self.things, self.answers = Interned(), Interned()
        self.things.of(None)
        self.limit = Limit(limit, version=1)
        self._known: dict[Any, Outcome] = {}

    def keep(self, thing: Task | SlotRow) -> int:
        return self.things.number(repr(thing), thing)

    def perform(self, asked: int, call: Call, tasks: Numbers, rows: Numbers) -> Outcome:
        """The same call on the same tables is made once."""
        at = number_of(_task_id(call)) if call.name in OF_ONE_TASK else 0
        if call.name in OF_ONE_TASK:
            tasks, rest = tasks[at : at + 1], (tasks[:at], tasks[at + 1 :])
            found = self._made(asked, call, tasks, ())
            return Outcome((*rest[0], *found.tasks, *rest[1]), rows, found.answer)
        if call.name in OF_ROWS:
            found = self._made(asked, call, (), rows)
            return Outcome(tasks, found.rows, found.answer)
        if call.name in OF_TASKS or call.name in OF_NOTHING:
            found = self._made(asked, call, tasks if call.name in OF_TASKS else (), ())
            return Outcome(tasks, rows, found.answer, found.started)
        return self._made(asked, call, tasks, rows)

    def _made(self, asked: int, call: Call, tasks: Numbers, rows: Numbers) -> Outcome:
        key = (asked, tasks, rows)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._make(lambda effects: effects.perform(call, 0), tasks, rows)
        return known

    def do(self, key: Any, work: Callable[[Effects], Any], tasks: Numbers, rows: Numbers) -> Outcome:
        """What happens at once, whoever does it: told from other work by `key`."""
        known = self._known.get((key, tasks, rows))
        if known is None:
            known = self._known[key, tasks, rows] = self._make(work, tasks, rows)
        return known

    def _make(self, work: Callable[[Effects], Any], tasks: Numbers, rows: Numbers) -> Outcome:
        effects = self._loaded(tasks, rows)
        before = {row.number: row for row in map(self._thing, rows) if row}
        answer: Any
        try:
            answer = work(effects)
        except STALE as stale:
            answer = stale
        now = {row.number: row for (_, _), row in effects.slots._rows.items()}
        for number, row in now.items():
            if row != before.get(number):
                witness.look_at_row(before.get(number), row)
        kept = tuple(self.keep(task) for task in effects.tasks.tasks.values())
        return Outcome(kept, self._kept_rows(rows, now), self._answer(answer), _attempts(effects.started))

    def _kept_rows(self, before: Numbers, now: dict[int, SlotRow]) -> Numbers:
        count = max([len(before), *(number + 1 for number in now)])
        return tuple(self.keep(now[number]) if number in now else 0 for number in range(count))

    def _loaded(self, tasks: Numbers, rows: Numbers) -> Effects:
        effects = Effects(lambda call, before: witness.look_at_tasks(before, effects.tasks.tasks, call))
        effects.limits.append(self.limit)
        effects.tasks.tasks = {task.id: task for task in map(self._thing, tasks)}
        effects._past.append(effects.tasks.tasks)
        for row in filter(None, map(self._thing, rows)):
            effects.slots._rows[row.labourer, row.number] = row
        return effects

    def _thing(self, number: int) -> Any:
        return self.things.things[number]

    def _answer(self, answer: Any) -> int:
        is_error = isinstance(answer, SoswError)
        key = (type(answer).__name__, repr(vars(answer)) if is_error else repr(answer))
        return self.answers.number(key, answer)


def _attempts(started: list[tuple[str, dict[str, Any]]]) -> tuple[tuple[int, int], ...]:
    """Of Workers: wakes are left out, for an Orchestrator may begin at any moment."""
    return tuple((number_of(e["task_id"]), e["sosw"]["attempt"]) for _, e in started if "task_id" in e)


def number_of(task_id: str) -> int:
    """Of a task in its job."""
    return int(task_id.split("#")[1])


def is_read(call: Call) -> bool:
    """Whether it changes nothing."""
    return call.name in READS


def _task_id(call: Call) -> str:
    (what,) = call.args
    return str(getattr(what, "task_id", what))
