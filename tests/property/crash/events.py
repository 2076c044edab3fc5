"""What Lambda hands to a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a function is invoked with."""

    function: str
    body: Any
    request_id: str
    tries: int = 0


class Context:
    """Lambda's; the time that it leaves is over after so many questions."""

    memory_limit_in_mb, function_name, invoked_function_arn = 256, "f", "arn"

    def __init__(self, request_id: str, questions: int) -> None:
        self.aws_request_id, self._questions = request_id, questions

    def get_remaining_time_in_millis(self) -> int:
        self._questions -= 1
        return 900_000 if self._questions >= 0 else 10_000
