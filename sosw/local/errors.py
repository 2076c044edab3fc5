"""What can go wrong with the local stack, in one sentence that says what to do next."""

from __future__ import annotations

import re
from pathlib import Path

from sosw.domain.errors import SoswError


class LocalStackError(SoswError):
    """The local stack cannot do what was asked; the message is meant for the person who asked."""


class ToolMissing(LocalStackError):
    """A program that the local stack is made with is not on this machine."""

    def __init__(self, tool: str, remedy: str) -> None:
        self.tool, self.remedy = tool, remedy
        super().__init__(f"{tool} was not found: {remedy}")


_STRANGE = re.compile("Hash mismatch for `([^`]+)`")
"""As uv says it."""


class InstallFailed(LocalStackError):
    """Packages could not be installed; `output` is what the installer said."""

    def __init__(self, what: str, output: str) -> None:
        self.what, self.output = what, output
        if strange := _STRANGE.search(output):
            super().__init__(
                f"{what} could not be installed: the index has another archive of {strange[1]} than the one that is "
                "locked; deploy from another index, or find out who changed it"
            )
            return
        said = [line.strip(" ╰─▶×├") for line in output.splitlines() if line.strip()]
        reason = ": ".join(dict.fromkeys(said[:1] + said[-1:])) or "the installer said nothing"
        super().__init__(f"{what} could not be installed ({reason}): check the network, then try again")


class PortInUse(LocalStackError):
    """Another program listens there."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} is in use by another program: name another one, or none to get a free one")


class ServerFailed(LocalStackError):
    """A server of the local stack ended, or was not ready in time."""

    def __init__(self, server: str, reason: str, log: Path) -> None:
        self.server, self.reason, self.log = server, reason, log
        super().__init__(f"{server} {reason}: see {log}")


class NotRunning(LocalStackError):
    """There is no stack to talk to."""

    def __init__(self) -> None:
        super().__init__(
            "no local stack runs in this folder or above it: start one with `sosw local up` (in a clone, `make up`)"
        )


class TemplateInvalid(LocalStackError):
    """A template cannot be read or packaged."""

    def __init__(self, template: Path, reason: str) -> None:
        self.template, self.reason = template, reason
        super().__init__(f"template {template}: {reason}")


class DeployFailed(LocalStackError):
    """CloudFormation gave up; `resource` is the first one that failed, empty if it was the template itself."""

    def __init__(self, stack: str, resource: str, reason: str) -> None:
        self.stack, self.resource, self.reason = stack, resource, reason
        where = f"resource {resource}: " if resource else ""
        super().__init__(f"stack {stack} was not deployed: {where}{reason}")
