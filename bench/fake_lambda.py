"""Stands in for Lambda within a process, as a client of boto3's. The standard library alone: both sides use it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

TIMEOUT = 900
"""Seconds, of every function."""


class FakeLambda:
    """Takes what is invoked, at no cost to speak of; `heard` is told the name of each call."""

    def __init__(self, heard: Callable[[str], None] = lambda _name: None) -> None:
        self._heard, self._taking = heard, threading.Lock()
        self.invoked: deque[tuple[str, bytes | str]] = deque()
        """Functions and their events, as JSON."""

    def invoke(self, **call: Any) -> dict[str, Any]:
        """Lambda's Invoke."""
        with self._taking:
            self.invoked.append((call["FunctionName"], call["Payload"]))
            self._heard("lambda:Invoke")
        return {"StatusCode": 202, "ResponseMetadata": {"HTTPStatusCode": 202}}

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        """Lambda's GetFunctionConfiguration."""
        self._heard("lambda:GetFunctionConfiguration")
        return {"Timeout": TIMEOUT}
