"""The entries of the four Essentials. Each is loaded when it is first used: a Lambda pays for its own role alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sosw.essential.orchestrator import orchestrator_handler
    from sosw.essential.scavenger import scavenger_handler
    from sosw.essential.scheduler import scheduler_handler
    from sosw.essential.worker_assistant import worker_assistant_handler

__all__ = [
    "orchestrator_handler",
    "scavenger_handler",
    "scheduler_handler",
    "worker_assistant_handler",
]

_HOMES = {
    "orchestrator_handler": "sosw.essential.orchestrator",
    "scavenger_handler": "sosw.essential.scavenger",
    "scheduler_handler": "sosw.essential.scheduler",
    "worker_assistant_handler": "sosw.essential.worker_assistant",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415  (as in sosw itself)

    return getattr(import_module(_HOMES[name]), name)
