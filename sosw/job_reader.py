"""Reads jobs: what an event asks for, what its source holds, and the tasks that come of both."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from sosw.domain.cost import dollars
from sosw.domain.request import JobRequest
from sosw.job_source import JobSource
from sosw.ports import no_beat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sosw.domain.extensions import Extensions
    from sosw.domain.fairness import Placement
    from sosw.domain.job import Job
    from sosw.domain.settings import EssentialSettings
    from sosw.domain.task import Task
    from sosw.ports import Beat, SourceReader
    from sosw.vault import NoVault, Vault


PRICED = 1000
"""The first tasks of a dry run, whose sizes tell what all of them cost; so does the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A job as asked for, all of it looked over: nothing in it is wrong."""

    request: JobRequest
    submitted_at: datetime
    total: int
    """Tasks that it makes."""
    source: JobSource | None = None

    @property
    def skipped_lines(self) -> int:
        """Bad lines of its source that are left out."""
        return self.source.skipped if self.source else 0

    def job(self, request_id: str) -> Job:
        """The record to remember, waiting for a Scheduler to hold it."""
        job = self.request.job(request_id, self.submitted_at)
        pin = self.source.pin if self.source else None
        read: dict[str, Any] = {"planned": self.total, "source_pin": pin, "skipped_lines": self.skipped_lines}
        return replace(job, held_until=self.submitted_at, **read)

    def payloads(self, start: int, beat: Beat) -> Iterator[dict[str, Any]]:
        """Of its tasks from number `start` on."""
        parts = self.source.parts(beat) if self.source else None
        return self.request.payloads(self.submitted_at, start=start, parts=parts)


class JobReader:
    """Constant memory, however long the source."""

    def __init__(
        self, settings: EssentialSettings, sources: SourceReader, extensions: Extensions, vault: Vault | NoVault
    ) -> None:
        self._settings, self._sources, self._extensions, self._vault = settings, sources, extensions, vault

    def asked(self, event: Any, now: datetime) -> JobRequest:
        """What `event` asks for; raises `InvalidInput` with all that is wrong with it. Its source is not read."""
        return JobRequest.from_event(event, self._settings, now, self._extensions)

    def read(self, request: JobRequest, now: datetime, beat: Beat) -> Reading:
        """All that was asked for; raises `InvalidInput` for what is wrong in its source, a bad line included.

        `beat` is called now and then while the source is read; what it raises ends that. Every task is looked at where
        its source, or its concurrency key, cannot be judged otherwise.
        """
        if request.source is None and request.concurrency_key is None:
            return Reading(request=request, submitted_at=now, total=request.tasks_a_part)
        source = self._source(request, now, beat=beat)
        total = request.count(now, source.parts(beat) if source else None)
        return Reading(request=request, submitted_at=now, total=total, source=source)

    def request(self, job: Job) -> JobRequest:
        """What a remembered job asks for; raises `InvalidInput` when its labourer or its extensions are gone."""
        return JobRequest.of(self._vault.whole(job), self._settings, self._extensions)

    def tasks(
        self, job: Job, request: JobRequest, due: datetime, placement: Placement, *, start: int, beat: Beat
    ) -> Iterator[Task]:
        """The tasks of a remembered job from number `start` on, due at `due` or when the job says.

        `beat` is called now and then, also where a source is read for long before its first task.
        """
        source = self._source(request, job.submitted_at, job.source_pin)
        return request.tasks(job, due, placement, start=start, parts=source.parts(beat) if source else None)

    def _source(
        self, request: JobRequest, submitted_at: datetime, pin: str | None = None, beat: Beat = no_beat
    ) -> JobSource | None:
        if request.source is None:
            return None
        taken = request.taken(submitted_at)
        return JobSource(self._sources, request.source, pin, taken=taken, limit=self._settings.payload_limit, beat=beat)

    def preview(self, reading: Reading, beat: Beat) -> dict[str, Any]:
        """What a dry run answers: how many tasks, the first and the last payload, the cost. Nothing is written."""
        seen = list(islice(reading.payloads(0, beat), PRICED))
        if reading.total > PRICED:
            seen += deque(reading.payloads(reading.total - 1, beat), maxlen=1)
        return {
            "dry_run": True,
            "labourer": reading.request.labourer.name,
            "tasks": reading.total,
            "first": seen[0] if seen else None,
            "last": seen[-1] if seen else None,
            "skipped_lines": reading.skipped_lines,
            "dollars": dollars(reading.total, map(_as_submitted, seen)),
        }


def _as_submitted(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Without the wish for a dry run."""
    return {key: value for key, value in payload.items() if key != "dry_run"}
