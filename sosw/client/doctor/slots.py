"""Slots and running attempts: each stands for one of the other, and what ended was swept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from sosw.client.doctor.diagnosis import Notes
from sosw.client.service import Service
from sosw.domain.moments import told
from sosw.domain.report import FAIL, Report
from sosw.domain.settings import EssentialSettings
from sosw.domain.slots import CLAIM_GRACE, Name, is_over, is_unclaimed
from sosw.domain.task import JobId, LabourerName, Task, TaskId, TaskState, parts_of
from sosw.line import Line

SWEEPS = timedelta(minutes=3)
"""What a sweep mends it has mended by then, if it runs."""
WAITING = 25
"""Tasks of a labourer's line whose jobs are looked for."""
SUSPECTS = 25
"""Attempts of a job without a slot that are looked at again, and told of."""
NOBODY_SWEEPS = "the Scavenger's minute sweep mends this; that it has not means that it fails, or does not run"
SWEEP = "sosw doctor tells of rules and rights; see the log: aws logs tail /aws/lambda/{}"


class Slots:
    """Of one environment, by the clock of this machine."""

    def __init__(self, service: Service, settings: EssentialSettings, notes: Notes) -> None:
        self._service, self._settings, self._notes = service, settings, notes
        self._now = service.clock.now()
        self._known_jobs: dict[JobId, bool] = {}
        self._mend = SWEEP.format(service.names.scavenger)

    def check(self, labourer: LabourerName) -> None:
        """Its slots and the head of its line. Two queries, and a read for each 100 names and for each job."""
        names: dict[TaskId, tuple[int, Name]] = {}
        with self._notes.looking("slots", f"the slots of labourer {labourer}"):
            names = self._names(labourer)
            tasks = self._service.tasks.get_many(names)
            self._notes.looked_at["slots"] += len(names)
            for task_id, (row, name) in names.items():
                self._check(labourer, task_id, row, name, tasks.get(task_id))
        with self._notes.looking("tasks", f"the line of labourer {labourer}"):
            shards = self._settings.labourer_or_default(labourer).shards
            waiting = Line(self._service.tasks).waiting(labourer, WAITING, shards=shards)
            self._orphans([*names, *waiting])
            if waiting and labourer not in self._settings.labourers:
                self._undeclared(labourer)

    def running(self, tasks: Iterable[Task]) -> None:
        """Of tasks of one job that were just read as running, those that no slot names: a query, and two reads each."""
        running = list(tasks)
        for labourer in dict.fromkeys(task.labourer for task in running):
            with self._notes.looking("slots", f"the slots of labourer {labourer}"):
                named = self._names(labourer)
                suspects = [task for task in running if task.labourer == labourer and task.id not in named]
                for task in suspects[:SUSPECTS]:
                    self._has_slot(task)

    def _has_slot(self, task: Task) -> None:
        """It may have ended since it was read; then it needs none."""
        now = self._service.tasks.get(task.id)
        if now is None or now.version != task.version or task.id in self._names(task.labourer):
            return
        self._notes.found(
            "slots", f"task {task.id}", "runs, and no slot names it",
            why="it runs outside of the limit, and no sweep will notice when its lease ends",
            mend=f"when its lease is over, at {told(task.greenfield)}: {self._fail(task)}",
        )  # fmt: skip

    def _fail(self, task: Task) -> str:
        """The command that reports the attempt as failed: it is tried again, or dead, by its labourer's policy."""
        report = Report(
            action=FAIL, task_id=task.id, attempt=task.attempt, labourer=task.labourer, error="NoSlot",
            message="no slot named the attempt",
        )  # fmt: skip
        payload = json.dumps(report.to_event())
        name = self._service.names.worker_assistant
        return (
            f"aws lambda invoke --function-name {name} --cli-binary-format raw-in-base64-out "
            f"--payload '{payload}' /dev/stdout"
        )

    def _names(self, labourer: LabourerName) -> dict[TaskId, tuple[int, Name]]:
        rows = self._service.slots.rows(labourer)
        return {task: (row.number, name) for row in rows for task, name in row.names.items()}

    def _check(self, labourer: LabourerName, task_id: TaskId, row: int, name: Name, task: Task | None) -> None:
        if name.since + CLAIM_GRACE + SWEEPS > self._now:
            return
        if task is None:
            what = "names a task that is not there"
        elif is_over(name, task) and _ended(task, name) + SWEEPS <= self._now:
            what = f"is still taken by an attempt that ended at {told(_ended(task, name), self._now)}"
        elif is_unclaimed(name, task):
            what = f"is taken since {told(name.since, self._now)} for a start that never came"
        elif task.state is TaskState.RUNNING and task.greenfield + SWEEPS <= self._now:
            what = f"is held by a lease that ended at {told(task.greenfield, self._now)}"
        else:
            return
        where = f"slot row {row} of labourer {labourer}, task {task_id},"
        self._notes.found("slots", where, what, why=NOBODY_SWEEPS, mend=self._mend)

    def _orphans(self, tasks: Iterable[TaskId]) -> None:
        for task_id in tasks:
            job_id = parts_of(task_id)[0]
            if job_id not in self._known_jobs:
                self._known_jobs[job_id] = self._service.jobs.get(job_id) is not None
            if not self._known_jobs[job_id]:
                self._notes.found(
                    "tasks", f"task {task_id}", "is of a job that is not there",
                    why="nobody can follow it, cancel it or read its result by its job",
                    mend=f"restore the row {job_id!r} of table {self._service.names.prefix}-jobs from its backup",
                )  # fmt: skip

    def _undeclared(self, labourer: LabourerName) -> None:
        is_wrong = labourer in self._settings.mistaken
        what = (
            "has tasks that wait, and its settings are wrong"
            if is_wrong
            else "has tasks that wait, and is not declared"
        )
        self._notes.found(
            "labourers", f"labourer {labourer}", what, why="nothing of it is started",
            mend="declare it in labourers.yaml: sosw apply labourers.yaml; or cancel its jobs: sosw jobs",
        )  # fmt: skip


def _ended(task: Task, name: Name) -> datetime:
    """When the attempt ended, or a moment before."""
    failed = [failure.at for failure in task.failures[-1:]]
    return max([name.since, *failed, *([task.closed_at] if task.closed_at else [])])
