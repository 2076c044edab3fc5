"""Archives closed tasks before they leave the table: each minute, job by job, from the table itself.

No task is written for it, and no message need arrive: what closed since a job was read last is found by reading the
job's tasks again (`sosw.domain.watch` says when), and written in few objects. A crash between the objects and the note
of how far it came archives the same tasks again: an equal batch into the same object, else as lines with the same id
and version.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sosw.domain import archive, watch
from sosw.domain.errors import SoswError
from sosw.domain.task import task_id
from sosw.storage import ObjectsFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from sosw.domain.archive import Partition
    from sosw.domain.job import Job
    from sosw.domain.settings import EssentialSettings
    from sosw.domain.task import JobId, Task, TaskId
    from sosw.domain.watch import Watch
    from sosw.ports import Clock, JobStore, TaskStore
    from sosw.recounting import Recounting
    from sosw.storage import ObjectStore, WatchStore

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Jobs that are asked for at a time."""
READ_AT_ONCE = 100
MOST_LINES, MOST_CHARS = 10_000, 16_000_000
"""Of a batch, which is held in memory."""
KIND = "application/gzip"


class Archivist:
    """Of one sweep after the other. Several may work at a time: one is at a job, by its row's version."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        jobs: JobStore,
        watches: WatchStore,
        objects: ObjectStore,
        clock: Clock,
        settings: EssentialSettings,
        recounting: Recounting,
    ) -> None:
        """`recounting` counts what is read for the archive, so that nobody reads it once more."""
        self.tasks, self.jobs, self.watches, self.objects = tasks, jobs, watches, objects
        self.clock, self.settings, self.recounting = clock, settings, recounting
        self._batch = _Batch()
        self._ready: list[Watch] = []
        self._counts: Counter[str] = Counter()

    def run(self, has_time: Callable[[], bool]) -> Counter[str]:
        """Look at the jobs whose moment has come; what was `archived`, `objects`, and what `failed`.

        Raises nothing: the sweep has other work to do, and the next one goes on.
        """
        self._counts, self._ready, self._batch = Counter(), [], _Batch()
        try:
            for each in self._due(has_time):
                self._try(each, has_time)
            self._write()
        except SoswError as error:
            self._failed("archive.failed", error)
        except Exception as error:
            log.exception("archive.broken")
            self._failed("archive.failed", error)
        return self._counts

    def _due(self, has_time: Callable[[], bool]) -> Iterator[Watch]:
        """Each job once, as long as there is time: more may become due in a minute than are asked for at once."""
        seen: set[JobId] = set()
        while fresh := [each for each in self.watches.due(self.clock.now(), AT_ONCE) if each.job_id not in seen]:
            for each in fresh:
                if not has_time():
                    return
                seen.add(each.job_id)
                yield each

    def _try(self, due: Watch, has_time: Callable[[], bool]) -> None:
        """The others must not wait for a job that cannot be read; it is looked at again when its hold is over."""
        try:
            self._look(due, has_time)
        except ObjectsFailed:
            raise  # it would fail for the others, too
        except Exception as error:
            log.exception("archive.job_failed", extra={"job_id": due.job_id})
            self._failed("archive.failed", error)
            self.watches.save(replace(due, due=self.clock.now() + watch.HOLD))  # unless its reading had begun

    def _failed(self, event: str, error: Exception) -> None:
        log.warning(event, extra={"why": str(error)})
        self._counts["archive_failed"] += 1

    def _look(self, due: Watch, has_time: Callable[[], bool]) -> None:
        now, job = self.clock.now(), self.jobs.get(due.job_id)
        if due.due and now > due.due + watch.LATE:
            log.error("archive.late", extra={"job_id": due.job_id, "due": due.due.isoformat()})
            self._counts["archive_late"] += 1
        if job is None:
            self.watches.save(watch.ended(due))  # somebody has removed its row
            return
        due = due.under(self._retention(due))
        is_early = job.is_finished and not due.is_read
        if due.begun is None and not is_early and now < due.read_by:
            self.watches.save(watch.later(due, job, now))
            return
        ours = self.watches.save(watch.held(due, now))
        if ours:
            self._read(ours, job, has_time)

    def _read(self, ours: Watch, job: Job, has_time: Callable[[], bool]) -> None:
        """All of its tasks from the cursor on; the note that they were read follows the objects that have them."""
        ours = replace(ours, bucket=self.objects.bucket)
        count = self.recounting.begin(job, ours.cursor)
        for end, tasks in self._tasks(job, ours.cursor):
            count.saw(tasks, end)
            wanted = [task for task in tasks.values() if ours.wants(task)]
            for task in tasks.values():
                ours = ours.saw(task)
            for task in wanted:
                self._batch.add(task)
            ours = replace(ours.dated({archive.partition(task).date for task in wanted}), cursor=end)
            if self._batch.is_full or not has_time():
                self._write()
                self.recounting.note(count)
                now, may_go_on = self.clock.now(), has_time()
                going_on = self.watches.save(watch.held(ours, now) if may_go_on else replace(ours, due=now))
                if going_on is None or not may_go_on:
                    return
                ours = going_on
        self._counts.update({"totals_mended": 1} if self.recounting.end(count) else {})
        self._ready.append(watch.read(ours, job, self.clock.now(), self._retention(ours)))

    def _retention(self, of: Watch) -> timedelta:
        return self.settings.labourer_or_default(of.labourer).retention

    def _tasks(self, job: Job, start: int) -> Iterator[tuple[int, dict[TaskId, Task]]]:
        """By number, with the number behind them. Of a job that is being written also those not noted yet."""
        known = job.cursor if job.total is None else job.total
        begin, is_more = start, True
        while is_more and (job.total is None or begin < job.total):
            numbers = range(begin, begin + READ_AT_ONCE if job.total is None else min(begin + READ_AT_ONCE, job.total))
            found = self.tasks.get_many((task_id(job.id, number) for number in numbers), is_consistent=False)
            begin, is_more = numbers.stop, bool(found) or numbers.start < known
            yield begin, found

    def _write(self) -> None:
        """The objects, then what they let us note."""
        for where, tasks in self._batch.parts():
            key = archive.object_key(where, [(task.job_id, task.id, task.version) for task, _ in tasks])
            self.objects.put(key, archive.pack([line for _, line in tasks]), kind=KIND)
            self._counts["objects"] += 1
            self._counts["archived"] += len(tasks)
            log.info("archive.written", extra={"key": key, "tasks": len(tasks)})
        self._batch = _Batch()
        for each in self._ready:
            self.watches.save(each)
        self._ready = []


class _Batch:
    """Lines that wait to be written."""

    def __init__(self) -> None:
        self._parts: defaultdict[Partition, dict[tuple[TaskId, int], tuple[Task, str]]] = defaultdict(dict)
        self._lines = self._chars = 0

    @property
    def is_full(self) -> bool:
        return self._lines >= MOST_LINES or self._chars >= MOST_CHARS

    def add(self, task: Task) -> None:
        line = archive.line(task)
        self._parts[archive.partition(task)][task.id, task.version] = (replace(task, payload={}, result=None), line)
        self._lines, self._chars = self._lines + 1, self._chars + len(line)

    def parts(self) -> Iterator[tuple[Partition, list[tuple[Task, str]]]]:
        """In one order, whatever order they came in."""
        for where in sorted(self._parts):
            yield where, [self._parts[where][which] for which in sorted(self._parts[where])]
