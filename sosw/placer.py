"""Finds where a job's tasks stand in their labourer's line, and remembers what fairness needs to know of it.

Nothing here stops a job. What cannot be read or written makes its tasks start earlier or later than is fair: they are
put into parts of the line that are looked through for certain, and begin where the line, or the job's row, says.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.fairness import FAIR, SHORT, Ledger, Placement, Taken, ledger_of, ledgers, span
from sosw.domain.records import Record, of_labourer
from sosw.domain.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from sosw.domain.job import Job
    from sosw.domain.labourer import Labourer
    from sosw.domain.request import JobRequest
    from sosw.line import Line
    from sosw.ports import Clock, RecordStore

log = logging.getLogger(__name__)

ROUNDS = 8
"""Tries to write a record while others write it too."""


class Placer:
    """Reads a record and the head of the line each time a job is taken up; writes what its keys and its length ask."""

    def __init__(self, records: RecordStore, line: Line, clock: Clock) -> None:
        self._records, self._line, self._clock = records, line, clock

    def place(self, job: Job, request: JobRequest) -> Placement:
        """For the tasks from the job's cursor on. Its holder calls this, before it writes any of them.

        A job that begins again behind what others got meanwhile goes on at the virtual time: it is owed nothing.
        """
        shards, known = self._shards(request.labourer)
        placement = Placement(tag=job.tag, weight=request.fair_weight, shards=shards)
        if job.not_before and job.not_before > self._clock.now():
            return replace(placement, tag=None)
        head = self._head(request, known)
        placed: list[Placement] = []

        def take(ledger: Ledger) -> Ledger:
            ledger = ledger.renewed(head)
            now = ledger.virtual_time(head, self._clock.now())
            first = ledger.start_of(request.fair_key, job.id, now) if job.tag is None else job.tag
            placed.append(replace(placement, tag=max(first, now - span(job.cursor, placement.weight))))
            return self._taken(ledger, request.fair_key, job, placed[-1], now)

        self._change(job, take)
        if not placed:  # nothing is known of the others: by the line alone, or from where it stopped
            take(Ledger())
        return placed[-1]

    def _taken(self, ledger: Ledger, key: str | None, job: Job, placement: Placement, virtual_time: int) -> Ledger:
        if key is None:
            return ledger
        finish = placement.tag_of(job.planned)
        ledger = ledger.took(key, Taken(placement.tag_of(0), finish, job.id), virtual_time)
        return ledger.noted(finish, self._clock.now()) if job.planned <= SHORT else ledger

    def wrote(self, job: Job, placement: Placement) -> None:
        """The job's tasks are written up to its cursor: when nothing waits, they have been served."""
        if placement.tag is not None:
            self._change(job, lambda ledger: ledger.noted(placement.tag_of(job.cursor), self._clock.now()))

    def end(self, job: Job, finish: int = 0) -> None:
        """No more of it will start: the next job of its key begins where it broke off, at tag `finish`, or began."""
        self._change(job, lambda ledger: ledger.gave_back(job.id, finish))

    def _head(self, request: JobRequest, shards: int) -> int | None:
        try:
            return self._line.head(request.labourer, request.priority, shards=shards)
        except SoswError as error:
            log.warning("line.unread", extra={"labourer": request.labourer.name, "why": str(error)})
            return None

    def _shards(self, labourer: Labourer) -> tuple[int, int]:
        """Into how many parts of the line its tasks may go, and how many there are for certain.

        A part is known to all before anything is put into it: whoever lowers `shards` must not lose sight of it.
        """
        key, known = of_labourer(labourer.name), 1
        if labourer.shards == known:
            return known, known
        try:
            for _ in range(ROUNDS):
                record = self._records.read([key])[key]
                known = Standing.from_json(record.value).shards
                if labourer.shards <= known:
                    return labourer.shards, known
                if self._write(replace(record, value={**record.value, "shards": labourer.shards})):
                    return labourer.shards, labourer.shards
        except SoswError as error:
            log.warning("shards.unknown", extra={"labourer": labourer.name, "why": str(error)})
        return min(known, labourer.shards), known

    def _change(self, job: Job, change: Callable[[Ledger], Ledger]) -> None:
        """Of the ledger of the job's priority, as it is now; `change` may be asked again."""
        key = of_labourer(job.labourer, FAIR)
        try:
            for _ in range(ROUNDS):
                record = self._records.read([key])[key]
                before = ledger_of(record.value, job.priority)
                after = change(before)
                if after == before or self._write(replace(record, value=ledgers(record.value, job.priority, after))):
                    return
            log.info("fairness.contended", extra={"job_id": job.id})
        except SoswError as error:
            log.warning("fairness.unknown", extra={"job_id": job.id, "why": str(error)})

    def _write(self, record: Record) -> bool:
        try:
            self._records.write(record)
        except StaleRecord:
            return False
        return True
