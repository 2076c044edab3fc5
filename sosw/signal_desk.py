"""Takes the signals of Workers' reports, and lets the budgets of their resources react to them.

A warm container adds up what it hears of each resource and lets the budget react once a second at most. What it heard
last may stay with it until its next report comes: the slow loop, which measures by itself, needs none of it.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.controller import react
from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.records import ResourceName, of_resource
from sosw.domain.reported import read
from sosw.domain.signals import Signals
from sosw.domain.standing import Budget
from sosw.record_notes import note_budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.domain.records import Record
    from sosw.domain.resources import Resource
    from sosw.ports import Clock, RecordStore

    React = Callable[[Resource, Budget, Signals, datetime], Budget]
    """The budget after the signals that were heard of it, at that moment."""

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=1)
"""Between two reactions of a budget by this container."""
REST = timedelta(seconds=10)
"""After a call that failed: reports that come meanwhile need not wait for the next one to fail."""
KEPT = timedelta(seconds=30)
"""Signals that are older tell nothing of now."""
TRIES = 2
"""Of writing a record that others write too."""
MAX_UNDECLARED = 100
"""Names of resources that nobody declared, of which a container remembers that it has said so."""


@dataclass(slots=True)
class _Pile:
    """What was heard of a resource and not used yet."""

    signals: Signals
    since: datetime


class SignalDesk:
    """One for each warm container. `take` raises nothing: a report is worth more than its signals."""

    def __init__(self, *, records: RecordStore, clock: Clock, react: React = react) -> None:
        """`records` should be quick to give up: who reports waits for it."""
        self._records, self._clock, self._react = records, clock, react
        self._piles: dict[ResourceName, _Pile] = {}
        self._next: dict[ResourceName, datetime] = {}
        self._rests_until: datetime | None = None
        self._undeclared: set[ResourceName] = set()

    def take(self, given: Any, resources: Mapping[ResourceName, Resource]) -> Counter[str]:
        """Add what a report says in `signals`, and let the budgets react whose time it is; counts what became of it."""
        counts: Counter[str] = Counter()
        if given is None:
            return counts
        found, problems = read(given)
        for problem in problems:
            log.warning("signal.dropped", extra={"why": str(problem)})
        counts["signals_dropped"] = len(problems)
        now = self._clock.now()
        for name, signals in found.items():
            if name in resources:
                counts["signals"] += signals.count
                self._add(name, signals, now)
            else:
                counts["signals_undeclared"] += signals.count
                self._tell_undeclared(name)
        counts["budgets_changed"] = self._flush(resources, now)
        return +counts

    def _add(self, name: ResourceName, signals: Signals, now: datetime) -> None:
        pile = self._piles.setdefault(name, _Pile(Signals(), now))
        pile.signals += signals

    def _tell_undeclared(self, name: ResourceName) -> None:
        if name not in self._undeclared and len(self._undeclared) < MAX_UNDECLARED:
            self._undeclared.add(name)
            log.warning("resource.undeclared", extra={"resource": name, "why": "no budget reacts to its signals"})

    def _flush(self, resources: Mapping[ResourceName, Resource], now: datetime) -> int:
        """How many budgets changed by a whole number. After a call that failed, no other is made for a while."""
        if self._rests_until and now < self._rests_until:
            return 0
        try:
            due = [resources[name] for name in self._due(resources, now)]
            found = self._records.read([of_resource(resource.name) for resource in due]) if due else {}
            return sum(self._try(resource, found[of_resource(resource.name)], now) for resource in due)
        except Exception:
            # Whatever it is: the answer of the task is written, and who reports must not fail.
            log.exception("signals.failed")
            self._rests_until = now + REST
            return 0

    def _try(self, resource: Resource, record: Record, now: datetime) -> bool:
        try:
            return self._change(resource, record, now)
        except SoswError:
            raise
        except Exception:
            # A record that cannot be understood, say: it stops no other budget.
            log.exception("signals.failed", extra={"resource": resource.name})
            self._next[resource.name] = now + REST
            return False

    def _due(self, resources: Mapping[ResourceName, Resource], now: datetime) -> list[ResourceName]:
        """Those with a pile whose time it is. What is too old, or declared no more, is forgotten."""
        self._piles = {n: pile for n, pile in self._piles.items() if n in resources and now <= pile.since + KEPT}
        due = [name for name in self._piles if now >= self._next.get(name, now)]
        self._next |= dict.fromkeys(due, now + EVERY)
        return due

    def _change(self, resource: Resource, record: Record, now: datetime) -> bool:
        """Let the budget react to its pile; whether it changed by a whole number. A lost race is tried once more.

        Nothing is reacted to twice: a write whose reply was lost may have taken effect, so its pile is gone.
        """
        pile = self._piles.pop(resource.name)
        for _ in range(TRIES):
            before = Budget.from_json(record.value)
            after = self._react(resource, before, pile.signals, now)
            try:
                if after != before:
                    self._records.write(replace(record, value=after.to_json()))
            except StaleRecord:
                record = self._records.read([record.key])[record.key]
                continue
            return note_budget(self._records, resource, before, after, now)
        log.info("signals.contended", extra={"resource": resource.name})
        self._piles[resource.name] = pile  # kept for the next time
        return False
