"""sosw deployed on a local stack of its own, with a Worker that does as it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sosw import Client
from sosw.aws.dynamodb import DynamoConfigSource, DynamoJobStore, DynamoRecordStore, DynamoSlotStore, DynamoTaskStore
from sosw.aws.objects import S3Objects
from sosw.client import SettingsFile
from sosw.domain.job import Totals
from sosw.domain.task import JobId, Task, task_id
from sosw.local import LocalStack, local_stack
from sosw.settings import ESSENTIAL_CONFIG, Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
SOSW = str(Path(sys.executable).with_name("sosw"))
LIMIT = 4
PACED_LIMIT = 5
BUSY, START = "api:busy", 40
"""A resource that Workers alone speak of, and its budget at first."""
FOREIGN = {
    "max_simultaneous_invocations": LIMIT,
    "duration": 10,
    "cooldown": 60,
    "retry": {"base": 0, "cap": 0, "errors": {"Crashed": "never", "OutOfMemory": "never", "TimedOut": "never"}},
}
"""Of functions without sosw's package: what they cannot report of themselves is not tried again."""
CONFIG = {
    "task_config": {
        "labourers": {
            "obedient": {
                "max_simultaneous_invocations": LIMIT,
                "duration": 10,
                "cooldown": 10,
                "retry": {"base": 0, "cap": 0},
            },
            "paced": {"arn": "obedient", "max_simultaneous_invocations": PACED_LIMIT, "duration": 10, "cooldown": 10},
            **dict.fromkeys(("foreign-node", "foreign-python"), FOREIGN),
            "absent": {"max_simultaneous_invocations": LIMIT},
            "mistaken": {"max_simultaneous_invocations": -1},
        }
    },
    "resources": {BUSY: {"target": 70, "band": 5, "ceiling": START, "start": START}},
    "job_schema_variants": {"by_shop": {"chunkable_attrs": [["shop", {}]]}},
    "metrics": "all",
}


@dataclass(frozen=True)
class Deployment:
    """sosw on a local stack, seen as a user sees it: jobs in, tasks to look at."""

    stack: LocalStack
    names: Names = Names()  # noqa: RUF009  (frozen)

    def submit(self, event: Any) -> dict[str, Any]:
        """What the Scheduler's Lambda answers; with `errorMessage` when it refuses."""
        answer = self.stack.client("lambda").invoke(FunctionName=self.names.scheduler, Payload=json.dumps(event))
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        return said

    def invoke(self, function: str, event: Any) -> None:
        self.stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))

    @property
    def tasks(self) -> DynamoTaskStore:
        return DynamoTaskStore.for_prefix(self.names.prefix, region=self.stack.region, endpoint=self.stack.endpoint)

    @property
    def slots(self) -> DynamoSlotStore:
        return DynamoSlotStore.for_prefix(self.names.prefix, region=self.stack.region, endpoint=self.stack.endpoint)

    @property
    def jobs(self) -> DynamoJobStore:
        return DynamoJobStore.for_prefix(self.names.prefix, region=self.stack.region, endpoint=self.stack.endpoint)

    @property
    def records(self) -> DynamoRecordStore:
        return DynamoRecordStore.for_prefix(self.names.prefix, region=self.stack.region, endpoint=self.stack.endpoint)

    def objects(self, bucket: str) -> S3Objects:
        return S3Objects(bucket, client=self.stack.client("s3"))

    def tasks_of(self, said: dict[str, Any]) -> list[Task]:
        """The tasks of the job that the Scheduler's answer is about, by number."""
        ids = [task_id(JobId(said["job_id"]), number) for number in range(said["tasks"])]
        found = self.tasks.get_many(ids)
        return [found[each] for each in ids]

    def totals(self, said: dict[str, Any]) -> Totals:
        job = self.jobs.get(JobId(said["job_id"]))
        assert job is not None
        return job.totals

    def wait_for(self, condition: Callable[[], object], *, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"not so after {patience} s"
            time.sleep(0.2)

    def closed(self, said: dict[str, Any], *, patience: float = 60, nudge: str | None = None) -> list[Task]:
        """The job's tasks once all are closed; `nudge`: a function to invoke meanwhile, as its minute rule does."""
        deadline = time.monotonic() + patience
        while not all(task.state.is_closed for task in self.tasks_of(said)):
            assert time.monotonic() < deadline, f"not closed after {patience} s: {self.tasks_of(said)}"
            if nudge:
                self.invoke(nudge, {})
            time.sleep(0.2)
        return self.tasks_of(said)


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    with local_stack(ROOT, name="e2e", enforces_rights=True) as stack:
        stack.deploy(ROOT / "cloudformation" / "sosw.yaml", "sosw")
        stack.deploy(ROOT / "tests" / "e2e" / "worker.yaml", "obedient")
        config = DynamoConfigSource.for_prefix("sosw", region=stack.region, endpoint=stack.endpoint)
        config.put(ESSENTIAL_CONFIG, CONFIG)
        yield Deployment(stack)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells the person who runs the tests, past what pytest keeps."""

    def tell(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201  (figures are for people)

    return tell


@pytest.fixture
def client(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Client:
    for name, value in deployment.stack.variables.items():
        monkeypatch.setenv(name, value)
    return Client()


@contextmanager
def declared(stack: LocalStack, file: Path) -> Iterator[None]:
    """For the length of the block, the labourers of that file among those of the other tests."""
    entry: Any = SettingsFile.read(file).values
    others: Any = CONFIG["task_config"]
    labourers = {**others["labourers"], **entry["labourers"]}
    config = DynamoConfigSource.for_prefix("sosw", region=stack.region, endpoint=stack.endpoint)
    config.put(ESSENTIAL_CONFIG, {**CONFIG, "task_config": {"labourers": labourers}})
    yield
    config.put(ESSENTIAL_CONFIG, CONFIG)


def run(deployment: Deployment, *words: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, its output in a pipe."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COLUMNS"))}
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    env = {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", **deployment.stack.variables, **variables}
    env = {name: value for name, value in env.items() if value}
    return subprocess.run(
        [SOSW, *words], input=typed, capture_output=True, text=True, check=False, env=env, timeout=120
    )
