"""What became of a labourer's tasks since it was first used: numbers for people, never decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import blake2s
from typing import TYPE_CHECKING, Any

from sosw.domain.task import TaskState

if TYPE_CHECKING:
    from sosw.domain.job import Totals
    from sosw.domain.messages import Change

TOTALS = "totals"
"""The labourer's record that holds its tally."""
REMEMBERED = 8
"""So many of the last batches, and of the last corrections, are known again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counted from the stream, a moment late; the sweep adds what it finds missing in the totals of a job."""

    created: int = 0
    started: int = 0
    """Attempts, counted when they end."""
    done: int = 0
    failed: int = 0
    """Failed attempts."""
    retried: int = 0
    """Failed attempts after which the task waits for another."""
    dead: int = 0
    """Tasks that are dead, or were until they left the table."""
    replayed: int = 0
    """Dead tasks that an operator had tried anew; they are no longer among the dead."""
    cancelled: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})

    @property
    def open(self) -> int:
        """Tasks that wait or run, by these numbers."""
        return self.created - self.done - self.dead - self.cancelled

    def to_json(self) -> dict[str, int]:
        """All of them."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Tally:
        """Of `to_json`; keys of tomorrow are left out."""
        return cls(**{name: given[name] for name in _NAMES if name in given})


_NAMES = tuple(field.name for field in fields(Tally))


def told(change: Change) -> Tally:
    """What one write adds. A claim is not heard of, so an attempt is counted with its end."""
    totals, is_ended = change.totals, change.was is TaskState.RUNNING and change.is_over
    return Tally(
        created=totals.created,
        started=int(is_ended),
        done=totals.done,
        failed=totals.failed,
        retried=int(change.failed and change.state is TaskState.QUEUED),
        dead=totals.dead,
        replayed=int(change.was is TaskState.DEAD and change.state is TaskState.QUEUED),
        cancelled=totals.cancelled,
    )


def correction(drift: Totals) -> Tally:
    """What a drift found in the totals of one of its jobs adds.

    An attempt that was missed was started; one that failed was retried unless its task is dead.
    """
    return Tally(
        created=drift.created,
        started=drift.done + drift.failed,
        done=drift.done,
        failed=drift.failed,
        retried=drift.failed - drift.dead,
        dead=drift.dead,
        cancelled=drift.cancelled,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The record: the tally, and what was counted last, so that nothing is counted twice."""

    tally: Tally = Tally()
    batches: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()

    def knows(self, token: str) -> bool:
        """Whether that batch was counted already, as far back as is remembered."""
        return _mark(token) in self.batches

    def with_batch(self, added: Tally, token: str) -> Counted:
        """Itself where that batch was counted already."""
        if self.knows(token):
            return self
        batches = (*self.batches, _mark(token))[-REMEMBERED:]
        return Counted(tally=self.tally + added, batches=batches, corrections=self.corrections)

    def with_correction(self, added: Tally, token: str) -> Counted:
        """As `with_batch`; batches, which come often, do not make it forget corrections."""
        mark = _mark(token)
        if mark in self.corrections:
            return self
        corrections = (*self.corrections, mark)[-REMEMBERED:]
        return Counted(tally=self.tally + added, batches=self.batches, corrections=corrections)

    def to_json(self) -> dict[str, Any]:
        """The record's value: some 500 bytes, so that it is written within a unit."""
        return {"tally": self.tally.to_json(), "batches": list(self.batches), "corrections": list(self.corrections)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Counted:
        """Of a record's value; empty for one that was never written."""
        return cls(
            tally=Tally.from_json(given.get("tally", {})),
            batches=tuple(given.get("batches", ())),
            corrections=tuple(given.get("corrections", ())),
        )


def _mark(token: str) -> str:
    """Short: the names of batches are long, and a record of 1 KB is a write unit."""
    return blake2s(token.encode(), digest_size=6).hexdigest()
