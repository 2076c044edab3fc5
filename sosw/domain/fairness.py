"""Weighted fairness between the jobs of one priority: start-time fair queueing (Goyal, Vin, Cheng 1996).

Every ready task stands in its labourer's line by a virtual start tag. The tags of a job, or of all jobs of one fair
key, lie `QUANTUM / weight` apart, so keys that have work take turns, each as often as its weight says. A key that comes
anew, or comes back, begins at the *virtual time*: nobody is owed anything for the time that he did not ask, and nobody
pays for what he got while he was alone.

              tags: 0    100   200   300   400
    job of weight 1 ●     ●     ●     ●     ●
    job of weight 2 ●  ●  ●  ●  ●  ●  ●  ●  ●        (virtual time when it came: 0)
    a job that comes now        ●     ●     ●        (virtual time now: 200, the tag at the head of the line)

A job takes all of its tags at once, when the first of its tasks is written: the next job of its key begins behind them.
What must be remembered for that is a `Ledger` for each priority. It is small, and written once in a thousand tasks.
Fairness is best effort: a ledger that is lost or late makes some tasks start earlier or later than is fair, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sosw.domain.lifecycle import queued
from sosw.domain.moments import EPOCH, from_ms, to_ms
from sosw.domain.ranks import NUMBERS
from sosw.domain.task import JobId, Task

FAIR = "fair"
"""The record of a labourer that holds its ledgers, by priority."""
QUANTUM = 100
"""From one tag of a key of weight 1 to the next."""
MAX_WEIGHT = 100
SHORT = 1_000
"""A job of no more tasks is written in a moment."""
MAX_KEYS = 64
"""Keys of a priority that are remembered: those that have taken the most tags ahead."""
SETTLING = timedelta(seconds=5)
"""By then the index shows what was written."""
_A_MS = 4
"""Tasks of an appointed job that stand in one millisecond, for each of its weight: more than are started in one."""
_WORN = NUMBERS // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the tasks of a job stand in their labourer's line."""

    tag: int | None = 0
    """Of its task number 0; None where they wait for a moment."""
    weight: int = 1
    shards: int = 1
    """The line has so many parts to put them in."""

    def tag_of(self, number: int) -> int:
        """The tag of that task; that of the one behind the last is where the job's tags end."""
        return (self.tag or 0) + span(number, self.weight)

    def placed(self, task: Task, number: int, *, is_due: bool) -> Task:
        """The new task, put in its line.

        Those that wait for a moment stand by it, a little apart, so that jobs of the same moment take turns.
        """
        if is_due and self.tag is not None:
            return queued(task, tag=self.tag_of(number), shards=self.shards)
        return queued(task, shards=self.shards, behind=timedelta(milliseconds=number // (_A_MS * self.weight)))


def span(tasks: int, weight: int) -> int:
    """How far apart the tags of two tasks of one key are that have so many tasks from one to the other."""
    return tasks * QUANTUM // weight


class Taken(NamedTuple):
    """Tags that a key has taken ahead."""

    start: int
    finish: int
    """Where its next job begins."""
    job: JobId
    """The latest one, whose tags they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is remembered of one priority of a labourer's line."""

    keys: Mapping[str, Taken] = field(default_factory=dict)
    """Of the fair keys that jobs have named. A job without one is its own key, and needs no memory."""
    written: int = 0
    """The highest tag up to which tasks were written."""
    written_at: datetime = EPOCH
    before: int = 0
    """The highest tag up to which tasks had been written when that was noted."""

    def virtual_time(self, head: int | None, now: datetime) -> int:
        """Where somebody new begins. `head` is the lowest tag that waits.

        When nothing waits, all that was written has been served.
        """
        if head is not None:
            return head
        return self.written if now - self.written_at >= SETTLING else self.before

    def renewed(self, head: int | None) -> Ledger:
        """Tags begin at nought again when most of them are used and nothing waits."""
        return Ledger() if head is None and self.written > _WORN else self

    def noted(self, tag: int, now: datetime) -> Ledger:
        """Tasks were written up to that tag."""
        if tag <= self.written:
            return self
        if now - self.written_at < SETTLING:
            return replace(self, written=tag)
        return replace(self, written=tag, written_at=now, before=self.written)

    def start_of(self, key: str | None, job: JobId, virtual_time: int) -> int:
        """The tag at which a new job of that key begins; one that has taken its tags before keeps them."""
        taken = self.keys.get(key) if key else None
        if taken is None:
            return virtual_time
        return max(virtual_time, taken.start if taken.job == job else taken.finish)

    def took(self, key: str, taken: Taken, virtual_time: int) -> Ledger:
        """The job takes those tags. Keys that have nothing left ahead are forgotten."""
        known = self.keys.get(key)
        if known and known.job != taken.job and known.finish >= taken.finish:
            return self
        ahead = {name: other for name, other in self.keys.items() if other.finish > virtual_time}
        ahead[key] = taken
        kept = sorted(ahead.items(), key=lambda entry: entry[1].finish, reverse=True)[:MAX_KEYS]
        return replace(self, keys=dict(kept))

    def gave_back(self, job: JobId, finish: int = 0) -> Ledger:
        """The job does without its tags from `finish` on, or all: nothing more of it will start."""
        for key, taken in self.keys.items():
            if taken.job == job:
                left = taken._replace(finish=max(taken.start, min(taken.finish, finish)))
                return replace(self, keys={**self.keys, key: left})
        return self

    def to_json(self) -> dict[str, Any]:
        """As it is kept: `{"keys": {"tenant-a": [0, 1300, "job"]}, "written": [1200, <ms>, 900]}`."""
        written = [self.written, to_ms(self.written_at), self.before]
        return {"keys": {key: list(taken) for key, taken in self.keys.items()}, "written": written}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Ledger:
        """Of `to_json`; empty for one that was never written."""
        written, at, before = given.get("written", [0, 0, 0])
        keys = {key: Taken(*taken) for key, taken in given.get("keys", {}).items()}
        return cls(keys=keys, written=written, written_at=from_ms(at), before=before)


def ledgers(value: Mapping[str, Any], priority: int, ledger: Ledger) -> dict[str, Any]:
    """The record's value with the ledger of that priority in it."""
    return {**value, str(priority): ledger.to_json()}


def ledger_of(value: Mapping[str, Any], priority: int) -> Ledger:
    """The ledger of that priority in the record's value."""
    return Ledger.from_json(value.get(str(priority), {}))
