"""Starts attempts: claims tasks that were just named, invokes their Worker, and gives back what was not invoked."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain import lifecycle
from sosw.domain.assignment import worker_event
from sosw.domain.errors import InvokeRefused, InvokeUncertain
from sosw.domain.metrics import DISPATCH_DELAY, STARTED, Owner
from sosw.domain.task import Failure, Task, TaskId, TaskState
from sosw.ports import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sosw.domain.lifecycle import Transition
    from sosw.domain.settings import Labourer
    from sosw.ports import Clock, InParallel, Invoker, Metrics, TaskStore
    from sosw.slot_keeper import SlotKeeper

log = logging.getLogger(__name__)

MILLISECOND = timedelta(milliseconds=1)
THROTTLED_DELAY = timedelta(seconds=2)
REFUSED_DELAY = timedelta(seconds=60)
"""Before a task whose function was throttled, or is missing or forbidden, is due again."""
HANGING = timedelta(seconds=3)
"""An invocation without an answer for so long tells that the next ones would hang as well."""


@dataclass(slots=True)
class Started:
    """What came of it."""

    count: int = 0
    not_started: set[TaskId] = field(default_factory=set)
    """Those that certainly were not."""
    is_clean: bool = True
    """Whether every one was claimed and handed over: then the rows are as we left them."""


@dataclass(slots=True)
class _Wave:
    """One wave of a function's invocations. Threads add to it."""

    labourer: Labourer
    due: Mapping[TaskId, datetime]
    """When each of its tasks fell due."""
    is_stopped: bool = False
    """Once throttled, unreachable or hanging: what was not tried yet is not tried."""
    refused: list[tuple[Task, timedelta]] = field(default_factory=list)
    """Certainly not invoked, and how long to wait before the next try."""
    buried: dict[TaskId, int] = field(default_factory=dict)
    """Those that no Worker can be asked for, with the versions at which they died."""


