"""`make verify-deploy`: sosw's own stack from nothing to away again, as one deploys it, where rights are enforced.

Deploys it by `sosw deploy`, with a Worker, the watch and a schedule beside it, runs a job of a cron rule, a dead letter
and its replay, updates the stack while tasks run, takes all of it away and back, and away for good. Every check is
told; the last line is `deploy: N checks, 0 failed`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from sosw import Client
from sosw.clock import SystemClock
from sosw.local import local_stack
from tests.e2e.conftest import ROOT, Deployment, run

if TYPE_CHECKING:
    from subprocess import CompletedProcess

SHOPS: dict[str, Any] = {"job_schema_name": "by_shop", "isolate_shops": True}
LABOURER = {"max_simultaneous_invocations": 4, "duration": 10, "cooldown": 60, "retry": {"base": 0, "cap": 0}}
SETTINGS = {
    "labourers": {"obedient": LABOURER},
    "job_schema_variants": {"by_shop": {"chunkable_attrs": [["shop", {}]]}},
}
JOB = {"lambda_name": "obedient", "data": "by the rule"}
WORKER = str(ROOT / "tests" / "e2e" / "worker.yaml")
TABLES = 5


@dataclass
class Checks:
    """What was looked at, and how often it was not as it must be."""

    tell: Callable[[str], object]
    made: int = 0
    failed: list[str] = field(default_factory=list)

    def __call__(self, what: str, is_so: object, seen: object = "") -> None:
        self.made += 1
        if not is_so:
            self.failed.append(what)
        self.tell(f"{'ok    ' if is_so else 'FAILED'} {what}" + (f": {seen}" if seen and not is_so else ""))

    @property
    def verdict(self) -> str:
        return f"deploy: {self.made} checks, {len(self.failed)} failed"


class Verification:
    """One run over one local stack."""

    def __init__(self, deployment: Deployment, checks: Checks, folder: Path) -> None:
        self._at, self._check, self._stack = deployment, checks, deployment.stack
        self._folder, self._schedule = folder, str(folder / "each-minute")
        self._client = Client()

    def whole(self) -> None:
        """All of it, in order."""
        self.nothing_becomes_a_stack()
        self.jobs_run()
        self.an_update_disturbs_nothing()
        self.what_is_in_use_is_not_taken_away()
        self.what_was_kept_comes_back()
        self.nothing_is_left()

    def nothing_becomes_a_stack(self) -> None:
        """Plan, then deploy; tables are protected; the Worker's and the schedule's stacks stand on it."""
        planned = self._sosw("deploy", "--dry-run")
        self._check(
            "a dry run tells the plan and leaves nothing", planned.returncode == 0 and not self._stacks(), planned
        )
        deployed = self._sosw("deploy", "--yes")
        self._check("the stack is deployed", self._stacks() == {"sosw": "CREATE_COMPLETE"}, deployed)
        table = self._stack.client("dynamodb").describe_table(TableName="sosw-tasks")["Table"]
        self._check("its tables are protected from deletion", table["DeletionProtectionEnabled"])
        self._check("the doctor finds nothing", self._sosw("doctor").returncode == 0)
        worker = self._sosw("deploy", WORKER, "--stack", "obedient", "--yes")
        self._check("a Worker's stack stands on it", self._stacks().get("obedient") == "CREATE_COMPLETE", worker)
        applied = self._sosw("apply", "-", "--yes", typed=json.dumps(SETTINGS))
        self._check("a labourer is declared", applied.returncode == 0, applied)
        watch = self._sosw("deploy", "--watch", "--yes")
        self._check("alarms and a dashboard watch it", self._stacks().get("sosw-watch") == "CREATE_COMPLETE", watch)
        when = ("--job", "-", "--cron", "* * * * ? *", "--into", str(self._folder))
        made = self._sosw("new", "schedule", "each-minute", *when, typed=json.dumps(JOB))
        rule = self._sosw("deploy", self._schedule, "--yes")
        self._check("a schedule is made and deployed", rule.returncode == 0, (made, rule))

    def jobs_run(self) -> None:
        """A dead letter and its replay, a job of the cron rule; every role may do what it must."""
        buried = self._client.submit("obedient", plan=["raise"] * 3 + ["return"], idempotency_key="buried")
        self._check("a task that keeps failing is dead", buried.wait(timeout=60).dead == 1)
        replayed = self._sosw("dead", "replay", "--job", "buried", "--why", "verified", "--yes")
        self._at.wait_for(lambda: buried.status(count=True).done == 1)
        self._check("its replay ends well", "1 replayed" in replayed.stdout, replayed)
        self._at.wait_for(lambda: any(job.id.startswith("each-minute.") for job in self._client.jobs()), patience=90)
        ruled = next(job for job in self._client.jobs() if job.id.startswith("each-minute."))
        self._check("the cron rule's job is done", ruled.wait(timeout=60).done == 1)
        (result,) = ruled.results()
        self._check("with what the rule says", result.payload == {"data": "by the rule"}, result.payload)
        gone = self._sosw("destroy", self._schedule, "--yes")
        self._check("the schedule is taken away", gone.returncode == 0 and "each-minute" not in self._stacks(), gone)

    def an_update_disturbs_nothing(self) -> None:
        """The stack is updated while tasks run: each is done, in one attempt."""
        shops = [f"shop-{number}" for number in range(24)]
        job = self._client.submit("obedient", **SHOPS, shops=shops, seconds=1, idempotency_key="across")
        self._at.wait_for(lambda: job.status(count=True).done > 0)
        updated = self._sosw("deploy", "--yes", "--parameter", "LogRetentionDays=7", "--parameter", "MemoryMb=1024")
        amid = job.status(count=True)
        status = job.wait(timeout=90)
        self._check("the stack is updated", self._stacks().get("sosw") == "UPDATE_COMPLETE", updated)
        self._check("while tasks were running", amid.done < len(shops), amid)
        self._check("and each task is done", status.done == len(shops), status)
        tasks = self._at.tasks_of({"job_id": "across", "tasks": len(shops)})
        failed = [f"{task.id}: {failure.error}: {failure.message}" for task in tasks for failure in task.failures]
        self._check("in one attempt", not failed, failed)
        function = self._stack.client("lambda").get_function_configuration(FunctionName="sosw-orchestrator")
        self._check("and the functions are as it says", function["MemorySize"] == 1024, function["MemorySize"])
        again = self._sosw("deploy", "--yes")
        self._check("deployed again, nothing changes", "nothing changes" in again.stdout, again)

    def what_is_in_use_is_not_taken_away(self) -> None:
        """Refused while a stack stands on it, and while a task waits, the Worker's as well as sosw's own."""
        tomorrow = SystemClock().now() + timedelta(days=1)
        waiting = self._client.submit("obedient", not_before=tomorrow, idempotency_key="waiting")
        refused = self._sosw("destroy", "--yes")
        said = "stack obedient stands on sosw" in refused.stderr
        self._check("it is not destroyed while a stack stands on it", refused.returncode == 1 and said, refused)
        waits = "1 waiting tasks, such as waiting#0"
        refused = self._sosw("destroy", WORKER, "--stack", "obedient", "--yes")
        self._check(
            "a Worker stays while a task of it waits", refused.returncode == 1 and waits in refused.stderr, refused
        )
        gone = self._sosw("destroy", WORKER, "--stack", "obedient", "--yes", "--force")
        self._check("and goes when that is forced", gone.returncode == 0 and "obedient" not in self._stacks(), gone)
        gone = self._sosw("destroy", "--watch", "--yes")
        self._check("the watch is taken away", gone.returncode == 0 and set(self._stacks()) == {"sosw"}, gone)
        refused = self._sosw("destroy", "--yes")
        said = "obedient has 0 running and 1 waiting tasks, such as waiting#0" in refused.stderr
        self._check("nor while a task waits", refused.returncode == 1 and said, refused)
        self._check("and is whole after that", self._stacks().get("sosw") == "UPDATE_COMPLETE", self._stacks())
        waiting.cancel(why="verified")
        self._at.wait_for(lambda: waiting.status().is_settled)

    def what_was_kept_comes_back(self) -> None:
        """Destroyed, the data stays; deployed again, it is there."""
        destroyed = self._sosw("destroy", "--yes")
        self._check("it is destroyed", destroyed.returncode == 0 and not self._stacks(), destroyed)
        self._check("and its tables are kept", len(self._tables()) == TABLES, self._tables())
        deployed = self._sosw("deploy", "--yes", "--json")
        taken = json.loads(deployed.stdout).get("takes_over", [])
        self._check("deployed again, it takes over tables and bucket", len(taken) == TABLES + 1, deployed)
        self._check("with what they hold", self._client.job("across").status(count=True).done == 24)
        doctor = self._sosw("doctor", "--job", "across")
        self._check("the doctor finds but the missing Worker", "has no function obedient" in doctor.stdout, doctor)

    def nothing_is_left(self) -> None:
        """Destroyed with its data, nothing is left, but the packages."""
        applied = self._sosw("apply", "-", "--yes", typed=json.dumps({**SETTINGS, "labourers": {}}))
        self._check("the labourer is undeclared", applied.returncode == 0, applied)
        self._check("the doctor finds nothing", self._sosw("doctor").returncode == 0)
        self._check("no Essential was refused anything", not (found := self._refusals()), found[:3])
        gone = self._sosw("destroy", "--yes", "--delete-data")
        buckets = [each["Name"] for each in self._stack.client("s3").list_buckets()["Buckets"]]
        self._check("destroyed with its data, no stack is left", gone.returncode == 0 and not self._stacks(), gone)
        self._check("no table", not self._tables(), self._tables())
        self._check("no bucket but that of packages", not [b for b in buckets if "packages" not in b], buckets)
        self._check("no role", not (roles := self._stack.client("iam").list_roles()["Roles"]), roles)

    def _sosw(self, *words: str, typed: str = "") -> CompletedProcess[str]:
        return run(self._at, *words, typed=typed, COLUMNS="200")

    def _stacks(self) -> dict[str, str]:
        found = self._stack.client("cloudformation").describe_stacks()["Stacks"]
        return {each["StackName"]: each["StackStatus"] for each in found}

    def _tables(self) -> list[str]:
        names: list[str] = self._stack.client("dynamodb").list_tables()["TableNames"]
        return [name for name in names if name.startswith("sosw-")]

    def _refusals(self) -> list[str]:
        lines = [line for name in self._at.names.functions for line in self._stack.logs(name)]
        return [line for line in lines if "AccessDenied" in line or "not authorized" in line]


def verify(tell: Callable[[str], object]) -> Checks:
    """On a local stack of its own."""
    checks, begun = Checks(tell), time.monotonic()
    with (
        local_stack(ROOT, name="verify-deploy", enforces_rights=True) as stack,
        pytest.MonkeyPatch.context() as patch,
        TemporaryDirectory() as folder,
    ):
        for name, value in stack.variables.items():
            patch.setenv(name, value)
        try:
            Verification(Deployment(stack), checks, Path(folder)).whole()
        except Exception as error:  # noqa: BLE001  (what ends it is a check that failed, and the others are told)
            checks("it goes on to the end", is_so=False, seen=repr(error))
    tell(f"after {time.monotonic() - begun:.0f} s")
    tell(checks.verdict)
    return checks


def main() -> None:
    """As a program: every check on a line of its own."""
    sys.exit(bool(verify(lambda line: sys.stdout.write(f"{line}\n")).failed))


if __name__ == "__main__":
    main()
