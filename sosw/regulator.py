"""How many attempts of each labourer may run now, and why: settings, operators, health and the budgets of resources.

Every minute `tick` measures: the health of labourers, the load of resources. Before each wave `limits` decides by what
the records say then. Trouble with one labourer, metric or resource is logged, and is never the others'.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sosw.budget_keeper import BudgetKeeper, Drawer, Loads
from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.health import Reading
from sosw.domain.metrics import BUDGET, HEALTH, LOAD, Owner
from sosw.domain.records import Entry, Record, RecordKey, of_everything, of_labourer, of_resource
from sosw.domain.series import latest
from sosw.domain.shares import lowered
from sosw.domain.sharing import allowed
from sosw.domain.standing import Budget, Control, Decision, Standing, decide
from sosw.health_keeper import HealthKeeper
from sosw.ports import Limit, Unmetered
from sosw.record_notes import ROUNDS, note

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.health import Query
    from sosw.domain.records import ResourceName
    from sosw.domain.resources import Resource
    from sosw.domain.settings import EssentialSettings, Labourer
    from sosw.domain.task import LabourerName
    from sosw.ports import Clock, HealthSource, Metrics, RecordStore, SlotStore, TaskStore

    Records = dict[RecordKey, Record]

log = logging.getLogger(__name__)


class Regulator:
    """One for each Orchestrator; any number of them may regulate at once."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self,
        *,
        records: RecordStore,
        sources: HealthSource,
        slots: SlotStore,
        tasks: TaskStore,
        clock: Clock,
        settings: EssentialSettings,
        known: dict[LabourerName, Limit] | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`known`: the last limits of this container, kept up here and used while the records cannot be read."""
        self._records, self._sources, self._slots, self._tasks = records, sources, slots, tasks
        self._clock, self._settings = clock, settings
        self._known: dict[LabourerName, Limit] = {} if known is None else known
        self._health, self._budgets = HealthKeeper(records), BudgetKeeper(records)
        self._metrics: Metrics = metrics or Unmetered()

    # --- every minute ---

    def tick(self) -> None:
        """Measure what decides a health or is drawn on, each thing once, and note what came of it. Never raises.

        Without health metrics and resources it makes no call at all.
        """
        watched = [labourer for labourer in self._settings.labourers.values() if labourer.health_metrics]
        drawn = [resource for resource in self._settings.resources.values() if self._drawing(resource.name)]
        if not watched and not drawn:
            return
        now = self._clock.now()
        with _Apart("tick", "all"):
            records = self._read([*watched, *self._drawing(*(r.name for r in drawn))], [r.name for r in drawn])
            readings = self._measured(watched, drawn, now)
            for labourer in watched:
                with _Apart("labourer", labourer.name):
                    key = of_labourer(labourer.name)
                    records[key] = self._health.judge(labourer, records[key], readings, now)
                    self._note_health(labourer, records[key])
            loads = Loads(self._slots, self._tasks, now)
            for resource in drawn:
                with _Apart("resource", resource.name):
                    self._steer(resource, records, readings, loads)

    def _note_health(self, labourer: Labourer, record: Record) -> None:
        health = Standing.from_json(record.value).health
        if health:
            self._metrics.note({HEALTH: health.status}, Owner.labourer(labourer.name))

    def _drawing(self, *resources: ResourceName) -> list[Labourer]:
        """The labourers that draw on one of them."""
        return [
            labourer for labourer in self._settings.labourers.values() if any(r in labourer.draws for r in resources)
        ]

    def _read(self, labourers: Iterable[Labourer], resources: Iterable[ResourceName]) -> Records:
        owners = [*(of_labourer(labourer.name) for labourer in labourers), *map(of_resource, resources)]
        return self._records.read([of_everything(), *dict.fromkeys(owners)])

    def _measured(
        self, watched: Sequence[Labourer], drawn: Sequence[Resource], now: datetime
    ) -> Mapping[Query, Reading]:  # fmt: skip
        asked = [metric.query for labourer in watched for metric in labourer.health_metrics]
        asked += [latest(resource.query) for resource in drawn if resource.query is not None]
        return self._sources.read(list(dict.fromkeys(asked)), now)

    def _steer(
        self, resource: Resource, records: Records, readings: Mapping[Query, Reading], loads: Loads
    ) -> None:  # fmt: skip
        reading = readings.get(latest(resource.query), _UNMEASURED) if resource.query else Reading()
        drawers = self._drawers(self._drawing(resource.name), records, loads.now)
        budget = self._budgets.tick(resource, records[of_resource(resource.name)], reading, drawers, loads)
        measured = {} if reading.value is None else {LOAD: reading.value}
        self._metrics.note({BUDGET: allowed(resource, budget), **measured}, Owner.resource(resource.name))

    def _drawers(self, labourers: Iterable[Labourer], records: Records, now: datetime) -> list[Drawer]:
        return [self._drawer(labourer, records, now) for labourer in labourers]

    def _drawer(self, labourer: Labourer, records: Records, now: datetime) -> Drawer:
        """What it may run without its shares of budgets. One whose record is none wants nothing."""
        with _Apart("labourer", labourer.name):
            most = self._decided(labourer, records, {}, now).limit
            shards = Standing.from_json(records[of_labourer(labourer.name)].value).shards
            return Drawer(labourer=labourer, most=most, shards=shards)
        return Drawer(labourer=labourer, most=0)

    # --- before each wave ---

    def limits(self, labourers: Sequence[Labourer]) -> dict[LabourerName, Limit]:
        """The limit of each now, of labourers that have something to start. Never raises.

        One read for all of them. A limit that changed is written before it is told, so that a version of a labourer's
        record means one limit, whoever asks. While the records cannot be read, the last known limits hold; for one
        without any, what its settings allow if nothing else could lower it, else 0.
        """
        names = list(dict.fromkeys(name for labourer in labourers for name in labourer.draws))
        try:
            records = self._read(labourers, names) if labourers else {}
        except Exception:
            log.exception("regulation.failed", extra={"limits": "all"})
            return {labourer.name: self._unread(labourer) for labourer in labourers}
        budgets = self._shared_out(labourers, records, names)
        found = {labourer.name: self._limit(labourer, records, budgets) for labourer in labourers}
        self._known |= {name: limit for name, limit in found.items() if limit.is_read}
        return found

    def _unread(self, labourer: Labourer) -> Limit:
        known = self._known.get(labourer.name)
        if known is not None:
            return replace(known, is_read=False)
        if not labourer.health_metrics and not labourer.draws:
            return Limit(labourer.max_simultaneous_invocations, is_read=False)
        return Limit(0, why="its records cannot be read, and what it may run is not known", is_read=False)

    def _shared_out(
        self, labourers: Sequence[Labourer], records: Records, names: Sequence[ResourceName]
    ) -> dict[ResourceName, Budget]:  # fmt: skip
        """The budgets, those shared out anew that became smaller, or of which somebody wants more than its share."""
        budgets: dict[ResourceName, Budget] = {}
        loads = Loads(self._slots, self._tasks, self._clock.now())
        for name in names:
            with _Apart("resource", name):
                budgets |= self._budgets_of(records, [name])
                resource = self._settings.resources.get(name)
                asking = {labourer.name for labourer in labourers if name in labourer.draws}
                if resource is not None:
                    budgets[name] = self._shared(resource, asking, records, loads)
        return budgets

    def _shared(
        self, resource: Resource, asking: Collection[LabourerName], records: Records, loads: Loads
    ) -> Budget:  # fmt: skip
        drawing = self._drawing(resource.name)
        askers = self._drawers([each for each in drawing if each.name in asking], records, loads.now)

        def everyone() -> list[Drawer]:
            unread = [each for each in drawing if of_labourer(each.name) not in records]
            return self._drawers(drawing, records | (self._read(unread, []) if unread else {}), loads.now)

        return self._budgets.shared(resource, records[of_resource(resource.name)], askers, everyone, loads)

    def _limit(self, labourer: Labourer, records: Records, budgets: Mapping[ResourceName, Budget]) -> Limit:
        try:
            return self._settled(labourer, records, {name: budgets[name] for name in labourer.draws})
        except Exception:
            log.exception("regulation.failed", extra={"labourer": labourer.name})
            return self._unread(labourer)

    def _settled(
        self,
        labourer: Labourer,
        records: Records,
        budgets: Mapping[ResourceName, Budget],
        rounds: int = ROUNDS,
    ) -> Limit:
        """The limit, in the record as it is in force. A race that was lost is decided anew, by all that holds then."""
        record = records[of_labourer(labourer.name)]
        standing = Standing.from_json(record.value)
        decision = self._decided(labourer, records, budgets, self._clock.now())
        if standing.decision and _terms(decision) == _terms(standing.decision):
            return Limit(decision.limit, record.version, decision.why, standing.shards)
        try:
            version = self._write(record, replace(standing, decision=decision)).version
        except SoswError as error:
            if isinstance(error, StaleRecord) and rounds > 1:
                fresh = self._read([labourer], budgets)
                return self._settled(labourer, fresh, self._budgets_of(fresh, budgets), rounds - 1)
            log.warning("limit.unwritten", extra={"labourer": labourer.name, "why": str(error)})
            return _lowest(decision, standing.decision, record.version)
        self._tell_limit(labourer, standing.decision, decision)
        return Limit(decision.limit, version, decision.why, standing.shards)

    def _budgets_of(self, records: Records, names: Iterable[ResourceName]) -> dict[ResourceName, Budget]:
        """As the records have them; where one allows less by now than its shares come to, they are lowered."""
        budgets = {name: Budget.from_json(records[of_resource(name)].value) for name in names}
        for name, budget in budgets.items():
            resource = self._settings.resources.get(name)
            if resource is not None:
                budgets[name] = replace(budget, shares=lowered(budget.shares, allowed(resource, budget)))
            elif not budget.shares:  # else its last shares hold
                budgets[name] = replace(budget, why=f"{name} is no resource, or its settings are mistaken")
        return budgets

    def _decided(
        self, labourer: Labourer, records: Records, budgets: Mapping[ResourceName, Budget], now: datetime
    ) -> Decision:  # fmt: skip
        standing = Standing.from_json(records[of_labourer(labourer.name)].value)
        everything = Control.from_json(records[of_everything()].value.get("control", {}))
        return decide(labourer, standing, everything, budgets, self._settings.coefficients, now=now)

    def _tell_limit(self, labourer: Labourer, before: Decision | None, decision: Decision) -> None:
        was = before.limit if before else decision.of
        if was == decision.limit:
            return
        why = f"limit {was} → {decision.limit} of {decision.of}" + (f": {decision.why}" if decision.why else "")
        log.info("limit.changed", extra={"labourer": labourer.name, "was": was, "limit": decision.limit, "why": why})
        self._note(labourer, why)

    def _write(self, record: Record, standing: Standing) -> Record:
        return self._records.write(replace(record, value=standing.to_json()))

    def _note(self, labourer: Labourer, why: str) -> None:
        note(self._records, Entry(owner=of_labourer(labourer.name).owner, at=self._clock.now(), what={"why": why}))


_UNMEASURED = Reading(problem="its source has not answered")


class _Apart:
    """Whatever is raised in it is logged, and ends there."""

    def __init__(self, what: str, name: str) -> None:
        self._facts = {what: name}

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        log.error("regulation.failed", exc_info=error, extra=self._facts)
        return True


def _terms(decision: Decision) -> tuple[object, ...]:
    return decision.limit, decision.of, decision.why


def _lowest(decision: Decision, known: Decision | None, version: int) -> Limit:
    """What may be told of a decision that could not be written: never more than the record at that version says."""
    if known is not None and known.limit < decision.limit:
        return Limit(known.limit, version, known.why)
    return Limit(decision.limit, version, decision.why)
