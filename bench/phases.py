"""What each phase of tasks' lives costs. The standard library alone: both sides use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.meter import Bill, split, timed

CREATE, CLAIM, COMPLETE, STREAM, ARCHIVE = "create", "claim", "complete", "stream", "archive"
PHASES = (CREATE, CLAIM, COMPLETE, STREAM, ARCHIVE)


class Phases:
    """One bill, taken apart; what is called between phases is nobody's."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._costs: dict[str, Counter[str]] = {}
        self._calls: dict[str, Counter[str]] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """The block belongs to `phase`; a phase may have many."""
        self._bill.take()
        before = self._bill.bytes
        with timed() as taken:
            yield
        calls, units = self._bill.take()
        read, written = split(units)
        self._calls.setdefault(phase, Counter()).update(calls)
        cost: Counter[str] = self._costs.setdefault(phase, Counter())
        cost.update({"read_units": read, "write_units": written, "bytes": self._bill.bytes - before, **taken})

    def told(self) -> dict[str, dict[str, Any]]:
        """Calls by operation, units, bytes and seconds, by phase."""
        return {name: {"calls": dict(self._calls[name]), **cost} for name, cost in self._costs.items()}
