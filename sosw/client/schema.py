"""Brings tables of an older version to that of this code, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sosw.client.service import Service
from sosw.domain.schema import SCHEMA_CONFIG, SCHEMA_VERSION, version_of


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One step, from the version before."""

    version: int
    """That of the tables after it."""
    what: str
    """What it does, for the person who is asked."""
    run: Callable[[Service], None]
    """Does it. It may be interrupted and begun anew, and the Essentials may work meanwhile."""


MIGRATIONS: tuple[Migration, ...] = ()
"""In order, one for each version after the first."""


class Schema:
    """The version of an environment's tables, as it was when this was made."""

    def __init__(self, service: Service, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        """Raises `TablesTooNew`, and `InvalidInput` where what is noted is no version."""
        self._service = service
        self._seen = service.config.look(SCHEMA_CONFIG)
        self.version = version_of(self._seen.value)
        self.steps = tuple(each for each in migrations if each.version > self.version)
        """What is to be done."""

    @property
    def is_noted(self) -> bool:
        """Whether the tables themselves say their version."""
        return self._seen.value is not None

    def migrate(self) -> None:
        """Take each step, and note it. Interrupted, it goes on with the step that was not noted."""
        for step in self.steps:
            step.run(self._service)
            self.note(step.version)

    def note(self, version: int = SCHEMA_VERSION) -> None:
        """Write down the version of the tables. Raises `StaleConfig` when somebody else did meanwhile."""
        self._service.config.replace(self._seen, {"version": version})
        self._seen = self._service.config.look(SCHEMA_CONFIG)
