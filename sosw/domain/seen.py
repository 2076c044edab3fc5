"""What an Orchestrator has read of a labourer before it names tasks: its rows, and the head of its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sosw.domain.slots import SlotRow
    from sosw.domain.task import TaskId

HINT = 48
"""Places of a line that are looked at before it is known how many are wanted: half a read unit for each part of it."""


@dataclass(frozen=True, slots=True)
class Hint:
    """The head of a line as it was seen a moment ago."""

    tasks: Sequence[TaskId]
    shards: int
    """Parts of the line that were looked at."""

    def unnamed(self, names: Container[TaskId], wanted: int, shards: int) -> list[TaskId] | None:
        """The first `wanted` without a name; None when it does not show so many, and there may be others."""
        left = [task for task in self.tasks if task not in names]
        is_enough = shards <= self.shards and (len(left) >= wanted or len(self.tasks) < HINT)
        return left[:wanted] if is_enough else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a labourer before tasks are named: a write upon rows that are older now fails."""

    rows: Sequence[SlotRow]
    """All of its rows."""
    hint: Hint | None = None
