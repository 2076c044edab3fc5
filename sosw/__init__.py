"""sosw: runs work on AWS Lambda as fast as the things behind it can bear.

Names are loaded when first used: a Worker's Lambda imports the Worker and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sosw.client import Client
    from sosw.domain.verdicts import NonRetryable, RetryAfter, Snooze
    from sosw.handler import LambdaGlobals, get_lambda_handler
    from sosw.processor import Processor
    from sosw.worker import Worker

    __version__: str

__all__ = [
    "Client",
    "LambdaGlobals",
    "NonRetryable",
    "Processor",
    "RetryAfter",
    "Snooze",
    "Worker",
    "get_lambda_handler",
]

_HOMES = {
    "Client": "sosw.client",
    "LambdaGlobals": "sosw.handler",
    "NonRetryable": "sosw.domain.verdicts",
    "Processor": "sosw.processor",
    "RetryAfter": "sosw.domain.verdicts",
    "Snooze": "sosw.domain.verdicts",
    "Worker": "sosw.worker",
    "get_lambda_handler": "sosw.handler",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":  # pyproject.toml has it, and the installed package knows it from there
        from importlib.metadata import version  # noqa: PLC0415  (as below)

        return version(__name__)
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