class Starting:
    """Of any labourer, also by several threads at once."""

    def __init__(
        self, *, tasks: TaskStore, slots: SlotKeeper, invoker: Invoker, clock: Clock, in_parallel: InParallel,
        metrics: Metrics,
    ) -> None:  # fmt: skip
        self.tasks, self.slots, self.invoker = tasks, slots, invoker
        self.clock, self.in_parallel, self.metrics = clock, in_parallel, metrics

    def start(self, labourer: Labourer, named: Sequence[tuple[Task, int]]) -> Started:
        """Claim what we have named, each at its named version and with the number of its row, and invoke the Worker."""
        now, lease, started = self.clock.now(), labourer.lease, Started()
        claims = [(lifecycle.claim(task, row=row, now=now, lease=lease), task) for task, row in named]
        outcomes = self.tasks.apply_all([claim for claim, _ in claims])
        sure = [pair for pair, outcome in zip(claims, outcomes, strict=True) if outcome is Outcome.APPLIED]
        doubtful = [pair for pair, outcome in zip(claims, outcomes, strict=True) if outcome is not Outcome.APPLIED]
        wave = _Wave(labourer, {task.id: task.greenfield for task, _ in named})
        self._invoke_all(wave, [lifecycle.apply(claim, task) for claim, task in sure], started)
        if doubtful:
            started.is_clean = False
            self._invoke_all(wave, self._settle(labourer, doubtful, started), started)
        return started

    def _settle(self, labourer: Labourer, doubtful: Sequence[tuple[Transition, Task]], started: Started) -> list[Task]:
        """Those of our doubtful claims that took effect and run; the slots of those that will not run are freed.

        A claim may look refused although it took effect: its first reply was lost, and the retry met its own work. The
        slot written by the claim tells: only the Orchestrator that named the task in that row at that version claims
        it so.
        """
        found = self.tasks.get_many(task.id for _, task in doubtful)
        ours: list[Task] = []
        failed: defaultdict[int, dict[TaskId, int]] = defaultdict(dict)
        for claim, task in doubtful:
            seen, slot = found.get(task.id), claim.changes["slot"]
            if seen and seen.state is TaskState.RUNNING and seen.slot == slot:
                ours.append(seen)
            elif seen is None or seen.version > task.version:
                failed[slot.row][task.id] = task.version + 1
                started.not_started.add(task.id)
        if failed:
            self.slots.free(labourer.name, failed)
        return ours

    def _invoke_all(self, wave: _Wave, claimed: Sequence[Task], started: Started) -> None:
        """Invoke the claimed attempts. Those that certainly were not are given back, and their slots freed."""
        wave.refused, wave.buried = [], {}
        self.in_parallel(lambda task: self._try(wave, task), claimed)
        started.count += len(claimed) - len(wave.refused) - len(wave.buried)
        if wave.buried:
            started.is_clean = False
            started.not_started |= set(wave.buried)
            self.slots.drop(wave.labourer.name, wave.buried)
        if wave.refused:
            started.is_clean = False
            started.not_started |= {task.id for task, _ in wave.refused}
            self._give_back(wave)

    def _try(self, wave: _Wave, task: Task) -> None:
        if wave.is_stopped:
            wave.refused.append((task, THROTTLED_DELAY))
            return
        try:
            if isinstance(task.payload, dict):
                self._invoke(wave, task)
            else:
                self._bury(wave, task)
        except Exception:
            # Whatever it is, the other claimed tasks must not wait for it: the end of the lease tells how it went.
            log.exception("invoke.failed", extra={"task_id": task.id, "labourer": task.labourer})

    def _invoke(self, wave: _Wave, task: Task) -> None:
        """Start the claimed attempt; notes when it certainly was not started."""
        told, begun = {"task_id": task.id, "labourer": task.labourer}, self.clock.now()
        try:
            self.invoker.start(wave.labourer.arn, worker_event(task, max_attempts=wave.labourer.retry.most_attempts))
        except InvokeUncertain as error:
            wave.is_stopped |= self.clock.now() - begun >= HANGING
            log.warning("invoke.uncertain", extra={**told, "why": str(error)})
        except InvokeRefused as error:
            wave.is_stopped |= error.is_passing
            log.warning("invoke.refused", extra={**told, "why": str(error)})
            wave.refused.append((task, THROTTLED_DELAY if error.is_passing else REFUSED_DELAY))
        else:
            delay = round((self.clock.now() - wave.due[task.id]) / MILLISECOND)
            self.metrics.note({STARTED: 1, DISPATCH_DELAY: max(0, delay)}, Owner.labourer(task.labourer))
            log.info("task.started", extra={**told, "attempt": task.attempt, "delay_ms": delay})

    def _bury(self, wave: _Wave, task: Task) -> None:
        """No Worker can be sent what is no object, and no retry mends that: it must hold up nothing behind it."""
        now, labourer = self.clock.now(), wave.labourer
        message = "the payload in the tasks table is no JSON object: sosw wrote one, so something else has changed it"
        failure = Failure(attempt=task.attempt, at=now, error="PayloadUnreadable", message=message)
        policy, retention = labourer.retry, labourer.retention
        move = lifecycle.fail(task, failure, policy=policy, retention=retention, jitter=0, is_retryable=False)
        wave.buried[task.id] = self.tasks.apply(move).version
        log.error("task.unreadable", extra={"task_id": task.id, "labourer": task.labourer})

    def _give_back(self, wave: _Wave) -> None:
        """No attempt is burnt. What cannot be given back now is left to its lease, and keeps its slot until then."""
        now = self.clock.now()
        moves = [(lifecycle.give_back(task, due=now + delay), task) for task, delay in wave.refused]
        outcomes = self.tasks.apply_all([move for move, _ in moves])
        returned: dict[TaskId, int] = {}
        for (move, task), outcome in zip(moves, outcomes, strict=True):
            if outcome is Outcome.APPLIED:
                returned[task.id] = lifecycle.apply(move, task).version
            else:
                log.info("give_back.failed", extra={"task_id": task.id, "why": outcome.value})
        if returned:
            self.slots.drop(wave.labourer.name, returned)
