"""A whole environment of sosw in memory, for tests of Workers: the real roles, real code, and a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sosw.domain.declaration import Declaration
from sosw.domain.errors import InvalidInput, SoswError, did_you_mean, invalid
from sosw.domain.task import JobId, Task, TaskState
from sosw.testing.simulation import STILL, Simulation, Workers
from sosw.worker import Worker

if TYPE_CHECKING:
    from sosw.domain.job import Job
    from sosw.testing.sources import InMemorySources

WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
_SHOWN = 5


class NotFinished(SoswError):
    """Tasks are open although the clock was moved on as far as it may be; `open` has them."""

    def __init__(self, open_tasks: list[Task], within: timedelta) -> None:
        self.open = open_tasks
        shown = [
            f"{task.id} {task.state.value}, due {task.greenfield:%Y-%m-%d %H:%M:%S}" for task in open_tasks[:_SHOWN]
        ]
        more = [f"{len(open_tasks) - _SHOWN} more"] if len(open_tasks) > _SHOWN else []
        super().__init__(
            f"after {within} of the clock this is not over: {'; '.join(shown + more) or 'the job, without a task yet'}"
            " (give run(within=…) more time, or see whether a limit is 0)"
        )


class Rehearsal:
    """Jobs go through the Scheduler, the Orchestrator, the WorkerAssistant and the Scavenger to your Workers' code.

    Nothing takes time but the Workers, `seconds` for each attempt, and what waits: the clock jumps from one event to
    the next, and every run is the same. `clock` tells the time in it, `attempts` how the code of each went, and
    `handed` what functions that `on_dead` names were sent, as (function, event). `close` it when you are done.
    """

    def __init__(
        self, settings: Mapping[str, Any], workers: Mapping[str, Callable[[], Worker] | Workers], *,
        seconds: float = 1.0, sources: InMemorySources | None = None,
    ) -> None:  # fmt: skip
        """`settings` as `labourers.yaml` says them, or as they are stored; raises `InvalidInput` for what is wrong.

        `workers`: for each labourer its class, or what makes it; or `Workers`, for one of whom there is no code. Every
        labourer must have one. `sources` are the objects that jobs may be read from.
        """
        found = Declaration.of(settings).over({})
        if found.problems:
            raise InvalidInput(found.problems)
        crews = {name: _crew(name, how, seconds) for name, how in workers.items()}
        for name in found.config.get("task_config", {}).get("labourers", {}):
            if name not in crews:
                raise invalid("workers", sorted(crews), f"has no Worker for the labourer {name!r}")
        self._simulation = Simulation(found.config, profile=STILL, workers=crews, sources=sources)
        self.clock, self.attempts = self._simulation.clock, self._simulation.ran
        self.handed = self._simulation.handed
        self._begun = self.clock.now()

    def submit(self, job: Mapping[str, Any]) -> JobId:
        """A job, in any form that the Scheduler takes; it begins when the clock moves.

        Its id is its key, or `job-1`, `job-2`, …
        """
        return self._simulation.submit(job, at=self._passed)

    def run(self, *jobs: Mapping[str, Any], within: timedelta = WEEK) -> list[Task]:
        """Submit these jobs, if any, and move the clock until all tasks are over; the tasks of these jobs, in order.

        Raises what is wrong with a job, and `NotFinished` when the clock has moved by `within`.
        """
        ids = [self.submit(job) for job in jobs]
        figures = self._simulation.run(until=self._passed + within)
        if figures.ended_at is None:
            raise NotFinished([task for task in self.tasks if not task.state.is_closed], within)
        self.advance(SECOND)  # what the stream tells of the last task is counted
        return [task for task in self.tasks if task.job_id in ids]

    def advance(self, by: timedelta) -> None:
        """Move the clock by so much: what falls due meanwhile happens, retries and sweeps among it."""
        until = self._passed + by
        while self._passed < until:
            self._simulation.run(until=until)

    @property
    def tasks(self) -> list[Task]:
        """All that there are now, job by job as they were submitted, in the order of their numbers."""
        turns = {job_id: turn for turn, job_id in enumerate(self._simulation.jobs.jobs)}
        return sorted(self._simulation.tasks.tasks.values(), key=lambda task: (turns[task.job_id], _number(task)))

    @property
    def results(self) -> list[Any]:
        """Of the tasks that are done, in their order."""
        return [task.result for task in self.tasks if task.state is TaskState.DONE]

    @property
    def dead(self) -> list[Task]:
        """The tasks that were given up; their `failures` tell why."""
        return [task for task in self.tasks if task.state is TaskState.DEAD]

    def job(self, job_id: str) -> Job:
        """As it stands now; raises `InvalidInput` where there is none."""
        job = self._simulation.jobs.get(JobId(job_id))
        if job is None:
            raise invalid("job_id", job_id, "is no job here", did_you_mean(job_id, self._simulation.jobs.jobs))
        return job

    @property
    def most_at_once(self) -> dict[str, int]:
        """Attempts that ran at once, at most, by labourer."""
        figures = self._simulation.figures
        return {name: usage.most for name, usage in figures.usage.items()}

    def close(self) -> None:
        """End its threads; it cannot be run any more."""
        self._simulation.close()

    @property
    def _passed(self) -> timedelta:
        return self.clock.now() - self._begun


def _crew(name: str, how: Any, seconds: float) -> Workers:
    if isinstance(how, Workers):
        return how
    if isinstance(how, Worker) or not callable(how):
        raise invalid(f"workers.{name}", how, "must be the class of a Worker, or a function that makes one")
    return Workers(seconds=(seconds, seconds), code=how)


def _number(task: Task) -> int:
    return int(task.id.rpartition("#")[2])
