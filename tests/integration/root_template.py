"""The root template as it is written, and as CloudFormation gets it: for the tests of it."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

TEMPLATE = Path(__file__).parents[2] / "cloudformation" / "sosw.yaml"
FUNCTIONS = ("Scheduler", "Orchestrator", "WorkerAssistant", "Scavenger")


@functools.cache
def written() -> dict[str, Any]:
    """Through JSON: plain dictionaries and lists, the short forms of functions spelt out."""
    loaded: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATE))))
    return loaded


@functools.cache
def transformed() -> dict[str, Any]:
    """The resources: what SAM makes of the template."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    plain = json.loads(json.dumps(written()))
    plain["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    resources: dict[str, Any] = transform(plain, {"Runtime": "python3.13"}, _NoManagedPolicies())["Resources"]
    return resources


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def statements_of(deployed: dict[str, Any], function: str) -> list[dict[str, Any]]:
    """What the function may do."""
    (policy,) = deployed[f"{function}Role"]["Properties"]["Policies"]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in policy["PolicyDocument"]["Statement"]]
