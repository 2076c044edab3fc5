"""The steps of tasks' lives in sosw 0.7.51, each by its own Essential while warm: for the programs beside this one."""

from __future__ import annotations

import importlib
import json
from typing import Any

deployed: Any = importlib.import_module("bench.peer.deployed")
fake_lambda: Any = importlib.import_module("bench.fake_lambda")
phases: Any = importlib.import_module("bench.phases")


class Life:
    """Each step for all tasks at once. There is room for one Essential at a time in a process."""

    def __init__(self, bill: Any, configuration: dict[str, Any]) -> None:
        self._bill, self._configuration = bill, configuration
        self.phase = phases.Phases(bill)

    def create(self, submitted: list[Any]) -> None:
        """The tasks of jobs; a job may be a function that comes before the next one, and is not counted."""
        scheduler = deployed.Essential("scheduler", self._configuration)
        for job in submitted:
            if callable(job):
                job()
                continue
            with self.phase(phases.CREATE):
                scheduler(job)

    def claim(self) -> list[str]:
        """The ids of those that were started."""
        fake = fake_lambda.FakeLambda(self._bill.add)
        orchestrator = deployed.Essential("orchestrator", self._configuration)
        orchestrator.invokes(fake)
        with self.phase(phases.CLAIM):
            orchestrator({})
        return [json.loads(event)["task_id"] for _, event in fake.invoked]

    def report(self, started: list[str]) -> None:
        """They have succeeded."""
        assistant = deployed.Essential("worker_assistant", self._configuration)
        for task in started:
            with self.phase(phases.COMPLETE):
                self._bill.add("lambda:Invoke")  # the Worker's, of the WorkerAssistant
                assistant({"action": "mark_task_as_completed", "task_id": task, "stats": {"n": 1}})

    def archive(self) -> None:
        """A minute of the Scavenger."""
        scavenger = deployed.Essential("scavenger", self._configuration)
        with self.phase(phases.ARCHIVE):
            scavenger({})
