"""Keeps the health of labourers: what was last made of their metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sosw.domain.errors import StaleRecord
from sosw.domain.feelings import judge
from sosw.domain.measures import STATUSES
from sosw.domain.records import Entry
from sosw.domain.standing import Health, Standing
from sosw.record_notes import ROUNDS, note

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.health import Query, Reading
    from sosw.domain.records import Record
    from sosw.domain.settings import Labourer
    from sosw.ports import RecordStore

log = logging.getLogger(__name__)


class HealthKeeper:
    """Writes what changed under the version that it was made from; who loses that race looks again."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    def judge(
        self, labourer: Labourer, record: Record, readings: Mapping[Query, Reading], now: datetime
    ) -> Record:  # fmt: skip
        """The record with the health by these readings: written when a status changed, or what is missing."""
        for _ in range(ROUNDS):
            standing = Standing.from_json(record.value)
            health = judge(labourer.health_metrics, readings, standing.health, now=now)
            if standing.health and _terms(health) == _terms(standing.health):
                return record
            try:
                written = self._records.write(replace(record, value=replace(standing, health=health).to_json()))
            except StaleRecord:
                record = self._records.read([record.key])[record.key]
            else:
                self._tell(labourer, standing.health, health, record.key.owner, now)
                return written
        log.info("standing.contended", extra={"labourer": labourer.name})
        return record

    def _tell(self, labourer: Labourer, before: Health | None, health: Health, owner: str, now: datetime) -> None:
        if before and (before.status, before.problem) == (health.status, health.problem):
            return
        why = _sentence(before, health)
        log.info("health.changed", extra={"labourer": labourer.name, "health": health.status, "why": why})
        note(self._records, Entry(owner=owner, at=now, what={"why": why}))


def _terms(health: Health) -> tuple[object, ...]:
    """What is worth a write: not every number that was measured."""
    return health.status, dict(health.metrics), health.problem


def _sentence(before: Health | None, health: Health) -> str:
    status = f"{health.status} ({STATUSES[health.status]})"
    why = health.why or "no metric counts"
    if before is None:
        return f"health {status}: {why}"
    if before.status != health.status:
        return f"health {before.status} → {status}: {why}"
    return f"health stays {status}: {health.problem or 'every metric is measured again'}"
