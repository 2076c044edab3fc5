"""What the Essentials take from their modules, replaced: threads, sleep, chance, logs and streams."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from sosw.domain import dead_notice
from sosw.essential import container, orchestrator, scavenger
from tests.factories import one_by_one
from tests.property.crash.outside import http
from tests.property.crash.town import Town
from tests.property.world.telling import small

ALL = 99
"""More tasks than any story has."""


class SilentLog:
    """Instead of the Essentials' own, which write to the standard output."""

    def __init__(self, _essential: str) -> None:
        self.mistakes: list[Exception] = []

    @contextmanager
    def invocation(self, _role: Any, _context: Any) -> Iterator[None]:
        yield

    def mistake(self, _name: str, error: Exception) -> None:
        self.mistakes.append(error)


@contextmanager
def staged() -> Iterator[pytest.MonkeyPatch]:
    """So that a story is told the same way every time."""
    logging.disable(logging.CRITICAL)
    try:
        with pytest.MonkeyPatch.context() as patch, small(2):
            for module in (orchestrator, scavenger):
                patch.setattr(module, "in_parallel", one_by_one)
            patch.setattr(orchestrator, "pause", lambda _number: None)
            patch.setattr(orchestrator, "wait", None)
            patch.setattr(container, "EssentialLog", SilentLog)
            patch.setattr(scavenger, "changes", list)
            patch.setattr(scavenger, "token", repr)
            patch.setattr("random.random", lambda: 0.0)
            yield patch
    finally:
        logging.disable(logging.NOTSET)


def stage_outside(patch: pytest.MonkeyPatch, town: Town, small: Mapping[str, int]) -> None:
    """What the Essentials and Workers reach besides; `small` are numbers to be set, by their full names."""
    patch.setenv("SOSW_DEAD_TOPIC", "topic")
    patch.setattr(scavenger, "SnsNotifier", lambda _topic, **_: town.parts["notifier"])
    patch.setattr(scavenger, "LabourerCounts", lambda: town.outside)
    patch.setattr(dead_notice, "EXAMPLES", ALL)
    patch.setattr("sosw.large._http", partial(http, town.parts["bucket"]))
    for name, number in small.items():
        patch.setattr(name, number)
