"""A job as it is remembered: one row of the jobs table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sosw.domain.task import JobId, LabourerName


class JobState(str, Enum):
    """CREATING while its tasks are being written, READY once all are."""

    CREATING = "creating"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the jobs table: delivered twice it is one job."""

    id: JobId
    labourer: LabourerName
    submitted_at: datetime
    """Also the day from which its period counts, however late its tasks are written."""
    body: str
    """What was asked for, as JSON: the same id with another body is refused."""
    state: JobState = JobState.CREATING
    total: int | None = None
    """Number of its tasks, once all are written."""
