"""A task's history: from the table while the task is there, else from the archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sosw.client import values
from sosw.client.asking import unknown_task
from sosw.client.errors import UnknownTask
from sosw.client.facts import stored_settings
from sosw.client.service import Service
from sosw.domain import archive, history
from sosw.domain.archive import Partition
from sosw.domain.history import Step
from sosw.domain.log_links import log_group
from sosw.domain.task import Failure, JobId, LabourerName, Task, TaskId, TaskState, parts_of
from sosw.domain.watch import Watch

_SAME = (
    *("job_id", "labourer", "state", "attempt", "tries", "priority", "key", "stats", "failures"),
    *("created_at", "started_at", "closed_at", "expires_at"),
)
_FINAL = (TaskState.DONE, TaskState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHistory:
    """What is known of a task, and what happened to it."""

    task_id: TaskId
    job_id: JobId
    labourer: LabourerName
    state: TaskState
    attempt: int
    """Number of the latest attempt, 0 before the first."""
    tries: int
    """Attempts that count against the retry policy."""
    priority: int
    key: str | None
    """Its concurrency key."""
    payload: Any
    result: Any
    stats: Any
    failures: tuple[Failure, ...]
    """Why each of its last attempts did not succeed, ten at most, oldest first."""
    created_at: datetime
    started_at: datetime | None
    """Start of the latest attempt."""
    closed_at: datetime | None
    expires_at: datetime | None
    """When it leaves the table, or may have left it."""
    is_archived: bool
    """It was read from the archive: it has left the table."""
    log_group: str
    """Of its function, as Lambda names it."""
    region: str | None
    """Of its function, where it is known; None on the local stack, which no console shows."""
    steps: tuple[Step, ...]
    """What happened to it, in order."""

    def to_json(self) -> dict[str, Any]:
        """Moments are ISO 8601 in UTC, durations seconds."""
        plain = {name: getattr(self, name) for name in ("task_id", "job_id", "labourer", "attempt", "tries")}
        plain |= {name: getattr(self, name) for name in ("priority", "key", "payload", "result", "stats")}
        moments = {"created_at": self.created_at, "started_at": self.started_at, "closed_at": self.closed_at}
        moments["expires_at"] = self.expires_at
        plain |= {name: at and at.isoformat() for name, at in moments.items()}
        plain |= {"state": self.state.value, "is_archived": self.is_archived, "log_group": self.log_group}
        return plain | {"steps": [self._step(step) for step in self.steps]}

    def link(self, step: Step) -> str | None:
        """Into the console of CloudWatch Logs, where that is known."""
        return step.log.url(self.region) if step.log and self.region else None

    def _step(self, step: Step) -> dict[str, Any]:
        return {
            "what": step.what.value,
            "at": step.at and step.at.isoformat(),
            "attempt": step.attempt,
            "after": None if step.after is None else step.after.total_seconds(),
            "said": step.said,
            "log": self.link(step),
        }


def task_history(service: Service, task_id: TaskId, day: date | None = None) -> TaskHistory:
    """Of that task; `day`, in UTC, is when it closed, to look for it in the archive of that day alone.

    Raises `UnknownTask` where it is in neither.
    """
    found = None if day else service.tasks.get(task_id)
    archived = found or _archived(service, task_id, day)
    if archived is None and day:
        said = f"task {task_id} is not in the archive of {day}: without a date the table is looked in first"
        raise UnknownTask(task_id, None, said)
    if archived is None:
        raise unknown_task(service, task_id)
    return _told(service, archived, is_archived=found is None)


def _told(service: Service, task: Task, *, is_archived: bool) -> TaskHistory:
    labourer = stored_settings(service).labourer_or_default(task.labourer)
    group = log_group(labourer.function)
    same: dict[str, Any] = {name: getattr(task, name) for name in _SAME}
    return TaskHistory(
        task_id=task.id,
        payload=values.payload(service, task),
        result=values.result(service, task),
        is_archived=is_archived,
        log_group=group,
        region=(labourer.region or service.region()) if service.has_console() else None,
        steps=tuple(history.steps(task, group=group, now=service.clock.now())),
        **same,
    )


def _archived(service: Service, task_id: TaskId, day: date | None) -> Task | None:
    """From the days on which tasks of its job were archived, the earliest first. One that is done or cancelled there is
    found; a dead one may have been replayed since, so the later days are looked through as well.
    """
    job_id, _ = parts_of(task_id)
    watch = service.watches.get(job_id) if service.watches and job_id else None
    if watch is None or not watch.bucket:
        return None
    found: Task | None = None
    for lines in _lines(service, watch, [day.isoformat()] if day else watch.dates):
        met = archive.find(lines, task_id)
        if met and (found is None or met.version > found.version):
            found = met
        if found and found.state in _FINAL:
            break
    return found


def _lines(service: Service, watch: Watch, dates: Sequence[str]) -> Iterator[Iterator[str]]:
    """Of each object that may have tasks of the job."""
    objects = service.objects(watch.bucket)
    for each in dates:
        for key in objects.keys(Partition(watch.labourer, each).prefix):
            body = objects.get(key) if archive.may_have(key, watch.job_id) else None
            if body is not None:
                yield archive.unpack(body, key)
