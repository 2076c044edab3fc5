"""What the client raises, besides what AWS answers (`sosw.aws.caller`, `sosw.aws.dynamodb.errors`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sosw.domain.errors import InvalidInput, SoswError, did_you_mean
from sosw.domain.task import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sosw.client.status import JobStatus
    from sosw.domain.errors import Problem
    from sosw.domain.job import Job
    from sosw.domain.task import Task


class JobRefused(SoswError):
    """The Scheduler does not take it: the message is its own sentence, and nothing was written."""


class NoSuchEnvironment(SoswError):
    """Nothing of an environment of that prefix is there; `known` are the prefixes of those that are."""

    def __init__(self, prefix: str, account: str, region: str, known: Sequence[str]) -> None:
        self.prefix, self.account, self.region, self.known = prefix, account, region, tuple(known)
        near = _short(did_you_mean(prefix, known))
        hint = f": {near}{'' if near.endswith('?') else '.'} Name" if known else ", nor any other: name"
        super().__init__(
            f"there is no environment {prefix!r} in account {account}, region {region}{hint} another --prefix or "
            f"--region, or deploy this one: sosw deploy --prefix {prefix}"
        )


class UnknownJob(SoswError):
    """There is no job of that id here; `known` are ids of the latest ones, None where nobody has looked."""

    def __init__(self, job_id: str, known: Sequence[str] | None = None) -> None:
        self.job_id, self.known = job_id, tuple(known or ())
        hint = "" if known is None else f" ({_short(_alike(job_id, known))})"
        super().__init__(f"there is no job {job_id!r}{hint}: see the latest ones by `sosw jobs`")


class OrderRefused(SoswError):
    """The Orchestrator does not take the order: the message is its own sentence, and nothing was written."""


class UnknownLabourer(SoswError):
    """There is no labourer of that name here, and nothing of one; `known` are those that there are."""

    def __init__(self, name: str, known: Sequence[str], hint: str = "") -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"there is no labourer {name!r} ({hint or _short(did_you_mean(name, known))})")


class UnknownResource(SoswError):
    """There is no resource of that name here; `known` are those that there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"there is no resource {name!r} ({_short(did_you_mean(name, known))})")


class UnknownTask(SoswError):
    """There is no task of that id in the table, or no longer; or, where a dead one is asked for, it is not dead."""

    def __init__(self, task_id: str, job: Job | None, said: str = "") -> None:
        self.task_id = task_id
        job_id, number = parts_of(task_id)
        total = job and (job.total if job.total is not None else job.cursor)
        never = job is not None and job.total is not None and not (number.isdecimal() and int(number) < job.total)
        super().__init__(
            said
            or f"there is no task {task_id!r}: "
            + (f"job {job_id} has {total:,}, counted from 0" if job else f"there is no job {job_id!r}")
            + "; closed ones leave the table after their labourer's retention_days" * (not never)
        )


class JobStillOpen(SoswError, TimeoutError):
    """The time to wait is over and the job is not; `status` is how it stands, `open_tasks` some that are open."""

    def __init__(self, status: JobStatus, seconds: float, open_tasks: Sequence[Task]) -> None:
        self.status, self.seconds, self.open_tasks = status, seconds, tuple(open_tasks)
        told = "; ".join(map(_stands, self.open_tasks))
        super().__init__(
            f"job {status.job_id} is not finished after {seconds:g} s: {status}" + (f": {told}" * bool(told))
        )


class TasksGone(SoswError):
    """Tasks have left the table, after the retention of their labourer: their results cannot be read any more."""

    def __init__(self, job_id: str, gone: int, total: int) -> None:
        self.job_id, self.gone, self.total = job_id, gone, total
        super().__init__(
            f"job {job_id}: {gone:,} of its {total:,} tasks are no longer in the table: closed tasks leave it after "
            "their labourer's retention_days"
        )


class SettingsRefused(InvalidInput):
    """Settings are wrong: a line for each problem, and nothing was stored."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        self.args = (f"{count} in the settings, nothing was applied:{lines}",)


class LabourersAtWork(SoswError):
    """Labourers would be removed while tasks of theirs wait or run; nothing was stored."""

    def __init__(self, at_work: Sequence[str]) -> None:
        self.at_work = tuple(at_work)
        super().__init__(
            f"{'; '.join(self.at_work)}: nothing was applied. Cancel the jobs or let them end; by force, what runs may "
            "end, and what waits stays until the labourer is declared again"
        )


def _stands(task: Task) -> str:
    since = task.started_at or task.greenfield
    words = (
        f"running since {since:%H:%M:%S} UTC"
        if task.state == "running"
        else f"queued, due {since:%Y-%m-%d %H:%M:%S} UTC"
    )
    tries = f", attempt {task.attempt}" if task.attempt else ""
    return f"{task.id} {words}{tries}"


def _alike(job_id: str, known: Sequence[str]) -> str:
    """The one that was meant, perhaps: one that begins so, or is spelt much like it."""
    begins_so = [name for name in known if job_id and name.startswith(job_id)]
    if begins_so:
        return f"did you mean {begins_so[0]!r}?"
    return did_you_mean(job_id, known if job_id else known[:5]) if known else "no job was submitted here yet"


def _short(hint: str) -> str:
    names = hint.split(", ")
    return hint if len(names) <= _TOLD else ", ".join([*names[:_TOLD], "…"])


_TOLD = 5
