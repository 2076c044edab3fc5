"""The local stack: a whole AWS on 127.0.0.1, with real templates, Lambdas, tables, streams and rules.

    with local_stack(root) as stack:                                  # ends with the block, or with the process
        outputs = stack.deploy(root / "cloudformation/sosw.yaml", "sosw")
        stack.client("lambda").invoke(FunctionName="sosw-orchestrator")

`attach(root)` finds the one that `sosw local up` has started, in that folder or above it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sosw.local import ministack
from sosw.local.clients import ACCOUNT, SECRET, make_client
from sosw.local.deploy import Deployer
from sosw.local.environment import Environment, ensure_environment
from sosw.local.errors import NotRunning

UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStack:
    """A running local AWS."""

    root: Path
    """Of the project; its state is in `.sosw` there."""
    region: str
    server: ministack.Server
    environment: Environment

    @property
    def endpoint(self) -> str:
        return self.server.endpoint

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables with which any AWS SDK or tool talks to this stack."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client of that service. `config` goes to botocore's `Config`."""
        return make_client(service, endpoint=self.endpoint, region=self.region, **config)

    def deploy(
        self, template: Path, stack_name: str, parameters: Mapping[str, str] | None = None, *, patience: float = 120.0
    ) -> dict[str, str]:
        """Package and deploy; answers the outputs. Creates or updates, and changes nothing if nothing changed.

        A parameter `Runtime` is set to the Python that runs here, unless given. Raises `TemplateInvalid`,
        `InstallFailed` and `DeployFailed`, the last one also after `patience` seconds.
        """
        deployer = Deployer(self.root, self.environment, self.client, patience=patience)
        return deployer.deploy(template.resolve(), stack_name, parameters or {})

    def logs(self, function: str) -> list[str]:
        """What that function has printed so far, with Lambda's own lines, oldest first."""
        logs = self.client("logs")
        group = f"/aws/lambda/{function}"
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            events = [event for page in pages for event in page["events"]]
            return [event["message"].rstrip("\n") for event in sorted(events, key=lambda e: e["timestamp"])]
        return []

    def stop(self) -> None:
        """Ends the server and every Lambda of it, and removes its files. Safe to repeat."""
        self.server.stop()


@contextlib.contextmanager
def local_stack(
    root: Path,
    *,
    name: str = "stack",
    port: int = 0,
    region: str = ministack.REGION,
    enforces_rights: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Iterator[LocalStack]:
    """A stack of one's own, empty, for the length of the block; it ends with this process, however that ends.

    `name` is for its log, `.sosw/logs/<name>-<pid>.log`. `port` 0 takes a free one. `enforces_rights`: functions may
    do what the policies of their roles and of what they call allow, and nothing else, as on AWS. `variables` are in
    the environment of every function besides: with `AWS_ENDPOINT_URL` their calls go to a proxy of yours.
    """
    enforcing = {"AUTH": "true", "AWS_SECRET_ACCESS_KEY": SECRET} if enforces_rights else {}
    stack = start(
        root,
        name=f"{name}-{os.getpid()}",
        port=port,
        region=region,
        tethered=True,
        variables={**enforcing, **(variables or {})},
    )
    try:
        yield stack
    finally:
        stack.stop()


def start(
    root: Path,
    *,
    name: str = UP,
    port: int = 0,
    region: str = ministack.REGION,
    tethered: bool = False,
    variables: Mapping[str, str] | None = None,
) -> LocalStack:
    """Start an empty stack; `tethered` to this process, or on its own until `attach(root).stop()`."""
    root = root.resolve()
    environment = ensure_environment(root)
    settings = ministack.ServerSettings(name=name, port=port, region=region, tethered=tethered, environment=variables)
    server = ministack.start(root, environment, settings)
    return LocalStack(root=root, region=region, server=server, environment=environment)


def attach(root: Path, *, name: str = UP, region: str = ministack.REGION) -> LocalStack:
    """The running stack of that name: of `root`, else of the nearest folder above. Raises `NotRunning`."""
    root = root.resolve()
    for folder in (root, *root.parents):
        if server := ministack.find(folder, name):
            return LocalStack(root=folder, region=region, server=server, environment=ensure_environment(folder))
    raise NotRunning
