"""Stand-ins for what lies outside the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sosw.domain import jsontext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sosw.domain.messages import Wake


class RecordingInvoker:
    """An `Invoker` that keeps what was started in `started`, as (function, event); `refuse` may raise instead."""

    def __init__(self, refuse: Callable[[str, Mapping[str, Any]], None] | None = None) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []
        self._refuse = refuse

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """See `Invoker.start`."""
        if self._refuse:
            self._refuse(function, event)
        self.started.append((function, jsontext.load(jsontext.dump(dict(event)))))


class RecordingReminder:
    """A `Reminder` that keeps what it was asked for in `wakes`, as (moment, wake)."""

    def __init__(self) -> None:
        self.wakes: list[tuple[datetime, Wake]] = []

    def remind(self, wakes: Sequence[tuple[datetime, Wake]]) -> None:
        """See `Reminder.remind`."""
        self.wakes.extend(wakes)
