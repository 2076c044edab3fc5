"""What things are called in an account, from the one prefix that tells environments apart."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

DEFAULT_PREFIX = "sosw"
ESSENTIAL_CONFIG = "sosw_essential_config"
"""Name of the stored configuration that the four Essentials share."""


def prefix() -> str:
    """That of this environment: everything that sosw owns in the account is named after it."""
    return os.environ.get("SOSW_PREFIX", DEFAULT_PREFIX)


def is_prefix(text: str) -> bool:
    """By the rule of the template's parameter `Prefix`."""
    return re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text) is not None


@dataclass(frozen=True, slots=True)
class Names:
    """Of functions and tables: `<prefix>-<what>`, as `cloudformation/sosw.yaml` names them."""

    prefix: str = DEFAULT_PREFIX

    @property
    def scheduler(self) -> str:
        """The function that jobs are submitted to."""
        return f"{self.prefix}-scheduler"

    @property
    def orchestrator(self) -> str:
        """The function that starts attempts."""
        return f"{self.prefix}-orchestrator"

    @property
    def worker_assistant(self) -> str:
        """The function that Workers report to."""
        return f"{self.prefix}-worker-assistant"

    @property
    def scavenger(self) -> str:
        """The function that mends."""
        return f"{self.prefix}-scavenger"

    @property
    def functions(self) -> tuple[str, str, str, str]:
        """All four."""
        return self.scheduler, self.orchestrator, self.worker_assistant, self.scavenger
