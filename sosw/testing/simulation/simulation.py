"""An environment of sosw in simulated time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

from sosw.domain.errors import invalid
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId
from sosw.testing.clock import FakeClock
from sosw.testing.simulation.cast import Cast
from sosw.testing.simulation.engine import Engine
from sosw.testing.simulation.figures import Figures
from sosw.testing.simulation.ports import Calls
from sosw.testing.simulation.profile import LOCAL, Faults, Profile, Workers
from sosw.testing.sources import InMemorySources

MINUTE = timedelta(minutes=1)
MOST_ORCHESTRATORS = 16


class Simulation:
    """The real roles over the stores in memory. The same settings, seed and jobs tell the same story.

    `tasks`, `slots` and `jobs` are its tables, and `bucket` has its archive, to be looked at between two runs. `ran`
    has the attempts of Workers with code, as they ended; `handed` what the functions for the dead were sent.
    `close` it when you are done.
    """

    def __init__(
        self, settings: Mapping[str, Any], *, seed: int = 0, profile: Profile = LOCAL, faults: Faults | None = None,
        workers: Mapping[str, Workers] | None = None, orchestrators: int = 1, sources: InMemorySources | None = None,
    ) -> None:  # fmt: skip
        """`settings` are those of the Essentials, as they are stored; raises `InvalidInput` for what is wrong in them.

        `workers`: how attempts go, by labourer; one second each where it does not say. `orchestrators`: so many, 1 to
        16, are started by each wake and by each minute rule, to be in each other's way.
        """
        known, config = EssentialSettings.checked(settings), dict(settings)
        for name in workers or {}:
            known.labourer(name, path="workers")
        if not 1 <= orchestrators <= MOST_ORCHESTRATORS:
            raise invalid("orchestrators", orchestrators, f"must be 1 to {MOST_ORCHESTRATORS}")
        self.clock = FakeClock()
        self._begun, self._engine = self.clock.now(), Engine(self.clock)
        calls = Calls(self._engine, profile, faults or Faults(), Random(seed))
        self._cast = Cast(
            config, calls=calls, workers=workers or {}, orchestrators=orchestrators, die=Random(seed + 1),
            sources=sources or InMemorySources(),
        )  # fmt: skip
        self.tasks, self.slots, self.jobs = self._cast.tasks, self._cast.slots, self._cast.jobs
        self.bucket, self.ran, self.handed = self._cast.objects, self._cast.ran, self._cast.handed
        self._submitted: set[JobId] = set()
        self.tasks.listeners.append(lambda _before, _after: self._look_whether_all_is_over())
        self._engine.after(MINUTE, self._minute)

    def submit(self, job: Mapping[str, Any], *, at: timedelta = timedelta()) -> JobId:
        """A job, in any form that the Scheduler takes, `at` so long after the beginning, or now if that is past.

        Its id. `run` raises what is wrong with it. One without a key gets one: `job-1`, `job-2`, …
        """
        key = job.get("idempotency_key", f"job-{len(self._submitted) + 1}")
        event = {**job, "idempotency_key": key} if "job" in job else {"job": dict(job), "idempotency_key": key}
        self._submitted.add(JobId(key))
        self.figures.ended_at = None
        self._engine.at(self._begun + at, lambda: self._offer(JobId(key), event))
        return JobId(key)

    def _offer(self, key: JobId, event: Mapping[str, Any]) -> None:
        """Again each minute, until there is such a job: its Scheduler may have died before."""
        self._cast.submit(event)
        self._engine.after(MINUTE, lambda: None if key in self.jobs.jobs else self._offer(key, event))

    def run(self, *, until: timedelta | None = None) -> Figures:
        """Until all that was submitted is over, or `until` so long after the beginning; what was seen so far.

        May be called again, also after more was submitted. Without an `until`, a labourer that may start nothing (limit
        0) makes it go on for ever.
        """
        self._engine.run(None if until is None else self._begun + until)
        return self.figures

    @property
    def figures(self) -> Figures:
        """What was seen so far."""
        return self._cast.observer.figures

    def _minute(self) -> None:
        self._cast.minute()
        self._look_whether_all_is_over()
        self._engine.after(MINUTE, self._minute)

    def _look_whether_all_is_over(self) -> None:
        if not self._cast.observer.is_all_closed:
            return
        jobs = self.jobs.jobs
        if self._submitted <= jobs.keys() and not any(job.state.is_open for job in jobs.values()):
            self.figures.ended_at = self.clock.now()
            self._engine.is_done = True

    def close(self) -> None:
        """End the threads of what is still under way; it cannot be run any more."""
        self._engine.close()
