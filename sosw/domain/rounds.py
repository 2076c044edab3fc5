"""A round of the Orchestrator: labourers that it looks after as the minute rule does, although nobody woke them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import did_you_mean, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sosw.domain.task import LabourerName

KEY = "round"
GROUP = 50
"""Labourers of one round: so many do not wait for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """An order to the Orchestrator: dispatch these, where something is due."""

    labourers: Sequence[LabourerName]

    def to_event(self) -> dict[str, Any]:
        """As the Orchestrator is invoked with."""
        return {"sosw": {KEY: list(self.labourers)}}

    @classmethod
    def from_event(cls, event: Any) -> Round | None:
        """None for any event that is not an order of this kind."""
        order = event.get("sosw") if isinstance(event, dict) else None
        if not isinstance(order, dict) or KEY not in order:
            return None
        for key in order:
            if key != KEY:
                raise invalid(f"sosw.{key}", order[key], "is not part of a round", did_you_mean(key, [KEY]))
        names = order[KEY]
        if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
            raise invalid("sosw.round", names, "must be a list of names of labourers")
        return cls(labourers=names)


def shared_out(labourers: Sequence[LabourerName]) -> list[Round]:
    """Rounds of at most `GROUP` labourers, about equal in size."""
    count = -(-len(labourers) // GROUP)
    return [Round(labourers=labourers[number::count]) for number in range(count)]
