"""Keeps the tallies of labourers: one write for each labourer that a batch of the stream speaks of."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.metrics import CREATED, DONE, FAILED, OPEN, Metric, Owner
from sosw.domain.records import Record, of_labourer
from sosw.domain.tally import TOTALS, Counted, Tally, told
from sosw.ports import Unmetered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sosw.domain.messages import Change
    from sosw.domain.records import RecordKey
    from sosw.domain.task import LabourerName
    from sosw.ports import InParallel, Metrics, RecordStore

log = logging.getLogger(__name__)

TRIES = 8
"""To write a record that other readers of the stream write too, with pauses of less than three seconds in all."""


class Tallies:
    """For people: what cannot be counted is logged, and stops nothing."""

    def __init__(
        self,
        records: RecordStore,
        in_parallel: InParallel,
        metrics: Metrics | None = None,
        pause: Callable[[int], None] = lambda _number: None,
    ) -> None:
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self._records, self._in_parallel, self._pause = records, in_parallel, pause
        self._metrics: Metrics = metrics or Unmetered()

    def count(self, changes: Iterable[Change], token: str) -> None:
        """Add what a batch tells, once for each `token` of the last few: a read for all, and a write a labourer."""
        added: defaultdict[LabourerName, Tally] = defaultdict(Tally)
        for change in changes:
            added[change.labourer] += told(change)
        counted = {of_labourer(name, TOTALS): tally for name, tally in added.items() if tally != Tally()}
        if not counted:
            return
        known = self._known(counted)
        for name, tally in added.items():
            self._note(name, tally, known.get(of_labourer(name, TOTALS)), token)
        self._in_parallel(
            lambda record: self._try(record, lambda counts: counts.with_batch(counted[record.key], token)),
            known.values(),
        )

    def _known(self, counted: Mapping[RecordKey, Tally]) -> dict[RecordKey, Record]:
        try:
            return self._records.read(counted)
        except SoswError as error:
            log.warning("tallies.failed", extra={"labourers": sorted(k.owner for k in counted), "why": str(error)})
            return {}

    def _note(self, labourer: LabourerName, added: Tally, record: Record | None, token: str) -> None:
        """For graphs; a batch that is known to have been counted is not noted again."""
        numbers: dict[Metric, float] = {CREATED: added.created, DONE: added.done, FAILED: added.failed}
        noted = {metric: number for metric, number in numbers.items() if number}
        if record:
            counted = Counted.from_json(record.value)
            if counted.knows(token):
                return
            noted[OPEN] = (counted.tally + added).open
        self._metrics.note(noted, Owner.labourer(labourer))

    def correct(self, labourer: LabourerName, added: Tally, *, token: str) -> None:
        """Add a correction, once for each `token` of the last few. Raises `SoswError` where it cannot be written."""
        key = of_labourer(labourer, TOTALS)
        self._write(self._records.read([key])[key], lambda counts: counts.with_correction(added, token))

    def _try(self, record: Record, change: Callable[[Counted], Counted]) -> None:
        try:
            self._write(record, change)
        except SoswError as error:
            log.warning("tallies.failed", extra={"labourers": [record.key.owner], "why": str(error)})

    def _write(self, record: Record, change: Callable[[Counted], Counted]) -> None:
        """A lost race is run again; raises `StaleRecord` when it is always lost."""
        tries = 1
        while not self._is_written(record, change, is_last=tries == TRIES):
            self._pause(tries - 1)
            tries += 1
            record = self._records.read([record.key])[record.key]

    def _is_written(self, record: Record, change: Callable[[Counted], Counted], *, is_last: bool) -> bool:
        before = Counted.from_json(record.value)
        after = change(before)
        try:
            if after != before:
                self._records.write(replace(record, value=after.to_json()))
        except StaleRecord:
            if is_last:
                raise
            return False
        return True
