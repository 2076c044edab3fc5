"""Keeps the queue moving: passes on what changed, and mends each minute what a crash or a lost message left behind."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from datetime import timedelta
from math import gcd
from threading import Lock
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import InvokeRefused, InvokeUncertain, SoswError
from sosw.domain.job import Totals
from sosw.domain.messages import Change, Wake, resume_event
from sosw.domain.metrics import LIMIT, RUNNING
from sosw.domain.moments import EPOCH
from sosw.domain.recount import QUIET
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId, LabourerName, TaskId, TaskState
from sosw.ports import Unmetered
from sosw.processor import Processor
from sosw.recounting import Recounting
from sosw.reminding import Reminding
from sosw.slot_keeper import SlotKeeper
from sosw.slot_sweep import SlotSweep
from sosw.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sosw.archivist import Archivist
    from sosw.dead_notices import DeadNotices
    from sosw.domain.settings import Labourer
    from sosw.ports import Clock, InParallel, Invoker, JobStore, Metrics, RecordStore, Reminder, SlotStore, TaskStore
    from sosw.settings import Names

log = logging.getLogger(__name__)

GOLDEN = (5**0.5 - 1) / 2
"""Steps of this part of a circle are spread over it evenly, however many there are."""
MINUTE = timedelta(minutes=1)
HOLD_GRACE = timedelta(seconds=10)
"""So long after the end of a job's hold its Scheduler, just handing over, is still left alone."""
MAX_RESUMED = 25
"""Jobs that one sweep resumes."""
SWEEP_TIME = timedelta(seconds=30)
"""Nothing is begun with less time left: what was begun, such as the wake, may take 15 s."""
NOTICE_TIME = SWEEP_TIME + timedelta(seconds=20)
"""With less than this nobody is told of more deaths: the archive comes after, and must not wait while many die."""
LABOURER_TIME = NOTICE_TIME + timedelta(seconds=10)
"""With less than this no labourer, and no batch of its tasks, is begun: all else must have some time, too, where there
is more to sweep than a minute has time for.
"""


