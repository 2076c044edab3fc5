"""Dead tasks: which there are, why, and orders to try them anew or to look at them no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sosw.client.asking import unknown_task
from sosw.client.dead_runs import RATE, DeadOrdered, Run
from sosw.client.dead_task import DeadTask
from sosw.client.errors import UnknownJob, UnknownLabourer, UnknownTask
from sosw.client.facts import stored_settings
from sosw.client.service import Service
from sosw.client.values import payload
from sosw.dead_line import DeadLine
from sosw.dead_notices import RECORD
from sosw.domain.dead import DeadCount, Selection, error_of, moment
from sosw.domain.dead_orders import DeadKind
from sosw.domain.errors import invalid
from sosw.domain.moments import EPOCH
from sosw.domain.records import of_everything
from sosw.domain.task import JobId, LabourerName, Task, TaskId

BATCH = 200
"""Tasks that are held in memory at a time."""
MOMENT = timedelta(milliseconds=1)
AHEAD = timedelta(hours=1)
"""So far another clock may be ahead of ours."""
Moment = datetime | timedelta | str | None


class Dead:
    """The dead tasks of an environment. Each method takes a selection, and looks anew.

    `what` are ids of tasks and names of labourers; none of them means all. `job`, `error` (a pattern of the class of
    the last error, such as `Timeout*`), `since` and `before` (an aware moment, its ISO text, or so long ago: `12h`, a
    `timedelta`) leave out those that do not fit.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self, *what: str, **given: Any) -> Iterator[DeadTask]:
        """Those that are dead now, oldest first by labourer; some hundred in memory at a time."""
        return (DeadTask.of(task) for task in self._tasks(self.selection(*what, **given)))

    def count(self, *what: str, **given: Any) -> DeadCount:
        """How many of each labourer and error. Reads every one of them."""
        found = DeadCount()
        for task in self._tasks(self.selection(*what, **given)):
            found.add(task.labourer, error_of(task), task.greenfield)
        return found

    def show(self, task_id: str) -> DeadTask:
        """The dead task of that id, with its payload however large; raises `UnknownTask` for one that is not there, or
        not dead, and `SoswError` for a payload that cannot be read.
        """
        task = self._service.tasks.get(TaskId(task_id))
        if task is None:
            raise unknown_task(self._service, task_id)
        if not Selection().takes(task):
            raise UnknownTask(task_id, None, f"task {task_id} is not dead, it is {task.state.value}: see `sosw why`")
        return replace(DeadTask.of(task), payload=payload(self._service, task))

    def replay(self, *what: str, why: str, by: str | None = None, **given: Any) -> DeadOrdered:
        """Try them anew, with all attempts again; at most `rate` a second (50). Their limits hold besides.

        What died later than the call is not meant. Interrupted, it may be ordered again, and goes on where it was. Not
        replayed are tasks of cancelled jobs and of labourers that are not registered. `tell` is called with what has
        been done so far, after each part. Raises `OrderRefused`.
        """
        return self._order(DeadKind.REPLAY, what, why=why, by=by, **given)

    def discard(self, *what: str, why: str, by: str | None = None, **given: Any) -> DeadOrdered:
        """Look at them no more: they are cancelled, and leave after their retention. Otherwise as `replay`."""
        return self._order(DeadKind.DISCARD, what, why=why, by=by, **given)

    def selection(
        self,
        *what: str,
        job: str | None = None,
        error: str | None = None,
        since: Moment = None,
        before: Moment = None,
    ) -> Selection:
        """What is meant; raises `InvalidInput` for a moment that is none, and for tasks beside labourers."""
        now = self._service.clock.now()
        if any("#" in each for each in what) and not all("#" in each for each in what):
            raise invalid("what", " ".join(what), "names tasks and labourers: name the ones or the others")
        return Selection(
            ids=tuple(TaskId(each) for each in dict.fromkeys(what) if "#" in each),
            labourers=tuple(LabourerName(each) for each in dict.fromkeys(what) if "#" not in each),
            job=JobId(job) if job else None,
            error=error,
            since=moment("since", since, now),
            before=moment("before", before, now),
        )

    def _order(
        self,
        kind: DeadKind,
        what: Iterable[str],
        *,
        why: str,
        by: str | None,
        rate: float = RATE,
        tell: Callable[[DeadOrdered], None] = lambda _so_far: None,
        **given: Any,
    ) -> DeadOrdered:
        selection = self.selection(*what, **given)
        if not selection.ids and selection.before is None:
            selection = replace(selection, before=self._service.clock.now() + MOMENT)
        run = Run(self._service, kind, selection, by=by, why=why, rate=rate, tell=tell)
        return run(self._tasks(selection, run.leave))

    def _tasks(self, selection: Selection, leave: Callable[[Task | None], None] = lambda _: None) -> Iterator[Task]:
        """Those that are meant; `leave` hears of ids that are not, with what was found."""
        if selection.ids:
            yield from self._of_ids(selection, leave)
            return
        since, before = selection.since or EPOCH, selection.before or self._service.clock.now() + AHEAD
        line = DeadLine(self._service.tasks)
        for labourer in self._labourers(selection):
            is_empty = True
            for places in line.pages(labourer, since, before):
                is_empty = False
                yield from self._read((place.task for place in places), selection)
            if is_empty and selection.labourers:
                self._check(labourer)

    def _of_ids(self, selection: Selection, leave: Callable[[Task | None], None]) -> Iterator[Task]:
        found = self._service.tasks.get_many(selection.ids)
        for task_id in sorted(selection.ids, key=lambda each: found[each].labourer if each in found else ""):
            task = found.get(task_id)
            if task is not None and selection.takes(task):
                yield task
            else:
                leave(task)

    def _read(self, ids: Iterable[TaskId], selection: Selection) -> Iterator[Task]:
        """The index may name some that are not dead any more, and some that have left the table."""
        rest = iter(ids)
        while batch := list(islice(rest, BATCH)):
            found = self._service.tasks.get_many(batch)
            yield from (found[each] for each in batch if each in found and selection.takes(found[each]))

    def _labourers(self, selection: Selection) -> Iterable[LabourerName]:
        """Whose lines are looked through. Those that are not registered any more are among them."""
        if selection.labourers:
            return selection.labourers
        if selection.job:
            job = self._service.jobs.get(selection.job)
            if job is None:
                raise UnknownJob(selection.job)
            return [job.labourer]
        return sorted(self._known())

    def _known(self) -> set[LabourerName]:
        settings, key = stored_settings(self._service), of_everything(RECORD)
        noted = self._service.records.read([key])[key].value.get("known", [])
        return {*settings.labourers, *map(LabourerName, [*settings.mistaken, *noted])}

    def _check(self, labourer: LabourerName) -> None:
        """One that is not known, and has no dead task, is misspelt."""
        known = self._known()
        if labourer not in known:
            raise UnknownLabourer(labourer, sorted(known))
