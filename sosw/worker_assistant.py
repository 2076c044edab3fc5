"""The one writer for Workers: closes what they report. Workers themselves need no rights on any table."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain import destinations, lifecycle
from sosw.domain.errors import StaleTask
from sosw.domain.report import COMPLETE, HEARTBEAT, SNOOZE, Report
from sosw.domain.settings import EssentialSettings
from sosw.domain.stored_values import Loan
from sosw.domain.task import Task, TaskState
from sosw.processor import Processor
from sosw.vault import NO_VAULT, NoVault, Vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from sosw.domain.lifecycle import Transition
    from sosw.ports import Clock, TaskStore
    from sosw.signal_desk import SignalDesk

log = logging.getLogger(__name__)

_OPEN = (TaskState.RUNNING, TaskState.QUEUED)
"""Of a task whose latest attempt may still succeed."""
END_ROUNDS = 5
"""So often a failure is decided anew when the task moved meanwhile."""


class WorkerAssistant(Processor):
    """Every report names its attempt. One that comes twice, late or for a task that is gone changes nothing."""

    def __init__(
        self,
        custom_config: Mapping[str, Any] | None = None,
        *,
        tasks: TaskStore,
        clock: Clock,
        jitter: Callable[[], float],
        desk: SignalDesk | None = None,
        vault: Vault | NoVault = NO_VAULT,
    ) -> None:
        """`desk` takes what reports signal of resources; without one, nobody listens. `vault` has large values."""
        super().__init__(custom_config)
        self.settings = EssentialSettings.from_mapping(self.config)
        self.tasks, self.clock, self.jitter = tasks, clock, jitter
        self.desk, self.vault = desk, vault

    def answer(self, event: Any) -> dict[str, Any]:
        """What a Worker gets that wants a large payload, or has a large result; else as for any report."""
        loan = Loan.from_event(event)
        return self(event) if loan is None else self._lend(loan)

    def knows(self, event: Any) -> bool:
        """Whether the labourer and the resources that a report names are in the settings."""
        if not isinstance(event, Mapping):
            return True
        signals, labourer = event.get("signals"), event.get("labourer")
        named = list(signals) if isinstance(signals, Mapping) else []
        is_known = not isinstance(labourer, str) or labourer in self.settings.labourers
        return is_known and all(name in self.settings.resources for name in named)

    def __call__(self, event: Any) -> dict[str, Any]:
        """Take one report, or the record of a destination; raises `InvalidInput` for what is neither.

        The answer says what the task is now.
        """
        report = destinations.read(event, result_limit=self.vault.result_limit)
        if isinstance(report, destinations.NoNews):
            self.stats["records_ignored"] += 1
            return report.to_answer()
        try:
            task = self._take(*self.vault.kept(report))
        except StaleTask as stale:
            return self._refuse(report, stale)
        self.stats[f"reports_{report.action}"] += 1
        log.info("task.%s", report.action, extra=_facts(report))
        self._listen(report)
        return {"accepted": True, "state": task.state.value}

    def _lend(self, loan: Loan) -> dict[str, Any]:
        """A URL to the attempt that would be heard: what others left, and what is closed, is out of its reach."""
        task = self.tasks.get(loan.task_id)
        if task is None or task.state not in _OPEN or task.attempt != loan.attempt:
            self.stats["loans_refused"] += 1
            return {"url": None, "why": str(StaleTask(loan.task_id, loan.action, task))}
        return {"url": self.vault.lend(loan)}

    def _take(self, report: Report, result_at: str | None) -> Task:
        """`result_at` is where its result is, if that is too large for the table."""
        now = self.clock.now()
        if report.action == COMPLETE:
            return self.tasks.apply(
                lifecycle.complete(
                    report.task_id,
                    attempt=report.attempt,
                    now=now,
                    retention=self.settings.labourer_or_default(report.labourer).retention,
                    result=report.result,
                    result_at=result_at,
                    stats=report.stats,
                    invocation=report.invocation,
                )
            )
        if report.action == HEARTBEAT:
            until = now + self.settings.labourer_or_default(report.labourer).lease
            beat = lifecycle.heartbeat(report.task_id, attempt=report.attempt, lease_until=until, said=report.said)
            return self.tasks.apply(beat)
        return self._end(report)

    def _listen(self, report: Report) -> None:
        """After the answer, and only once for each attempt: of reports that changed nothing, nothing is heard."""
        for what, count in (self.desk.take(report.signals, self.settings.resources) if self.desk else {}).items():
            self.stats[what] += count

    def _end(self, report: Report) -> Task:
        """Read, decide, write: begun anew when a heartbeat or a recall came between."""
        for _ in range(END_ROUNDS - 1):
            try:
                return self._try_to_end(report)
            except StaleTask as stale:
                if not _is_running(stale.found, report):
                    raise
        return self._try_to_end(report)

    def _try_to_end(self, report: Report) -> Task:
        task = self.tasks.get(report.task_id)
        if task is None or not _is_running(task, report):
            raise StaleTask(report.task_id, report.action, task)
        return self.tasks.apply(self._snoozed(task, report) if report.action == SNOOZE else self._failed(task, report))

    def _snoozed(self, task: Task, report: Report) -> Transition:
        labourer = self.settings.labourer_or_default(task.labourer)
        return lifecycle.snooze(
            task,
            attempt=report.attempt,
            now=self.clock.now(),
            delay=timedelta(seconds=report.delay or 0),
            policy=labourer.retry,
            retention=labourer.retention,
            stats=report.stats,
            note=report.note,
        )

    def _failed(self, task: Task, report: Report) -> Transition:
        labourer = self.settings.labourer_or_default(task.labourer)
        return lifecycle.fail(
            task,
            report.failure(now=self.clock.now(), started_at=task.started_at, known=task.invocation),
            policy=labourer.retry,
            retention=labourer.retention,
            jitter=self.jitter(),
            is_retryable=report.is_retryable,
            stats=report.stats,
            delay=None if report.delay is None else timedelta(seconds=report.delay),
            runs_on=timedelta(seconds=report.runs_on or 0),
            partial=report.result,
        )

    def _refuse(self, report: Report, stale: StaleTask) -> dict[str, Any]:
        """Somebody was faster, or this report came before: a normal answer."""
        self.stats["reports_stale"] += 1
        log.info("report.stale", extra={**_facts(report), "why": str(stale)})
        return {"accepted": False, "state": stale.found.state.value if stale.found else None, "why": str(stale)}


def _is_running(task: Task | None, report: Report) -> bool:
    return task is not None and task.state is TaskState.RUNNING and task.attempt == report.attempt


def _facts(report: Report) -> dict[str, Any]:
    return {"task_id": report.task_id, "attempt": report.attempt, "labourer": report.labourer}
