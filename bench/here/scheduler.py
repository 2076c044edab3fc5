"""Our Scheduler as it is deployed: the handler of its Lambda, its stores and its clients, over tables of its own."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from typing import Any, cast

import boto3

from bench import jobs
from bench.here.units import write_units
from bench.meter import Bill
from sosw.aws.dynamodb.models import CONFIG, SCHEMAS, TASKS, Item
from sosw.essential import scheduler_handler
from sosw.settings import ESSENTIAL_CONFIG, Names

CONFIGURATION = {
    "task_config": {"labourers": {jobs.LABOURER: {"max_simultaneous_invocations": 10}}},
    "job_schema_variants": {"default": {"chunkable_attrs": [[name, {}] for name in jobs.SCHEMA]}},
}
SAMPLES = 10
"""Items that are remembered, to check the rule with."""
_NAME_IN_INSERT = re.compile(r"'(\w+)': \?")


class Context:
    """Lambda's, as far as handlers look."""

    def __init__(self, request_id: str, remaining_ms: Callable[[], int]) -> None:
        self.aws_request_id, self.get_remaining_time_in_millis = request_id, remaining_ms


class StatementBill:
    """Write units of the statements that took effect, by the rule of item sizes; for botocore's events."""

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self.units = 0
        self.items: list[Item] = []
        """The first few that were written."""

    def __call__(self, model: Any, params: Any, **_: Any) -> None:
        """At `before-call`: every statement is billed, a refused one as well."""
        if model.name == "BatchExecuteStatement":
            items = [_written(statement) for statement in json.loads(params["body"])["Statements"]]
            with self._adding:
                self.units += sum(write_units(item, TASKS) for item in items)
                self.items += items[: SAMPLES - len(self.items)]


def _written(statement: dict[str, Any]) -> Item:
    return dict(zip(_NAME_IN_INSERT.findall(statement["Statement"]), statement["Parameters"], strict=True))


class MeteredScheduler:
    """The handler of the environment `prefix`, and what it calls."""

    def __init__(self, prefix: str) -> None:
        os.environ["SOSW_PREFIX"] = prefix
        self.names = Names(prefix)
        self.bill, self.statements = Bill(), StatementBill()
        session = boto3._get_default_session()
        session.events.register("after-call", self.bill)
        self._handler = scheduler_handler()
        client = cast("Any", self._handler)._world.database.client
        client.meta.events.register("after-call", self.bill)
        client.meta.events.register("before-call", self.statements)

    def __call__(self, event: Any, *, request_id: str, remaining_ms: Callable[[], int]) -> dict[str, Any]:
        answer: dict[str, Any] = self._handler(event, Context(request_id, remaining_ms))
        return answer


def deploy(prefix: str) -> Any:
    """Create the tables as the template does, and configure them; a client to look at them with."""
    client = boto3.client("dynamodb")
    for schema in SCHEMAS:
        more: dict[str, Any] = {}
        if schema.global_secondary_indexes:
            more["GlobalSecondaryIndexes"] = schema.global_secondary_indexes
        if schema.stream_view_type:
            more["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": schema.stream_view_type}
        client.create_table(
            TableName=schema.table_name(prefix),
            KeySchema=cast("Any", schema.key_schema),
            AttributeDefinitions=cast("Any", schema.attribute_definitions),
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
    row = {"env": "production", "config_name": ESSENTIAL_CONFIG, "config_value": json.dumps(CONFIGURATION)}
    item: Any = {name: {"S": value} for name, value in row.items()}
    client.put_item(TableName=CONFIG.table_name(prefix), Item=item)
    return client
