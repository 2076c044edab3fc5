"""A closed task as a line of the archive, and the name of the object that has it.

A line is a JSON object with plain names and types, for whoever reads the archive without sosw. What users put in
(payload, result, stats) stands in it as a text of JSON: types, key names and key order come out as they went in.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext
from sosw.domain.errors import SoswError
from sosw.domain.moments import from_ms, to_ms
from sosw.domain.task import Failure, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sosw.domain.task import JobId, TaskId

PREFIX = "archive/"
SUFFIX = ".jsonl.gz"
_MIXED = "jobs"
_TEXTS = ("payload", "result", "stats")
_MOMENTS = ("created_at", "started_at", "closed_at", "expires_at")
_FAILURE_MOMENTS = ("at", "started_at")
_PLAIN = (
    *("id", "job_id", "labourer", "version", "attempt", "forgiven", "priority", "key", "is_recalled"),
    *("payload_at", "result_at", "snoozes", "ruling", "replays", "request_id", "log_stream", "log_group"),
)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A folder of the archive: a labourer's tasks that closed on a day, in UTC."""

    labourer: str
    date: str
    """`2026-01-31`."""

    @property
    def prefix(self) -> str:
        """As Athena and Hive know partitions."""
        return f"{PREFIX}labourer={self.labourer}/date={self.date}/"


def partition(task: Task) -> Partition:
    """Where a closed task belongs."""
    return Partition(task.labourer, f"{task.closed_at or task.greenfield:%Y-%m-%d}")


def line(task: Task) -> str:
    """JSON on one line, without its end. What has no value is left out."""
    told: dict[str, Any] = {name: getattr(task, name) for name in _PLAIN}
    told |= {"state": task.state.value, "tries": task.tries}
    moments: dict[str, datetime | None] = {name: getattr(task, name) for name in _MOMENTS}
    told |= {name: at and to_ms(at) for name, at in moments.items()}
    values = {name: getattr(task, name) for name in _TEXTS}
    told |= {name: None if value is None else jsontext.dump(value) for name, value in values.items()}
    told["failures"] = [_of_failure(failure) for failure in task.failures] or None
    return jsontext.dump({name: value for name, value in told.items() if value is not None})


def task_of(text: str) -> Task:
    """The task of a line, as it was when it closed; it stands in no line of waiting ones. Keys of tomorrow are left."""
    told = jsontext.load(text)
    given: dict[str, Any] = {name: told[name] for name in _PLAIN if name in told}
    given |= {name: from_ms(told[name]) for name in _MOMENTS if name in told}
    given |= {name: jsontext.load(told[name]) for name in _TEXTS if name in told}
    given["failures"] = tuple(_failure(each) for each in told.get("failures", []))
    return Task(**given, state=TaskState(told["state"]), greenfield=from_ms(told["closed_at"]))


def object_key(where: Partition, tasks: Iterable[tuple[JobId, TaskId, int]]) -> str:
    """The key of an object with the lines of these (job, task and version): equal for equal ones, so that a batch that
    is archived again overwrites itself. It begins with the job's mark, where all are of one job.
    """
    told = list(tasks)
    jobs = {job for job, _, _ in told}
    digest = hashlib.sha256("\n".join(f"{task} {version}" for _, task, version in told).encode()).hexdigest()
    return f"{where.prefix}{_mark(jobs.pop()) if len(jobs) == 1 else _MIXED}-{digest[:32]}{SUFFIX}"


def may_have(key: str, job: JobId) -> bool:
    """Whether the object of that key may have lines of the job."""
    return key.rpartition("/")[2].split("-", 1)[0] in {_mark(job), _MIXED}


def pack(lines: Sequence[str]) -> bytes:
    """The object: the same bytes for the same lines. Half a character, which UTF-8 has no bytes for, becomes a `?`."""
    return gzip.compress("".join(f"{each}\n" for each in lines).encode(errors="replace"), mtime=0)


def unpack(body: bytes, key: str) -> Iterator[str]:
    """Its lines; raises `SoswError` for what is not whole."""
    try:
        text = gzip.decompress(body).decode()
    except (OSError, EOFError, ValueError) as error:
        raise SoswError(f"object {key} of the archive cannot be read: {error}") from error
    yield from (each for each in text.split("\n") if each)


def find(lines: Iterable[str], task_id: TaskId) -> Task | None:
    """That task at its highest version."""
    begin = jsontext.dump({"id": task_id})[:-1]
    found = [task_of(each) for each in lines if each.startswith(begin)]
    return max((task for task in found if task.id == task_id), key=lambda task: task.version, default=None)


def _mark(job: JobId) -> str:
    return hashlib.sha256(job.encode()).hexdigest()[:12]


def _of_failure(failure: Failure) -> dict[str, Any]:
    values = {field.name: getattr(failure, field.name) for field in fields(Failure)}
    return {name: _plain(value) for name, value in values.items() if value or name == "error"}


def _plain(value: Any) -> Any:
    return to_ms(value) if isinstance(value, datetime) else value


def _failure(told: dict[str, Any]) -> Failure:
    known = {field.name for field in fields(Failure)}
    given = {name: value for name, value in told.items() if name in known}
    moments: dict[str, Any] = {name: from_ms(given[name]) for name in _FAILURE_MOMENTS if name in given}
    return Failure(**{**given, **moments})
