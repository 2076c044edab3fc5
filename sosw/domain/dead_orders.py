"""Orders about dead tasks: try them anew, or look at them no more.

    {"sosw": {"replay": [["job#3", 7], …], "by": "ann", "why": "the database is back", "of": "250 of error Timeout*"}}
    {"sosw": {"discard": [["job#3", 7], …], "by": "ann", "why": "the shop was closed", "of": "job#3"}}

Each task stands with the version at which it was seen dead: ordered twice, it is moved once. An order of many is cut
into parts; `part` counts them from 0, and the first one has a line in the log of the labourers that it is about. One
with `done`, and no tasks, adds a line that tells how many were moved in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvalidInput, Problem, did_you_mean
from sosw.domain.jsontext import words
from sosw.domain.orders import MAX_CHARS
from sosw.domain.task import LabourerName, Task, TaskId, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_TASKS = 100
"""Of one part."""
_PARTS = ("labourer", "by", "why", "of", "part", "done")


class DeadKind(str, Enum):
    """What can be ordered of dead tasks."""

    REPLAY = "replay"
    DISCARD = "discard"

    @property
    def past(self) -> str:
        """`replayed`, `discarded`."""
        return f"{self.value}ed"


class Fate(str, Enum):
    """What became of a task that an order is about."""

    MOVED = "moved"
    """It was dead, and is not any more."""
    ALREADY = "already"
    """It was not dead any more, or dead anew: somebody else was faster, or this order was given before."""
    GONE = "gone"
    """It has left the table, after its retention."""
    JOB_CANCELLED = "job_cancelled"
    """Its job was cancelled: it is not replayed."""
    UNREGISTERED = "unregistered"
    """Its labourer is not registered, or its settings are wrong: replayed, it would wait for ever."""
    UNSURE = "unsure"
    """The table was too busy: it may have been moved. Order it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadOrder:
    """What an operator wants of dead tasks of one labourer."""

    kind: DeadKind
    labourer: LabourerName
    tasks: Mapping[TaskId, int] = field(default_factory=dict)
    """At most 100, each with the version at which it was seen dead."""
    by: str
    why: str
    of: str
    """How many by which selection the whole order is about, in words."""
    part: int = 0
    done: int | None = None
    """Of the last part: how many were moved by all."""

    @property
    def ruling(self) -> str:
        """What is kept with each task."""
        return f"{self.kind.past} by {self.by}: {self.why}"

    def line(self) -> dict[str, Any]:
        """For the log of the labourer."""
        done = {} if self.done is None else {"done": self.done}
        return {"order": self.kind.value, "of": self.of, **done, "by": self.by, "why": self.why}

    def to_event(self) -> dict[str, Any]:
        """As the Orchestrator is invoked with."""
        done = {} if self.done is None else {"done": self.done}
        tasks = [[task, version] for task, version in self.tasks.items()]
        told = {"labourer": self.labourer, "by": self.by, "why": self.why, "of": self.of, "part": self.part, **done}
        return {"sosw": {self.kind.value: tasks, **told}}

    @classmethod
    def from_event(cls, event: Any) -> DeadOrder | None:
        """None for what is no order about dead tasks; raises `InvalidInput` with all that is wrong with one."""
        given = event.get("sosw") if isinstance(event, dict) else None
        kinds = [kind for kind in DeadKind if kind.value in given] if isinstance(given, dict) else []
        if not isinstance(given, dict) or not kinds:
            return None
        kind = kinds[0]
        if problems := [*_problems(kind, given)]:
            raise InvalidInput(problems)
        kept: dict[str, Any] = {
            name: words(given[name]) if isinstance(given[name], str) else given[name]
            for name in _PARTS
            if name in given
        }
        return cls(kind=kind, tasks={TaskId(task): version for task, version in given[kind.value]}, **kept)


def discarded_by(task: Task) -> str | None:
    """Who discarded a task that is cancelled, when it was not its job that was, and why: its ruling."""
    is_discarded = task.state is TaskState.CANCELLED and (task.ruling or "").startswith(DeadKind.DISCARD.past)
    return task.ruling if is_discarded else None


def line_said(what: Mapping[str, Any]) -> str:
    """A line of a log about dead tasks, for people."""
    kind, done = DeadKind(what["order"]), what.get("done")
    begun = f"{kind.value} of dead tasks ordered: {what.get('of')}"
    did = begun if done is None else f"{done:,} dead tasks {kind.past} of {what.get('of')}"
    return f"{did}, by {what.get('by')}: {what.get('why')}"


def _problems(kind: DeadKind, given: Mapping[str, Any]) -> Iterator[Problem]:
    parts = (kind.value, *_PARTS)
    for key, value in given.items():
        if key not in parts:
            yield Problem(f"sosw.{key}", value, f"is not part of the order to {kind.value}", did_you_mean(key, parts))
    tasks, is_end = given[kind.value], given.get("done") is not None
    most = 0 if is_end else MAX_TASKS
    if not isinstance(tasks, list) or not min(1, most) <= len(tasks) <= most or not all(map(_is_task, tasks)):
        rule = f"must be a list of 1 to {MAX_TASKS} pairs of a task's id and version, none with done"
        yield Problem(f"sosw.{kind.value}", tasks, rule)
    for key in ("labourer", "by", "why", "of"):
        value = given.get(key)
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_CHARS:
            yield Problem(f"sosw.{key}", value, f"must be a text of 1 to {MAX_CHARS} characters")
    for key in ("part", "done"):
        value = given.get(key, 0)
        if type(value) is not int or value < 0:
            yield Problem(f"sosw.{key}", value, "must be a whole number, 0 or more")


def _is_task(value: Any) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [str, int]
