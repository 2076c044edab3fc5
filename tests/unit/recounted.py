"""A world with a job whose stream can be lost, for tests of totals."""

from __future__ import annotations

from datetime import timedelta

from sosw.domain import job as moves
from sosw.domain import lifecycle
from sosw.domain.job import Job, Totals
from sosw.domain.messages import Change
from sosw.domain.recount import Recount
from sosw.domain.retry import RetryPolicy
from sosw.domain.task import Failure, JobId, task_id
from tests.factories import DAY, JOB, LABOURER, NOW, World, a_task

MINUTE = timedelta(minutes=1)


class Jobs(World):
    """With the job of `tasks` tasks, all written; `tell` is what the stream brings, the rest is lost."""

    def __init__(self, tasks: int = 3, *, job_id: JobId = JOB) -> None:
        super().__init__(limit=0)
        self.tasks.create([a_task(n, id=task_id(job_id, n), job_id=job_id) for n in range(tasks)])
        self.open(tasks, job_id)
        self.batches = 0

    def open(self, tasks: int, job_id: JobId = JOB) -> None:
        job = self.jobs.open(Job(id=job_id, labourer=LABOURER, submitted_at=NOW, held_until=NOW, body="{}"))
        self.jobs.apply(moves.ready(self.jobs.apply(moves.hold(job, now=NOW, until=NOW + MINUTE)), total=tasks))

    def tell(self, *changes: Change) -> None:
        self.batches += 1
        self.scavenger().pass_on(changes or self.tasks.changes, token=f"batch {self.batches}")

    def end(self, *numbers: int, dies: bool = False, fails: int = 0) -> None:
        """Each fails so often, then is done or dead."""
        for number in numbers:
            task = self.tasks.tasks[task_id(JOB, number)]
            for left in reversed(range(fails + 1)):
                task = self.tasks.apply(lifecycle.claim(task, row=0, now=NOW, lease=DAY))
                if left or dies:
                    failure = Failure(attempt=task.attempt, at=self.clock.now(), error=f"E{task.attempt}")
                    policy = RetryPolicy(max_attempts=50 if left else 1)
                    move = lifecycle.fail(task, failure, policy=policy, retention=DAY, jitter=0)
                else:
                    now = self.clock.now()
                    move = lifecycle.complete(task.id, attempt=task.attempt, now=now, retention=DAY)
                task = self.tasks.apply(move)

    def sweep(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            self.scavenger().sweep()

    def sweep_for(self, time: timedelta) -> None:
        self.sweep(int(time / MINUTE))

    def totals(self, job_id: JobId = JOB) -> Totals:
        return self.jobs.jobs[job_id].totals

    @property
    def recount(self) -> Recount:
        seen = self.jobs.recount(JOB)
        assert seen is not None
        return seen


def lost(world: Jobs) -> None:
    """Whatever happened so far is not told by the stream."""
    world.tasks.changes.clear()
