"""Whether everything that a stack deployed is ready to work: tables, functions, event mappings, rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sosw.local.errors import DeployFailed
from sosw.local.stack import LocalStack

_POLL = 0.1  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceState:
    """One deployed resource, as its own service reports it."""

    kind: str
    name: str
    state: str
    is_settled: bool
    """It works, or was deployed switched off: nothing more will change by itself."""


def resource_states(stack: LocalStack, stack_name: str) -> Iterator[ResourceState]:
    """Those resources of a deployed stack that need time to become ready."""
    pages = stack.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name)
    for resource in (found for page in pages for found in page["StackResourceSummaries"]):
        if resource["ResourceType"] in _KINDS:
            kind, read, settled = _KINDS[resource["ResourceType"]]
            name, state = read(stack, resource["PhysicalResourceId"])
            yield ResourceState(kind=kind, name=name, state=state, is_settled=state in settled)


def wait_until_healthy(stack: LocalStack, stack_names: Iterable[str], *, patience: float = 60.0) -> None:
    """Raises `DeployFailed`, naming the first resource that is not ready after `patience` seconds."""
    deadline = time.monotonic() + patience
    for stack_name in stack_names:
        while unsettled := [r for r in resource_states(stack, stack_name) if not r.is_settled]:
            first = unsettled[0]
            if time.monotonic() > deadline:
                raise DeployFailed(stack_name, first.name, f"the {first.kind} is still {first.state}")
            time.sleep(_POLL)


def _table(stack: LocalStack, name: str) -> tuple[str, str]:
    return name, stack.client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"]


def _function(stack: LocalStack, name: str) -> tuple[str, str]:
    return name, stack.client("lambda").get_function_configuration(FunctionName=name)["State"]


def _mapping(stack: LocalStack, identifier: str) -> tuple[str, str]:
    mapping = stack.client("lambda").get_event_source_mapping(UUID=identifier)
    resource = mapping["EventSourceArn"].split(":")[5].split("/")  # table/NAME/stream/…, or the name of a queue
    source, target = resource[1] if len(resource) > 1 else resource[0], mapping["FunctionArn"].split(":")[-1]
    return f"{source} → {target}", mapping["State"]


def _rule(stack: LocalStack, name: str) -> tuple[str, str]:
    rule = stack.client("events").describe_rule(Name=name.rpartition("/")[2])
    return rule["Name"], rule["State"]


_KINDS: dict[str, tuple[str, Callable[[LocalStack, str], tuple[Any, Any]], tuple[str, ...]]] = {
    "AWS::DynamoDB::Table": ("table", _table, ("ACTIVE",)),
    "AWS::Lambda::Function": ("function", _function, ("Active",)),
    "AWS::Lambda::EventSourceMapping": ("event mapping", _mapping, ("Enabled", "Disabled")),
    "AWS::Events::Rule": ("rule", _rule, ("ENABLED", "DISABLED")),
}
