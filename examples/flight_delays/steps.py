"""What it takes to run a job, a function a step: deploy, load, register, submit. On AWS its tools do the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.flight_delays import data
from examples.flight_delays.errors import DemoError
from sosw.aws.dynamodb import DynamoConfigSource, DynamoTaskStore
from sosw.domain.settings import EssentialSettings
from sosw.domain.task import JobId
from sosw.local import LocalStack
from sosw.local.health import wait_until_healthy
from sosw.settings import ESSENTIAL_CONFIG, Names

EXAMPLE = Path(__file__).parent
ROOT = EXAMPLE.parents[1]
NAMES = Names()


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What the example's own stack made."""

    bucket: str
    table: str


@contextmanager
def talking_to(stack: LocalStack) -> Iterator[None]:
    """Within it sosw's own adapters call this stack, whatever profile, credentials or proxy the user's shell has."""
    before = dict(os.environ)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    os.environ.update(stack.variables | nowhere | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def deploy(stack: LocalStack) -> Deployed:
    """Deploys sosw, then the example: the templates that AWS gets."""
    stack.deploy(ROOT / "cloudformation" / "sosw.yaml", "sosw", {"Prefix": NAMES.prefix})
    outputs = stack.deploy(EXAMPLE / "template.yaml", "flight-delays", {"Prefix": NAMES.prefix})
    wait_until_healthy(stack, ["sosw", "flight-delays"])
    return Deployed(bucket=outputs["FlightsBucket"], table=outputs["DelaysTable"])


def load_flights(
    stack: LocalStack, bucket: str, *, broken: tuple[str, str, str], on_done: Callable[[], object] = lambda: None
) -> dict[str, list[bytes]]:
    """Puts the whole year on S3 and returns its days as published; `broken` gets one line that no Worker can read."""
    days = data.split(data.fetch(ROOT))
    origin, carrier, date = broken
    uploaded = days | {date: data.damage(days[date], origin, carrier)}
    data.upload(stack.client("s3"), bucket, uploaded, on_done=on_done)
    return days


def register(stack: LocalStack, config: Mapping[str, Any]) -> None:
    """Stores the labourer's settings and the job's schema for sosw to read. Raises InvalidInput for mistaken ones."""
    EssentialSettings.checked(config)
    DynamoConfigSource.for_prefix(NAMES.prefix, region=stack.region, endpoint=stack.endpoint).put(
        ESSENTIAL_CONFIG, config
    )


def submit(stack: LocalStack, job: Mapping[str, Any]) -> JobId:
    """Hands the job to the Scheduler. Raises DemoError with what it said when it refuses."""
    answer = stack.client("lambda").invoke(FunctionName=NAMES.scheduler, Payload=json.dumps(job))
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise DemoError(f"the Scheduler refused the job: {said.get('errorMessage', said)}")
    return JobId(said["job_id"])


def tasks_of(stack: LocalStack) -> DynamoTaskStore:
    """Where the tasks can be read."""
    return DynamoTaskStore.for_prefix(NAMES.prefix, region=stack.region, endpoint=stack.endpoint)


def save_logs(stack: LocalStack, folder: Path) -> Path:
    """Writes what every function has printed into `folder`, a file each: the local stack forgets it when it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    for function in (*NAMES.functions, "flight-delays"):
        (folder / f"{function}.log").write_text("\n".join(stack.logs(function)), "utf-8")
    return folder


def read_json(name: str) -> dict[str, Any]:
    """A file of this folder."""
    found: dict[str, Any] = json.loads((EXAMPLE / name).read_text("utf-8"))
    return found
