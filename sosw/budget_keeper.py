"""Keeps the budgets of resources: lets the controller steer them, and shares them out among those who draw on them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sosw.domain.controller import steer
from sosw.domain.errors import StaleRecord
from sosw.domain.shares import Draw
from sosw.domain.sharing import is_overdrawn, shared_out
from sosw.domain.standing import Budget
from sosw.line import Line
from sosw.record_notes import ROUNDS, note_budget

if TYPE_CHECKING:
    from sosw.domain.health import Reading
    from sosw.domain.records import Record, ResourceName
    from sosw.domain.resources import Resource
    from sosw.domain.settings import Labourer
    from sosw.domain.task import LabourerName
    from sosw.ports import RecordStore, SlotStore, TaskStore

log = logging.getLogger(__name__)

SHARES_LIFE = timedelta(seconds=2)
"""Shares that are younger are not made anew because somebody wants more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """Who draws on a resource."""

    labourer: Labourer
    most: int
    """Attempts that its settings, operators and health allow, whatever the budgets say."""
    shards: int = 1
    """The most that its line ever had."""


@dataclass(slots=True)
class Loads:
    """What labourers run, and have due, at one moment: each is looked up once, by two calls at most."""

    slots: SlotStore
    tasks: TaskStore
    now: datetime
    _known: dict[LabourerName, tuple[int, int]] = field(default_factory=dict)

    def draw(self, drawer: Drawer, resource: Resource, *, is_asking: bool = False) -> Draw:
        """Its claim on the resource. Of one that runs nothing and does not ask, no tasks are looked for."""
        name = drawer.labourer.name
        if name not in self._known:
            self._known[name] = self._look(drawer, resource, is_asking=is_asking)
        running, due = self._known[name]
        wants = min(running + due, drawer.most)
        return Draw(weight=drawer.labourer.draws[resource.name], running=running, wants=wants)

    def _look(self, drawer: Drawer, resource: Resource, *, is_asking: bool) -> tuple[int, int]:
        name = drawer.labourer.name
        names = {task for row in self.slots.rows(name) for task in row.names}
        room = min(drawer.most, resource.ceiling) - len(names)
        if room <= 0 or not (names or is_asking):
            return len(names), 0
        due = Line(self.tasks).due(drawer.labourer, self.now, room + len(names), shards=drawer.shards)
        return len(names), len([task for task in due if task not in names])


class BudgetKeeper:
    """Every change is written under the version that it was made from; who loses that race looks again."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._tried: dict[ResourceName, datetime] = {}

    def tick(
        self, resource: Resource, record: Record, reading: Reading, drawers: Sequence[Drawer], loads: Loads
    ) -> Budget:  # fmt: skip
        """Let the controller steer by the reading, and share out what it allows."""
        draws = {drawer.labourer.name: loads.draw(drawer, resource) for drawer in drawers}
        in_use, now = sum(draw.running for draw in draws.values()), loads.now

        def steered(budget: Budget) -> Budget:
            return shared_out(resource, steer(resource, budget, reading, in_use=in_use, now=now), draws, now)

        return self._changed(resource, record, steered, now)

    def shared(
        self,
        resource: Resource,
        record: Record,
        askers: Sequence[Drawer],
        everyone: Callable[[], Sequence[Drawer]],
        loads: Loads,
    ) -> Budget:
        """The budget, shared out anew where its shares are of a larger one, or old and not enough for who asks."""
        budget, now = Budget.from_json(record.value), loads.now
        if not is_overdrawn(resource, budget) and not self._is_short(resource, budget, askers, loads):
            return budget
        self._tried[resource.name] = now
        asking = {drawer.labourer.name for drawer in askers}
        draws = {
            drawer.labourer.name: loads.draw(drawer, resource, is_asking=drawer.labourer.name in asking)
            for drawer in everyone()
        }

        def shared(known: Budget) -> Budget:
            after = shared_out(resource, known, draws, now)
            return known if after.shares == known.shares else after

        return self._changed(resource, record, shared, now)

    def _is_short(self, resource: Resource, budget: Budget, askers: Sequence[Drawer], loads: Loads) -> bool:
        """Whether one of them has no share yet, or wants more than its share, and the shares are old."""
        shares = budget.shares
        if any(drawer.labourer.name not in shares for drawer in askers):
            return True
        times = (budget.shared_at, self._tried.get(resource.name))
        if any(at is not None and loads.now - at < SHARES_LIFE for at in times):
            return False
        short = [drawer for drawer in askers if shares[drawer.labourer.name] < drawer.most]
        return any(loads.draw(d, resource, is_asking=True).wants > shares[d.labourer.name] for d in short)

    def _changed(
        self, resource: Resource, record: Record, change: Callable[[Budget], Budget], now: datetime
    ) -> Budget:  # fmt: skip
        for _ in range(ROUNDS):
            before = Budget.from_json(record.value)
            after = change(before)
            if after == before:
                return before
            try:
                self._records.write(replace(record, value=after.to_json()))
            except StaleRecord:
                record = self._records.read([record.key])[record.key]
            else:
                if after.problem != before.problem:
                    why = after.problem or "measured again"
                    log.warning("resource.unmeasured", extra={"resource": resource.name, "why": why})
                note_budget(self._records, resource, before, after, now)
                return after
        log.info("budget.contended", extra={"resource": resource.name})
        return Budget.from_json(record.value)
