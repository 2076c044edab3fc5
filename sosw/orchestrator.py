"""Starts as many attempts of each labourer as its limit allows, oldest task first.

For one labourer: read the slot rows, leave out what has ended, name due tasks in free slots, claim them, invoke. Any
number of Orchestrators may do this at once: see `sosw.domain.slots` for why the limit holds.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict, deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import lifecycle
from sosw.domain.errors import InvokeRefused, InvokeUncertain, SoswError, StaleRow, StaleTask
from sosw.domain.messages import Wake, worker_event
from sosw.domain.settings import EssentialSettings
from sosw.domain.slots import Name, SlotRow, resized
from sosw.domain.task import Task, TaskId, TaskState
from sosw.line import Line
from sosw.ports import Outcome
from sosw.processor import Processor
from sosw.slot_keeper import SlotKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sosw.domain.lifecycle import Transition
    from sosw.domain.settings import Labourer
    from sosw.ports import Clock, Invoker, SlotStore, TaskStore

log = logging.getLogger(__name__)

WAVE = 64
"""Attempts of a labourer that are named, claimed and invoked at a time: to die in between costs so many leases."""
WAVE_TIME = timedelta(seconds=50)
"""No wave begins with less time left: two rounds of 32 invocations that hang take 30 s."""
INDEX_LAG = timedelta(seconds=5)
"""Tasks named within this time may still be seen in the index: so many more candidates are asked for."""
THROTTLED_DELAY = timedelta(seconds=2)
REFUSED_DELAY = timedelta(seconds=60)
"""Before a task whose function was throttled, or is missing or forbidden, is due again."""
NAMING_ROUNDS = 8
"""Tries to write the rows while other Orchestrators write them too."""


class Orchestrator(Processor):
    """One labourer's trouble never delays another: each is dispatched by itself."""

    def __init__(
        self,
        custom_config: Mapping[str, Any] | None = None,
        *,
        tasks: TaskStore,
        slots: SlotStore,
        invoker: Invoker,
        clock: Clock,
        in_parallel: Callable[[Callable[[Task], None], Iterable[Task]], None],
        pause: Callable[[int], None] = lambda _number: None,
    ) -> None:
        """`in_parallel(f, items)` calls `f` for each, at once or one after the other, and returns when all have.

        `pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0.
        """
        super().__init__(custom_config)
        self.settings = EssentialSettings.from_mapping(self.config)
        self.tasks, self.invoker, self.clock, self.in_parallel = tasks, invoker, clock, in_parallel
        self.slots, self.pause, self.line = SlotKeeper(slots, pause), pause, Line(tasks)

    def __call__(self, event: Any, *, remaining: Callable[[], timedelta] | None = None) -> dict[str, Any]:
        """Dispatch the labourers that a wake names, or all: a wave of each in turn, while `remaining` has time for one.

        Answers how many attempts of each were started.
        """
        wake = Wake.from_event(event)
        self._tell_mistakes()
        waiting = deque(self._woken(wake))
        started: Counter[str] = Counter()
        while waiting and (remaining is None or remaining() >= WAVE_TIME):
            labourer, ended = waiting.popleft()
            count = self._try(labourer, ended)
            started[labourer.name] += count
            if count >= WAVE:
                waiting.append((labourer, {}))  # there may be more: after the others
        if waiting:
            log.warning("dispatch.cut", extra={"labourers": [labourer.name for labourer, _ in waiting]})
        self.stats["started"] += sum(started.values())
        return {"started": {name: count for name, count in started.items() if count}}

    def _woken(self, wake: Wake | None) -> Iterator[tuple[Labourer, Mapping[TaskId, int] | None]]:
        for name in self.settings.labourers if wake is None else wake.ended:
            labourer = self.settings.labourers.get(name)
            if labourer:
                yield labourer, None if wake is None else wake.ended[name]
            else:
                log.warning("labourer.unknown", extra={"labourer": name})

    def _try(self, labourer: Labourer, ended: Mapping[TaskId, int] | None) -> int:
        try:
            return self.dispatch(labourer, ended)
        except Exception:
            # Whatever it is, the next labourer must not wait for it; the minute rule tries this one again.
            log.exception("labourer.failed", extra={"labourer": labourer.name})
            self.stats["labourers_failed"] += 1
            return 0

    def _tell_mistakes(self) -> None:
        for problem in self.settings.problems:
            log.error("settings.mistaken", extra={"why": str(problem)})
        for name, problems in self.settings.mistaken.items():
            log.error("labourer.mistaken", extra={"labourer": name, "why": "; ".join(map(str, problems))})

    def dispatch(self, labourer: Labourer, ended: Mapping[TaskId, int] | None) -> int:
        """Start a wave of the labourer at most; how many were.

        `ended`: versions at which tasks were seen not running; None if not woken.
        """
        if ended is None and not self._due(labourer, 1):
            return 0
        named = self._name(labourer, ended or {})
        now, lease = self.clock.now(), labourer.lease
        claims = [(lifecycle.claim(task, row=row, now=now, lease=lease), task) for task, row in named]
        outcomes = self.tasks.apply_all([claim for claim, _ in claims])
        sure = [pair for pair, outcome in zip(claims, outcomes, strict=True) if outcome is Outcome.APPLIED]
        doubtful = [pair for pair, outcome in zip(claims, outcomes, strict=True) if outcome is not Outcome.APPLIED]
        count = self._start(labourer, [lifecycle.apply(claim, task) for claim, task in sure])
        return count + self._start(labourer, self._settle(labourer, doubtful))

    def _due(self, labourer: Labourer, limit: int) -> list[TaskId]:
        return self.line.due(labourer, self.clock.now(), limit)

    def _name(self, labourer: Labourer, ended: Mapping[TaskId, int]) -> list[tuple[Task, int]]:
        """Due tasks with the number of the row in which each is now named by us."""
        named: list[tuple[Task, int]] = []
        for number in range(NAMING_ROUNDS):
            stored = self.slots.rows(labourer.name)
            rows = resized((r.without(ended) for r in stored), labourer.name, labourer.max_simultaneous_invocations)
            try:
                self._write(rows, stored, self._candidates(labourer, rows, ended), named)
            except StaleRow:
                self.pause(number)  # another Orchestrator, or the sweep, was faster: what we wrote before stays ours
            except SoswError as error:
                if not named:
                    raise
                log.warning("naming.cut", extra={"labourer": labourer.name, "why": str(error)})
                return named
            else:
                return named
        log.info("slots.contended", extra={"labourer": labourer.name})
        self.slots.drop(labourer.name, ended)
        return named

    def _candidates(self, labourer: Labourer, rows: Sequence[SlotRow], ended: Mapping[TaskId, int]) -> list[Task]:
        """Tasks to start: due, and not named yet. Read without a lock or a promise: the claim decides."""
        free = min(WAVE, sum(row.free for row in rows))
        if not free:
            return []
        ids = self._unnamed(labourer, {task: name for row in rows for task, name in row.names.items()}, free)
        found = self.tasks.get_many(ids, is_consistent=False)
        now = self.clock.now()
        waiting = [found[i] for i in ids if i in found]
        fresh = [task for task in waiting if task.version >= ended.get(task.id, 0)]
        return [task for task in fresh if task.state is TaskState.QUEUED and task.greenfield <= now]

    def _unnamed(self, labourer: Labourer, names: Mapping[TaskId, Name], free: int) -> list[TaskId]:
        """At most `free` due tasks without a name.

        What was named a moment ago may still stand in the index: so many more are asked for. What an Orchestrator that
        died has named stands there until the sweep: where such names fill the answer, all names are looked past.
        """
        limit = free + sum(name.since > self.clock.now() - INDEX_LAG for name in names.values())
        due = self._due(labourer, limit)
        if len(due) == limit and sum(task not in names for task in due) < free:
            due = self._due(labourer, free + len(names))
        return [task for task in due if task not in names][:free]

    def _write(
        self, rows: Sequence[SlotRow], stored: Sequence[SlotRow], tasks: list[Task], named: list[tuple[Task, int]]
    ) -> None:
        """Write each row that changes, those that lose capacity first; adds to `named` what is ours."""
        before = {row.number: row for row in stored}
        lowered_first = sorted(rows, key=lambda r: r.number not in before or r.capacity >= before[r.number].capacity)
        for row in lowered_first:
            chosen, tasks = tasks[: row.free], tasks[row.free :]
            wanted = row.named(chosen, self.clock.now())
            if wanted != before.get(row.number):
                self.slots.write(wanted)
                named += [(task, row.number) for task in chosen]

    def _settle(self, labourer: Labourer, doubtful: Sequence[tuple[Transition, Task]]) -> list[Task]:
        """Those of our doubtful claims that took effect and run; the slots of those that will not run are freed.

        A claim may look refused although it took effect: its first reply was lost, and the retry met its own work. The
        slot written by the claim tells: only the Orchestrator that named the task in that row at that version claims
        it so.
        """
        if not doubtful:
            return []
        found = self.tasks.get_many(task.id for _, task in doubtful)
        ours: list[Task] = []
        failed: defaultdict[int, dict[TaskId, int]] = defaultdict(dict)
        for claim, task in doubtful:
            seen, slot = found.get(task.id), claim.changes["slot"]
            if seen and seen.state is TaskState.RUNNING and seen.slot == slot:
                ours.append(seen)
            elif seen is None or seen.version > task.version:
                failed[slot.row][task.id] = task.version + 1
        if failed:
            self.slots.free(labourer.name, failed)
        return ours

    def _start(self, labourer: Labourer, claimed: Sequence[Task]) -> int:
        """Invoke the claimed attempts; how many were. Those that certainly were not are given back, slots freed."""
        returned: list[Task] = []
        self.in_parallel(lambda task: self._start_one(labourer, task, returned), claimed)
        if returned:
            self.slots.drop(labourer.name, {task.id: task.version for task in returned})
        return len(claimed) - len(returned)

    def _start_one(self, labourer: Labourer, task: Task, returned: list[Task]) -> None:
        try:
            self._invoke(labourer, task, returned)
        except Exception:
            # Whatever it is, the other claimed tasks must not wait for it: the end of the lease tells how it went.
            log.exception("invoke.failed", extra={"task_id": task.id, "labourer": labourer.name})

    def _invoke(self, labourer: Labourer, task: Task, returned: list[Task]) -> None:
        """Start the claimed attempt; adds the task to `returned` when it certainly was not started."""
        try:
            self.invoker.start(labourer.arn, worker_event(task))
        except InvokeUncertain as error:
            log.warning("invoke.uncertain", extra={"task_id": task.id, "labourer": labourer.name, "why": str(error)})
        except InvokeRefused as error:
            log.warning("invoke.refused", extra={"task_id": task.id, "labourer": labourer.name, "why": str(error)})
            delay = THROTTLED_DELAY if error.is_passing else REFUSED_DELAY
            try:
                returned.append(self.tasks.apply(lifecycle.give_back(task, due=self.clock.now() + delay)))
            except StaleTask:
                log.info("give_back.stale", extra={"task_id": task.id})
        else:
            log.info("task.started", extra={"task_id": task.id, "labourer": labourer.name, "attempt": task.attempt})
