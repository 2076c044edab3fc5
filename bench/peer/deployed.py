"""Lambdas of sosw 0.7.51 over tables of their own: for the programs beside this one, which run in its environment."""

from __future__ import annotations

import importlib
import json
import os
import uuid
from types import SimpleNamespace
from typing import Any

import boto3

APP: Any = importlib.import_module("sosw.app")  # before our folder is on the path: it has a sosw too
jobs: Any = importlib.import_module("bench.jobs")
fake_lambda: Any = importlib.import_module("bench.fake_lambda")
meter: Any = importlib.import_module("bench.meter")

SCHEMA = {"chunkable_attrs": [[name, {}] for name in jobs.SCHEMA]}
A_BATCH, STEP = 25, 1000
WRITE_UNITS, READ_UNITS = 2, 3
"""Of the tables in the templates that it shows its users."""
GREENFIELD = ("sosw_tasks_greenfield", {"labourer_id": "HASH", "greenfield": "RANGE"})
STATUS = ("labourer_task_status_with_time", {"labourer_id_task_status": "HASH", "closed_at": "RANGE"})
RETRY = ("labourer_id_greenfield", {"labourer_id": "HASH", "desired_launch_time": "RANGE"})
TABLES: list[tuple[str, dict[str, str], Any]] = [
    ("config", {"env": "HASH", "config_name": "RANGE"}, None),
    ("sosw_tasks", {"task_id": "HASH"}, GREENFIELD),
    ("sosw_tasks_meta", {"task_id": "HASH", "created_at": "RANGE"}, None),
    ("sosw_closed_tasks", {"task_id": "HASH"}, STATUS),
    ("sosw_retry_tasks", {"labourer_id": "HASH", "task_id": "RANGE"}, RETRY),
]
NUMBERS = {"greenfield", "created_at", "closed_at", "desired_launch_time"}


def deploy(*, is_provisioned: bool = False) -> Any:
    """Create the tables; a client to look at them with."""
    client = boto3.client("dynamodb")
    for name, keys, index in TABLES:
        _create_table(client, name, keys, index, is_provisioned=is_provisioned)
    return client


def metered() -> Any:
    """The bill of all clients that are made from now on."""
    bill = meter.Bill()
    boto3.setup_default_session()
    events = boto3._get_default_session().events
    events.register("before-call", bill.sent)
    events.register("after-call", bill)
    events.register("provide-client-params.dynamodb", _ask_for_units)
    return bill


def configured(labourers: dict[str, int]) -> dict[str, Any]:
    """Its configuration with those labourers, by their limits."""
    known = {name: {"arn": name, "max_simultaneous_invocations": limit} for name, limit in labourers.items()}
    return {
        "task_config": {"labourers": known},
        "job_schema": SCHEMA,
        "job_schema_variants": {"default": SCHEMA},
    }


class Essential:
    """One of its Lambdas, warm: made and called by its own handler. There is room for one at a time in a process."""

    def __init__(self, role: str, configuration: dict[str, Any]) -> None:
        os.environ["AWS_LAMBDA_FUNCTION_NAME"] = f"sosw_{role}"
        module = importlib.import_module(f"sosw.{role}")
        held = APP.LambdaGlobals()
        held.lambda_context = _context(role)
        self.processor = getattr(module, "".join(part.title() for part in role.split("_")))(configuration)
        held.processor = self.processor
        self._handler = APP.get_lambda_handler(type(self.processor), held, configuration)
        self._role = role

    def __call__(self, event: Any) -> Any:
        return self._handler(event, _context(self._role))

    def invokes(self, fake: Any) -> None:
        """It has the stand-in for its client of Lambda from now on."""
        self.processor.task_client.lambda_client = fake


def put_in_line(client: Any, labourer: str, numbers: range) -> None:
    """Tasks as its Scheduler leaves them, but by batches, which it never uses. Their places are by their numbers."""
    items = [
        {
            "task_id": {"S": uuid.uuid1().hex},
            "labourer_id": {"S": labourer},
            "created_at": {"N": "1700000000"},
            "greenfield": {"N": str(STEP * (number + 2))},
            "attempts": {"N": "0"},
            "payload": {"S": json.dumps(jobs.payload(number))},
        }
        for number in numbers
    ]
    for at in range(0, len(items), A_BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[at : at + A_BATCH]]
        client.batch_write_item(RequestItems={"sosw_tasks": puts})


def _context(role: str) -> Any:
    """Lambda's, with all the time that there is."""
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:sosw_{role}"
    names = {"function_name": f"sosw_{role}", "log_stream_name": "bench", "invoked_function_arn": arn}
    return SimpleNamespace(aws_request_id=f"bench-{os.getpid()}", get_remaining_time_in_millis=lambda: 900_000, **names)


def _ask_for_units(params: dict[str, Any], model: Any, **_: Any) -> None:
    """Have DynamoDB tell what each call costs."""
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")


def _create_table(client: Any, name: str, keys: dict[str, str], index: Any, *, is_provisioned: bool) -> None:
    """A table of the peer's, with all attributes projected into its index, as its templates have it."""
    units = {"ReadCapacityUnits": READ_UNITS, "WriteCapacityUnits": WRITE_UNITS}
    throughput: dict[str, Any] = {"ProvisionedThroughput": units} if is_provisioned else {}
    used = dict(keys)
    more: dict[str, Any] = {}
    if index is not None:
        index_name, index_keys = index
        used |= index_keys
        projected = {"Projection": {"ProjectionType": "ALL"}, **throughput}
        more = {"GlobalSecondaryIndexes": [{"IndexName": index_name, "KeySchema": _schema(index_keys), **projected}]}
    types = [{"AttributeName": key, "AttributeType": "N" if key in NUMBERS else "S"} for key in used]
    billing = "PROVISIONED" if is_provisioned else "PAY_PER_REQUEST"
    more |= throughput
    client.create_table(
        TableName=name, KeySchema=_schema(keys), AttributeDefinitions=types, BillingMode=billing, **more
    )


def _schema(keys: dict[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()]
