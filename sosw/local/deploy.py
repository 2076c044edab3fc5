"""A template onto the local CloudFormation: create or update the stack, wait for the end, say what failed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sosw.local.environment import Environment
from sosw.local.errors import DeployFailed, TemplateInvalid
from sosw.local.node import ensure_node
from sosw.local.package import Target, build_package
from sosw.local.templates import Template, read_template, render, runtimes, with_code_at
from sosw.local.tools import PYTHON_MINOR

_BUCKET = "sosw-local-packages"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_BODY_LIMIT = 51_200  # bytes, CloudFormation's
_POLL = 0.05  # seconds
_RUNTIME = "Runtime"
_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_UNUSABLE = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")

Clients = Callable[[str], Any]


class Deployer:
    """Deploys templates of the project at `root`. `clients` makes a client for a service's name."""

    def __init__(self, root: Path, environment: Environment, clients: Clients, *, patience: float = 120.0) -> None:
        self._root, self._environment, self._clients, self._patience = root, environment, clients, patience
        self._cloudformation = clients("cloudformation")
        self._s3 = clients("s3")

    def deploy(self, path: Path, stack: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """The stack's outputs. Raises `TemplateInvalid` before anything is deployed, `DeployFailed` afterwards."""
        template = read_template(path)
        values = _parameter_values(path, template, parameters)
        if any(runtime.startswith("nodejs") for runtime in runtimes(template, values)):
            ensure_node(self._root)
        packaged = with_code_at(template, values, lambda code: self._upload_code(code.folder(path)))
        request = {
            "StackName": stack,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
            "Capabilities": _CAPABILITIES,
            **self._body(stack, render(packaged)),
        }
        try:
            changes = self._apply(stack, request)
        except ClientError as error:
            raise DeployFailed(stack, "", error.response["Error"]["Message"]) from error
        return self._await_outputs(stack) if changes else self._outputs(self._describe(stack))

    def _upload_code(self, folder: Path) -> dict[str, str]:
        archive = build_package(self._root, folder, Target.of_local(self._environment))
        return {"Bucket": _BUCKET, "Key": self._upload(archive.name, archive.read_bytes())}

    def _upload(self, key: str, content: bytes) -> str:
        self._s3.create_bucket(Bucket=_BUCKET)
        self._s3.put_object(Bucket=_BUCKET, Key=key, Body=content)
        return key

    def _body(self, stack: str, text: str) -> dict[str, str]:
        if len(text.encode()) <= _BODY_LIMIT:
            return {"TemplateBody": text}
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        key = self._upload(f"{stack}-{digest}.json", text.encode())
        return {"TemplateURL": f"{self._s3.meta.endpoint_url}/{_BUCKET}/{key}"}

    def _apply(self, stack: str, request: dict[str, Any]) -> bool:
        """Whether there was anything to change."""
        present = self._describe(stack)
        if present and present["StackStatus"] in _UNUSABLE:
            self._cloudformation.delete_stack(StackName=stack)
            self._await(stack, lambda found: found is None)
            present = None
        if not present:
            self._cloudformation.create_stack(**request, OnFailure="DO_NOTHING")
            return True
        try:
            self._cloudformation.update_stack(**request)
        except ClientError as error:
            if "No updates are to be performed" in error.response["Error"]["Message"]:
                return False
            raise
        return True

    def _describe(self, stack: str) -> dict[str, Any] | None:
        try:
            found: list[dict[str, Any]] = self._cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return found[0] if found else None

    def _await(self, stack: str, is_over: Callable[[dict[str, Any] | None], bool]) -> dict[str, Any] | None:
        deadline = time.monotonic() + self._patience
        while not is_over(found := self._describe(stack)):
            if time.monotonic() > deadline:
                status = found["StackStatus"] if found else "absent"
                raise DeployFailed(stack, "", f"it is still {status} after {self._patience:g} s")
            time.sleep(_POLL)
        return found

    def _await_outputs(self, stack: str) -> dict[str, str]:
        found = self._await(stack, lambda now: now is None or not now["StackStatus"].endswith("_IN_PROGRESS"))
        if found is None or found["StackStatus"] not in _DONE:
            raise self._failure(stack, found)
        return self._outputs(found)

    def _failure(self, stack: str, found: dict[str, Any] | None) -> DeployFailed:
        failed = [event for event in self._last_events(stack) if event["ResourceStatus"].endswith("_FAILED")]
        if failed:  # the oldest is the cause, the others follow from it
            return DeployFailed(
                stack, failed[-1]["LogicalResourceId"], failed[-1].get("ResourceStatusReason", "no reason")
            )
        return DeployFailed(stack, "", (found or {}).get("StackStatusReason") or "it is gone")

    def _last_events(self, stack: str) -> Iterator[dict[str, Any]]:
        """What happened to resources since the last create or update began, the newest first."""
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
        for event in (event for page in pages for event in page["StackEvents"]):
            if event["LogicalResourceId"] != stack:
                yield event
            elif event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
                return

    @staticmethod
    def _outputs(found: dict[str, Any] | None) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in (found or {}).get("Outputs", [])}


def _parameter_values(path: Path, template: Template, parameters: Mapping[str, str]) -> dict[str, str]:
    declared = template.get("Parameters") or {}
    unknown = sorted(set(parameters) - set(declared))
    if unknown:
        raise TemplateInvalid(path, f"has no parameter {unknown[0]}; it has {', '.join(sorted(declared)) or 'none'}")
    # The local Lambdas run on this very Python, whatever version the template would say for AWS.
    is_python = str((declared.get(_RUNTIME) or {}).get("Default", "python")).startswith("python")
    runtime = {_RUNTIME: f"python{PYTHON_MINOR}"} if _RUNTIME in declared and is_python else {}
    return {**runtime, **parameters}
