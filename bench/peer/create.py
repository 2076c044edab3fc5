"""Creates tasks by sosw 0.7.51's own Scheduler: `python -I bench/peer/create.py <on-demand|provisioned> 1000 …`.

Runs in the peer's environment alone, where `sosw` is that package, on the DynamoDB that the environment names. The
Scheduler is made and called by its own Lambda handler, and so are its TaskManager and its trail of events.
"""

from __future__ import annotations

import copy
import importlib
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

APP: Any = importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
SCHEDULER: Any = importlib.import_module("sosw.scheduler")
sys.path.append(str(Path(__file__).parents[2]))
jobs: Any = importlib.import_module("bench.jobs")
meter: Any = importlib.import_module("bench.meter")
stand_in: Any = importlib.import_module("bench.stand_in")

SCHEMA = {"chunkable_attrs": [[name, {}] for name in jobs.SCHEMA]}
CONFIGURATION = {
    "task_config": {"labourers": {jobs.LABOURER: {"arn": jobs.LABOURER}}},
    "job_schema": SCHEMA,
    "job_schema_variants": {"default": SCHEMA},
}
WRITE_UNITS, READ_UNITS = 2, 3
"""Of the tables in the templates that it shows its users."""
GREENFIELD = ("sosw_tasks_greenfield", {"labourer_id": "HASH", "greenfield": "RANGE"})
TABLES: list[tuple[str, dict[str, str], Any]] = [
    ("config", {"env": "HASH", "config_name": "RANGE"}, None),
    ("sosw_tasks", {"task_id": "HASH"}, GREENFIELD),
    ("sosw_tasks_meta", {"task_id": "HASH", "created_at": "RANGE"}, None),
]
NUMBERS = {"greenfield", "created_at"}


def main() -> None:
    billing, *counts = sys.argv[1:]
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "sosw_scheduler"
    with stand_in.StandIn():
        client = boto3.client("dynamodb")
        for name, keys, index in TABLES:
            create_table(client, name, keys, index, is_provisioned=billing == "provisioned")
        bill = meter.Bill()
        boto3.setup_default_session()
        events = boto3._get_default_session().events
        events.register("after-call", bill)
        events.register("provide-client-params.dynamodb", ask_for_units)
        handler = APP.get_lambda_handler(SCHEDULER.Scheduler, APP.LambdaGlobals(), CONFIGURATION)
        runs = [create(handler, bill, int(count)) for count in counts]
        there = client.scan(TableName="sosw_tasks", Select="COUNT")["Count"]
        meter.answer({"runs": runs, "there": there})


def create(handler: Any, bill: Any, tasks: int) -> dict[str, Any]:
    """One job of so many tasks: what it took, and what the first call of the handler takes besides."""
    job = copy.deepcopy(jobs.creating(tasks))
    bill.take()
    with meter.timed() as taken:
        handler(job, context())
    calls, units = bill.take()
    written = sum(units.get(name, 0) for name in ("PutItem", "UpdateItem"))
    return {"tasks": tasks, "calls": calls, "write_units": written, "read_units": units.get("Query", 0), **taken}


def context() -> Any:
    """Lambda's, with all the time that there is."""
    arn = "arn:aws:lambda:us-east-1:000000000000:function:sosw_scheduler"
    names = {"function_name": "sosw_scheduler", "log_stream_name": "bench", "invoked_function_arn": arn}
    return SimpleNamespace(aws_request_id=f"bench-{os.getpid()}", get_remaining_time_in_millis=lambda: 900_000, **names)


def ask_for_units(params: dict[str, Any], model: Any, **_: Any) -> None:
    """Have DynamoDB tell what each call costs."""
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")


def create_table(client: Any, name: str, keys: dict[str, str], index: Any, *, is_provisioned: bool) -> None:
    """A table of the peer's, with all attributes projected into its index, as its templates have it."""
    units = {"ReadCapacityUnits": READ_UNITS, "WriteCapacityUnits": WRITE_UNITS}
    throughput: dict[str, Any] = {"ProvisionedThroughput": units} if is_provisioned else {}
    used = dict(keys)
    more: dict[str, Any] = {}
    if index is not None:
        index_name, index_keys = index
        used |= index_keys
        projected = {"Projection": {"ProjectionType": "ALL"}, **throughput}
        more = {"GlobalSecondaryIndexes": [{"IndexName": index_name, "KeySchema": schema(index_keys), **projected}]}
    types = [{"AttributeName": key, "AttributeType": "N" if key in NUMBERS else "S"} for key in used]
    billing = "PROVISIONED" if is_provisioned else "PAY_PER_REQUEST"
    more |= throughput
    client.create_table(TableName=name, KeySchema=schema(keys), AttributeDefinitions=types, BillingMode=billing, **more)


def schema(keys: dict[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()]


if __name__ == "__main__":
    main()
