"""The conservation law: every task that a job has created is queued, running, done, dead or cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sosw.client.doctor.diagnosis import Notes
from sosw.client.service import Service
from sosw.dead_line import light
from sosw.domain.job import Job, Totals
from sosw.domain.moments import told
from sosw.domain.recount import is_closed_for_good
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId, Task, TaskId, TaskState, task_id
from sosw.recounting import Recounting
from sosw.tallies import Tallies

SAMPLE = 1_000
"""Tasks that are read of a job, evenly spaced, unless all are asked for."""
BATCH = 200
LEFT = timedelta(minutes=5)
"""So long after the end of a job's hold a sweep has found it another Scheduler."""


@dataclass(slots=True)
class Seen:
    """What was seen of a job's tasks."""

    total: int
    is_whole: bool
    """All were read."""
    lost: list[TaskId] = field(default_factory=list)
    running: list[Task] = field(default_factory=list)
    open: int = 0
    closed: list[Task] = field(default_factory=list)


class Jobs:
    """Of one environment."""

    def __init__(self, service: Service, settings: EssentialSettings, notes: Notes, *, may_mend: bool) -> None:
        self._service, self._settings, self._notes, self._may_mend = service, settings, notes, may_mend
        self._now = service.clock.now()

    def check(self, job: Job, *, whole: bool) -> list[Task]:
        """Half a read unit a task, 1,000 of them unless `whole`. Returns those that run."""
        self._notes.looked_at["jobs"] += 1
        self._left(job)
        seen = Seen(total=0, is_whole=False)
        with self._notes.looking("jobs", f"the tasks of job {job.id}"):
            seen = self._read(job, whole=whole)
            self._conserved(job, seen)
            self._drifts(job, seen)
        return seen.running

    def _left(self, job: Job) -> None:
        if job.state.is_open and job.held_until and job.held_until + LEFT <= self._now:
            self._notes.found(
                "jobs", f"job {job.id}", f"is {job.state.value}, and nobody is at it since {told(job.held_until)}",
                why="the rest of its tasks is never written or cancelled; the minute sweep should have found somebody",
                mend=f"sosw doctor tells of rules and rights; see the logs of {self._service.names.scheduler} and "
                f"{self._service.names.scavenger}: aws logs tail /aws/lambda/{self._service.names.scheduler}",
            )  # fmt: skip

    def _read(self, job: Job, *, whole: bool) -> Seen:
        total = job.total if job.total is not None else job.cursor
        step = 1 if whole else max(1, -(-total // SAMPLE))
        seen = Seen(total=total, is_whole=step == 1)
        numbers = range(0, total, step)
        for start in range(0, len(numbers), BATCH):
            ids = [task_id(job.id, number) for number in numbers[start : start + BATCH]]
            found = self._service.tasks.get_many(ids, is_consistent=False)
            absent = [each for each in ids if each not in found]
            found |= self._service.tasks.get_many(absent) if absent else {}
            self._notes.looked_at["tasks"] += len(ids)
            self._add(seen, ids, found)
        return seen

    def _add(self, seen: Seen, ids: Sequence[TaskId], found: dict[TaskId, Task]) -> None:
        seen.lost += [each for each in ids if each not in found]
        for task in found.values():
            if task.state.is_closed:
                seen.closed.append(light(task))
            else:
                seen.open += 1
            if task.state is TaskState.RUNNING:
                seen.running.append(light(task))

    def _conserved(self, job: Job, seen: Seen) -> None:
        """Closed tasks leave after their retention: a job that old may have fewer."""
        retention = self._settings.labourer_or_default(job.labourer).retention
        if not seen.lost or job.submitted_at + retention <= self._now:
            return
        read = len(seen.lost) + len(seen.closed) + seen.open
        some = ", ".join(seen.lost[:3]) + (", …" if len(seen.lost) > 3 else "")  # noqa: PLR2004
        self._notes.found(
            "jobs", f"job {job.id}", f"lacks {len(seen.lost):,} of the {read:,} tasks that were looked at: {some}",
            why="created = queued + running + done + dead + cancelled does not hold: their work is not done, and "
            "nobody will do it",
            mend=f"see who deleted them (CloudTrail), and submit the work again under another key: sosw submit "
            f"{job.labourer}",
        )  # fmt: skip

    def _drifts(self, job: Job, seen: Seen) -> None:
        """Totals of jobs that have ended; of others nobody knows what the stream has still to tell."""
        is_over = job.total is not None and not job.state.is_open and not seen.open and not seen.lost
        if not (is_over and seen.is_whole and all(is_closed_for_good(task, self._now) for task in seen.closed)):
            return
        known = self._service.jobs.recount(job.id)
        drift = known.begun().with_closed(seen.closed).drift if known else Totals()
        if drift == Totals():
            return
        if self._may_mend and self._is_mended(job.id):
            return
        told_of = ", ".join(
            f"{name} {getattr(drift, name):+,}" for name in Totals.__dataclass_fields__ if getattr(drift, name)
        )
        self._notes.found(
            "totals", f"job {job.id}", f"has other totals than its tasks, by {told_of}",
            why="its progress is shown wrong; nothing is decided by it. The sweep mends it within 70 minutes",
            mend=f"sosw doctor --job {job.id} --mend",
        )  # fmt: skip

    def _is_mended(self, job_id: JobId) -> bool:
        service = self._service
        tallies = Tallies(service.records, lambda call, items: [call(item) for item in items])
        recounting = Recounting(tasks=service.tasks, jobs=service.jobs, tallies=tallies, clock=service.clock)
        drift = recounting.recount(job_id)
        if drift is None:
            return False
        self._notes.mended.append(f"job {job_id} has the totals of its tasks again")
        return True