class Scavenger(Processor):
    """`pass_on` makes things fast, `sweep` alone makes them right."""

    def __init__(  # noqa: PLR0913  (all that it draws on)
        self,
        custom_config: Mapping[str, Any] | None = None,
        *,
        tasks: TaskStore,
        slots: SlotStore,
        jobs: JobStore,
        invoker: Invoker,
        reminder: Reminder,
        clock: Clock,
        records: RecordStore,
        in_parallel: InParallel,
        jitter: Callable[[], float],
        names: Names,
        deaths: DeadNotices | None = None,
        archivist: Archivist | None = None,
        metrics: Metrics | None = None,
        pause: Callable[[int], None] = lambda _number: None,
    ) -> None:
        """`names`: functions to start. `deaths` tells of tasks that died. `pause(n)` waits after lost race n."""
        super().__init__(custom_config)
        self.settings, self._counting = EssentialSettings.from_mapping(self.config), Lock()
        self.invoker, self.jobs, self.names, self.clock, self.in_parallel = invoker, jobs, names, clock, in_parallel
        self.reminding, self._deaths, self.archivist = Reminding(reminder, clock), deaths, archivist
        self.metrics: Metrics = metrics or Unmetered()
        shared: dict[str, Any] = {"clock": clock, "in_parallel": in_parallel, "metrics": self.metrics}
        self.slot_sweep = SlotSweep(tasks=tasks, slots=SlotKeeper(slots), jitter=jitter, tally=self._tally, **shared)
        self.tallies = Tallies(records, in_parallel, self.metrics, pause)
        own = Recounting(tasks=tasks, jobs=jobs, tallies=self.tallies, clock=clock)
        self.recounting = archivist.recounting if archivist else own

    def pass_on(self, changes: Sequence[Change], *, token: str) -> dict[str, Any]:
        """Wake the Orchestrator for labourers with slots freed or tasks due, and tell it which attempts have ended.

        A change may come twice, late or not at all; `token` names the batch, the same when it comes again.
        """
        now = self.clock.now()
        ended: defaultdict[LabourerName, dict[TaskId, int]] = defaultdict(dict)
        later: set[tuple[datetime, LabourerName]] = set()
        for change in changes:
            if change.state is TaskState.RUNNING:
                continue
            if change.is_over:
                known = ended[change.labourer].get(change.task_id, 0)
                ended[change.labourer][change.task_id] = max(known, change.version)
            if change.state is TaskState.QUEUED:
                if change.greenfield <= now:
                    ended[change.labourer] |= {}  # nothing has ended, but something is due
                else:
                    later.add((change.greenfield, change.labourer))
        self._wake(ended)
        asked = self.reminding.ask(later)
        if asked:
            self.stats["reminders"] += asked
        self._count(changes, token)
        if self._deaths:
            self._deaths.hear(changes)
        return {"woken": sorted(ended)}

    def _count(self, changes: Iterable[Change], token: str) -> None:
        """Add to the totals of jobs and labourers, of many at once. They are for people: what fails stops nothing.

        What a job misses is not counted for its labourer: the check of the job finds it, and adds it to both.
        """
        totals: defaultdict[JobId, Totals] = defaultdict(Totals)
        for change in changes:
            totals[change.job_id] += change.totals
        counted = [job_id for job_id, added in totals.items() if added != Totals()]
        missed: list[JobId] = []
        self.in_parallel(lambda job_id: self._count_one(job_id, totals[job_id], token, missed), counted)
        self.tallies.count([change for change in changes if change.job_id not in missed], token)

    def _count_one(self, job_id: JobId, added: Totals, token: str, missed: list[JobId]) -> None:
        try:
            self.jobs.count(job_id, added, token=token, again=self.clock.now() + QUIET)
        except SoswError as error:
            log.warning("totals.failed", extra={"job_id": job_id, "why": str(error)})
            if not self._has_counted(job_id, token):
                missed.append(job_id)

    def _has_counted(self, job_id: JobId, token: str) -> bool:
        """Whether the write took effect although it failed."""
        try:
            seen = self.jobs.recount(job_id)
        except SoswError:
            return False
        return seen is not None and token in seen.batches

    def sweep(self, *, remaining: Callable[[], timedelta] | None = None) -> dict[str, Any]:
        """Expire leases, free the slots of what ended unseen, fence what was named and never claimed; then resume jobs.

        Ends while `remaining` still has time for the wake. The labourer that is first is another one each minute, so
        that none is left out for ever.
        """
        self.metrics.note({RUNNING: 0, LIMIT: 0})  # said each minute: where it is missing, nobody sweeps
        waiting, freed = deque(self._in_turn()), dict[LabourerName, dict[TaskId, int]]()
        while waiting and _has_time(remaining, LABOURER_TIME):
            labourer = waiting.popleft()
            ended = self._try(labourer, lambda: _has_time(remaining, LABOURER_TIME))
            if ended:
                freed[labourer.name] = ended
                self.stats["slots_freed"] += len(ended)
        if waiting:
            log.warning("sweep.cut", extra={"labourers": [labourer.name for labourer in waiting]})
        self._wake(freed)
        if _has_time(remaining):
            self._resume_jobs()
        if self._deaths and _has_time(remaining, NOTICE_TIME):
            self._deaths.tell(lambda: _has_time(remaining, NOTICE_TIME))
        if self.archivist:
            for what, number in self.archivist.run(lambda: _has_time(remaining)).items():
                self.stats[what] += number
        if mended := self.recounting.run(lambda: _has_time(remaining)):
            self.stats["totals_mended"] += mended
        return {"freed": {name: len(ended) for name, ended in freed.items()}}

    def _in_turn(self) -> list[Labourer]:
        """All labourers, each of them first in one minute of as many as there are labourers.

        Who is first is far from who was first before: else those at the end of a sweep that has no time for all would
        be left out for as many minutes as others come before them.
        """
        labourers = list(self.settings.labourers.values())
        count = max(1, len(labourers))
        step = next(step for step in range(round(count * GOLDEN), count + 2) if gcd(step, count) == 1)
        first = (self.clock.now() - EPOCH) // MINUTE * step % count
        return labourers[first:] + labourers[:first]

    def _try(self, labourer: Labourer, has_time: Callable[[], bool]) -> dict[TaskId, int]:
        try:
            return self.slot_sweep.run(labourer, has_time)
        except Exception:
            # The sweep of the other labourers must not wait for this one; the next minute tries it again.
            log.exception("sweep.failed", extra={"labourer": labourer.name})
            self.stats["labourers_failed"] += 1
            return {}

    def _resume_jobs(self) -> None:
        """Jobs whose Scheduler died, or could not hand over, get another one."""
        try:
            left = self.jobs.left(self.clock.now() - HOLD_GRACE, MAX_RESUMED)
        except SoswError as error:
            log.warning("jobs.unread", extra={"why": str(error)})  # the next sweep asks again
            return
        self.in_parallel(self._resume, left)
        if left:
            self.stats["jobs_resumed"] += len(left)

    def _resume(self, job_id: JobId) -> None:
        try:
            self.invoker.start(self.names.scheduler, resume_event(job_id))
        except (InvokeRefused, InvokeUncertain) as error:
            log.warning("resume.failed", extra={"job_id": job_id, "why": str(error)})  # the next sweep tries again

    def _tally(self, counter: str) -> None:
        """Add 1 to a counter that threads share."""
        with self._counting:
            self.stats[counter] += 1

    def _wake(self, ended: Mapping[LabourerName, Mapping[TaskId, int]]) -> None:
        if not ended:
            return
        try:
            self.invoker.start(self.names.orchestrator, Wake(ended=ended).to_event())
        except (InvokeRefused, InvokeUncertain) as error:
            log.warning("wake.failed", extra={"why": str(error)})  # the minute rule wakes it too


def _has_time(remaining: Callable[[], timedelta] | None, least: timedelta = SWEEP_TIME) -> bool:
    return remaining is None or remaining() >= least
