"""1,000 tasks while everything goes wrong that can: none is lost, none is closed twice."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sosw.aws.dynamodb import DynamoConfigSource
from sosw.domain.task import JobId, LabourerName, Task, TaskId, task_id
from sosw.local import LocalStack, local_stack
from sosw.settings import ESSENTIAL_CONFIG
from tests.e2e.chaos.faults import ENDS, Dice, Fault
from tests.e2e.chaos.havoc import Killer, Stream, another_version
from tests.e2e.chaos.proxy import Proxy, serving
from tests.e2e.chaos.verdict import Verdict, judge, most_at_once, runs
from tests.e2e.conftest import ROOT, Deployment

SEED = int(os.environ.get("SOSW_CHAOS_SEED", "1"))
TASKS = int(os.environ.get("SOSW_CHAOS_TASKS", "1000"))
LIMIT, ATTEMPTS = max(4, min(16, TASKS // 20)), 8
JOB, WORKER = JobId("chaos"), "chaotic"
ESSENTIALS = ROOT / "cloudformation" / "sosw.yaml"
POISON = task_id(JOB, TASKS // 2)
PER_WORKER_KILLED, PER_ESSENTIAL_KILLED = 90, 150
"""Records of the stream: so much work is done, however slow the machine is, until one more process is killed."""
TICK, BETWEEN_SWEEPS = 0.2, 2.0
"""Seconds. The minute rules are there too; sweeps come more often, so that what has died is found in seconds."""
PATIENCE = 900.0
CONFIG = {
    "task_config": {
        "labourers": {
            WORKER: {
                "max_simultaneous_invocations": LIMIT,
                "max_attempts": ATTEMPTS,
                "duration": 8,
                "cooldown": 12,
                "retry": {"growth": "fixed", "base": 1, "cap": 1},
            }
        }
    },
    "job_schema_variants": {"by_shop": {"chunkable_attrs": [["shop", {}]]}},
}


class Chaos:
    """The system, the faults around it, and the witnesses."""

    def __init__(self, stack: LocalStack, proxy: Proxy, witness: Path, folder: Path) -> None:
        chance = random.Random(SEED)
        self.deployment, self.proxy, self.witness, self.folder = Deployment(stack), proxy, witness, folder
        self.names = self.deployment.names
        self.killer = Killer(stack, chance)
        self.stream = Stream(stack, f"{self.names.prefix}-tasks", chance)
        self.store, self.lambda_ = self.deployment.tasks, stack.client("lambda")
        self.ids = [task_id(JOB, number) for number in range(TASKS)]
        self.redeployed = 0

    def submit(self) -> None:
        """Until it is accepted, and once more: the Scheduler is killed and cut off like all others."""
        shops = [f"shop {number}" for number in range(TASKS)]
        shops[TASKS // 2] = "poison"
        job = {"lambda_name": WORKER, "job_schema_name": "by_shop", "isolate_shops": True, "shops": shops}
        accepted = 0
        while accepted < 2:
            said = self.deployment.submit({**job, "idempotency_key": JOB})
            accepted += "errorMessage" not in said

    def rage(self) -> None:
        """Until all tasks are closed."""
        deadline, is_over = time.monotonic() + PATIENCE, threading.Event()
        with ThreadPoolExecutor(2) as pool:
            others = [pool.submit(self._redeploy), pool.submit(self._sweep, is_over)]
            try:
                while len(self.closed()) < TASKS or not others[0].done():
                    assert time.monotonic() < deadline, f"after {PATIENCE:.0f} s: {self._open()[:3]}"
                    self._tick()
                    time.sleep(TICK)
            finally:
                is_over.set()
            for other in others:
                other.result()

    def _tick(self) -> None:
        self.stream.follow(self.names.scavenger)
        killed = self.killer.killed
        if self.stream.records // PER_WORKER_KILLED > killed[WORKER]:
            self.killer.kill_one(WORKER)
        if self.stream.records // PER_ESSENTIAL_KILLED > killed.total() - killed[WORKER]:
            self.killer.kill_one(self.names.prefix)

    def _sweep(self, is_over: threading.Event) -> None:
        """As the minute rules do, one after the other."""
        while not is_over.wait(BETWEEN_SWEEPS):
            for function in (self.names.scavenger, self.names.orchestrator):
                self.lambda_.invoke(FunctionName=function, Payload="{}")

    def _redeploy(self) -> None:
        """With other code, and back: every function is replaced while it works."""
        for template in (another_version(ROOT, self.folder), ESSENTIALS):
            self.deployment.stack.deploy(template, "sosw")
            self.redeployed += 1

    def closed(self) -> list[TaskId]:
        """By the stream."""
        return [name for name, steps in self.stream.history.items() if steps[-1].state.is_closed]

    def _open(self) -> list[Task]:
        return [task for task in self.store.get_many(self.ids).values() if not task.state.is_closed]

    def calm(self) -> None:
        """No more faults: what is under way ends, and the last slots are freed."""
        self.proxy.dice.is_armed = False
        self.proxy.let_arrive()
        self.deployment.wait_for(self._is_quiet, patience=90)
        while self.stream.read():
            pass

    def _is_quiet(self) -> bool:
        self.deployment.invoke(self.names.scavenger, {})
        return not any(row.names for row in self.deployment.slots.rows(LabourerName(WORKER)))

    def verdict(self) -> tuple[Verdict, int]:
        """And the most attempts that ran at once."""
        lines = [json.loads(line) for line in self.witness.read_text().splitlines()]
        seen = runs([*lines, *self.killer.lines])
        tasks, history = self.store.get_many(self.ids), self.stream.history
        return judge(self.ids, tasks=tasks, history=history, seen=seen, poison=POISON), most_at_once(seen)

    def told(self, verdict: Verdict) -> str:
        """The one line."""
        killed = self.killer.killed
        faults = [f"{times:,} {fault.value}" for fault, times in self.met().items()]
        faults.append(f"{self.own_deaths() + killed[WORKER]:,} workers killed")
        faults.append(f"{killed.total() - killed[WORKER]:,} essentials killed")
        faults.append(f"{self.redeployed} deployments, {self.stream.retold:,} records told twice")
        counts = f"{verdict.done:,} done, {verdict.dead} dead, {len(verdict.lost)} lost, {len(verdict.twice)} twice"
        return f"chaos: {TASKS:,} tasks, {counts}; faults: {', '.join(faults)} (seed {SEED})"

    def met(self) -> dict[Fault, int]:
        """How often each fault happened; overtaken is what has met a later attempt, not all that was held for it."""
        dice, overtaken = self.proxy.dice, self.proxy.overtaken
        return {fault: dice.met[fault] for fault in Fault} | {Fault.OVERTAKEN: overtaken.met.total()}

    def own_deaths(self) -> int:
        return self.witness.read_text().count('"killed"')


@contextmanager
def chaos(folder: Path) -> Iterator[Chaos]:
    witness = folder / "witness.jsonl"
    witness.touch()
    with serving(Dice(SEED, spared=WORKER)) as proxy:
        variables = {"AWS_ENDPOINT_URL": proxy.endpoint, "CHAOS_SEED": str(SEED), "CHAOS_WITNESS": str(witness)}
        with local_stack(ROOT, name="chaos", variables=variables) as stack:
            proxy.target = stack.endpoint
            stack.deploy(ESSENTIALS, "sosw")
            stack.deploy(ROOT / "tests" / "e2e" / "chaos" / "worker.yaml", "worker")
            DynamoConfigSource.for_prefix("sosw", region=stack.region, endpoint=stack.endpoint).put(
                ESSENTIAL_CONFIG, CONFIG
            )
            proxy.dice.is_armed = True
            yield Chaos(stack, proxy, witness, folder)


@pytest.mark.chaos
def test_whatever_goes_wrong_no_task_is_lost_and_none_is_closed_twice(
    tmp_path: Path, say: Callable[[str], None]
) -> None:
    with chaos(tmp_path) as raging:
        raging.submit()
        raging.rage()
        raging.calm()
        verdict, most = raging.verdict()
        say(raging.told(verdict))

        assert (verdict.lost, verdict.twice) == ([], [])
        assert (verdict.done, verdict.dead) == (TASKS - 1, 1)
        assert raging.store.get_many([POISON])[POISON].tries == ATTEMPTS
        assert most <= LIMIT
        assert_all_happened(raging)


def assert_all_happened(raging: Chaos) -> None:
    """Else the test has shown nothing."""
    met: dict[Any, int] = dict(raging.met())
    met |= {f"overtaken: {end}": raging.proxy.overtaken.met[end] for end in ENDS}
    killed = raging.killer.killed
    met |= {"worker killed": killed[WORKER], "essential killed": killed.total() - killed[WORKER]}
    met |= {"killed itself": raging.own_deaths(), "told twice": raging.stream.retold, "deployed": raging.redeployed}
    assert [what for what, times in met.items() if not times] == []
