"""What things are called in an account, from the one prefix that tells environments apart."""

from __future__ import annotations

import os
from dataclasses import dataclass

DEFAULT_PREFIX = "sosw"
ESSENTIAL_CONFIG = "sosw_essential_config"
"""Name of the stored configuration that the four Essentials share."""


def prefix() -> str:
    """That of this environment: everything that sosw owns in the account is named after it."""
    return os.environ.get("SOSW_PREFIX", DEFAULT_PREFIX)


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
