"""Our Essentials as they are deployed: the handlers of their Lambdas, their stores and clients, and what that costs.

Lambda itself is a stand-in within the process; the tables are those of the DynamoDB that the environment names.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime, timedelta
from typing import Any, cast

from bench import jobs
from bench.fake_lambda import FakeLambda
from bench.here.scheduler import Context
from bench.meter import Bill
from sosw.aws.dynamodb.models import CONFIG
from sosw.aws.lambda_ import LambdaInvoker
from sosw.clock import SystemClock
from sosw.essential import orchestrator_handler, scavenger_handler, scheduler_handler, worker_assistant_handler
from sosw.ports import JobStore
from sosw.settings import ESSENTIAL_CONFIG, Names

PREFIX, BUCKET = os.environ.get("SOSW_PREFIX", "bench"), "bench"
_HANDLERS = {
    "scheduler": scheduler_handler,
    "orchestrator": orchestrator_handler,
    "worker_assistant": worker_assistant_handler,
    "scavenger": scavenger_handler,
}
_FIFTEEN_MINUTES_MS = 900_000
TICK = timedelta(milliseconds=1)


class Ticking(SystemClock):
    """Begins now, and goes on a millisecond each time that it is asked: what is read once a minute, say, is read as
    often on every machine. Threads share it.
    """

    def __init__(self) -> None:
        self._moving, self._now = threading.Lock(), super().now()

    def now(self) -> datetime:
        """See `Clock.now`."""
        self.wait(TICK)
        return self._now

    def wait(self, time_to_pass: timedelta) -> None:
        """As if all had slept: who lingers sees that no Worker has ended meanwhile, and leaves."""
        with self._moving:
            self._now += time_to_pass


class Essentials:
    """Each Essential warm in a container of its own; `bill` has the calls of all, `fake.invoked` what they invoked."""

    def __init__(self, *observers: Any) -> None:
        """`observers` are called at botocore's `before-call` and `after-call` of DynamoDB."""
        os.environ["SOSW_PREFIX"] = PREFIX
        os.environ.setdefault("SOSW_WAKE_QUEUE", "http://127.0.0.1:9/none")
        os.environ.setdefault("SOSW_BUCKET", BUCKET)
        self.names, self.bill, self.clock = Names(PREFIX), Bill(), Ticking()
        self.fake = FakeLambda(self.bill.add)
        self._handlers = {role: make() for role, make in _HANDLERS.items()}
        self._let_none_sleep(cast("Any", self._handlers["orchestrator"]))
        for handler in self._handlers.values():
            world = cast("Any", handler)._world
            vars(world).update(invoker=LambdaInvoker(client=cast("Any", self.fake)), clock=self.clock)
            events = world.database.client.meta.events
            events.register("before-call", self.bill.sent)
            events.register("after-call", self.bill)
            for observer in observers:
                events.register("before-call", observer.before)
                events.register("after-call", observer.after)

    def _let_none_sleep(self, orchestrator: Any) -> None:
        """Where it would linger, the clock goes on."""
        build = orchestrator._build

        def built(*what: Any) -> Any:
            role = build(*what)
            role.waves.refilling.wait = self.clock.wait
            return role

        orchestrator._build = built

    def __call__(self, role: str, event: Any, *, request_id: str = "bench") -> dict[str, Any]:
        """The answer of that Essential, which has all the time that there is; nobody sleeps in it."""
        answer: dict[str, Any] = self._handlers[role](event, Context(request_id, lambda: _FIFTEEN_MINUTES_MS))
        return answer

    @property
    def jobs(self) -> JobStore:
        """To look at."""
        return cast("JobStore", cast("Any", self._handlers["scavenger"])._world.jobs)

    def handed_over(self) -> Any:
        """The event with which the Orchestrator has invoked another of itself, taken out of what was invoked."""
        for function, event in list(self.fake.invoked):
            if function == self.names.orchestrator:
                self.fake.invoked.remove((function, event))
                return json.loads(event)
        return None

    def forget(self) -> None:
        """Every Essential reads its configuration anew."""
        for handler in self._handlers.values():
            cast("Any", handler)._role = None


def configure(client: Any, labourers: dict[str, int]) -> None:
    """Store the configuration with those labourers, by their limits."""
    known = {name: {"max_simultaneous_invocations": limit} for name, limit in labourers.items()}
    content = {"task_config": {"labourers": known}, "job_schema_variants": {"default": _schema()}}
    row = {"env": "production", "config_name": ESSENTIAL_CONFIG, "config_value": json.dumps(content)}
    item: Any = {name: {"S": value} for name, value in row.items()}
    client.put_item(TableName=CONFIG.table_name(PREFIX), Item=item)


def _schema() -> dict[str, Any]:
    return {"chunkable_attrs": [[name, {}] for name in jobs.SCHEMA]}
