"""What a Worker's code signals during one attempt, until a report takes it along."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from sosw.domain.error_class import error_class
from sosw.domain.errors import Problem
from sosw.domain.reported import MAX_CLASSES, MAX_RESOURCES, MAX_USES, latency_problem, name_problem, too_many
from sosw.domain.signals import OTHERS, Signals, signal

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


class Notebook:
    """Signals by resource. Threads may share it. What it cannot keep is logged, once for each rule, and left out."""

    def __init__(self) -> None:
        self._writing = Lock()
        self._signals: dict[str, Signals] = {}
        self._used: dict[str, None] = {}
        self._said: set[str] = set()

    def note(self, resource: str, *, latency: Any = None, error: Any = None) -> None:
        """Add one use. Raises nothing, whatever it is given: a signal is never worth an attempt."""
        seconds = latency.total_seconds() if isinstance(latency, timedelta) else latency
        failed_as = None if error is None else error_class(error)
        with self._writing:
            problem = _problem(resource, seconds, failed_as) or self._no_room(resource)
            if problem is None:
                self._add(resource, seconds, failed_as)
        if problem is not None:
            self.drop(problem)

    def take(self, *, is_last: bool) -> dict[str, Signals]:
        """What was noted since the last time; with `is_last` also that the attempt ends, for each resource it used."""
        with self._writing:
            taken, self._signals = self._signals, {}
            if not is_last:
                return taken
            return {resource: replace(taken.get(resource, Signals()), ended=1) for resource in self._used}

    def put_back(self, taken: Mapping[str, Signals]) -> None:
        """What was taken for a report that could not be sent."""
        with self._writing:
            for resource, signals in taken.items():
                self._signals[resource] = signals + self._signals.get(resource, Signals())

    def drop(self, problem: Problem) -> None:
        """Say why a signal is left out, once for each rule."""
        if problem.rule not in self._said:
            self._said.add(problem.rule)
            log.warning("signal.dropped: %s", problem, extra={"why": str(problem)})

    def _add(self, resource: str, seconds: float | None, error: str | None) -> None:
        known = self._signals.get(resource, Signals())
        if error is not None and error not in known.errors and len(known.errors) >= MAX_CLASSES - 1:
            error = OTHERS
        self._used[resource] = None
        self._signals[resource] = known + signal(latency=None if seconds is None else float(seconds), error=error)

    def _no_room(self, resource: str) -> Problem | None:
        if resource not in self._used and len(self._used) >= MAX_RESOURCES:
            return too_many(resource)
        if self._signals.get(resource, Signals()).count >= MAX_USES:
            return Problem("resource", resource, f"has more than the {MAX_USES:,} uses that a report may tell of")
        return None


def _problem(resource: Any, seconds: Any, error: str | None) -> Problem | None:
    if seconds is None and error is None:
        return Problem("signal", resource, "must have a latency, an error, or both")
    if error == "":
        return Problem("error", error, "must be an exception, or the name of its class")
    return name_problem(resource) or (None if seconds is None else latency_problem(seconds))
