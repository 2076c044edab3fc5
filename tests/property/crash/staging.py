"""What the Essentials take from their modules, replaced: threads, sleep, chance, logs and streams."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sosw import essential, world
from tests.factories import one_by_one
from tests.property.world.telling import small


class SilentLog:
    """Instead of the Essentials' own, which write to the standard output."""

    def __init__(self, _essential: str) -> None:
        self.mistakes: list[Exception] = []

    @contextmanager
    def invocation(self, _role: Any, _context: Any) -> Iterator[None]:
        yield

    def mistake(self, _name: str, error: Exception) -> None:
        self.mistakes.append(error)


class SilentCounts:
    """Instead of metrics, which are lines on the standard output."""

    def count(self, name: str, labourer: str, number: int) -> None:
        """Nobody counts."""


@contextmanager
def staged() -> Iterator[pytest.MonkeyPatch]:
    """So that a story is told the same way every time."""
    logging.disable(logging.CRITICAL)
    with pytest.MonkeyPatch.context() as patch, small(2):
        for module in (essential, world):
            patch.setattr(module, "in_parallel", one_by_one)
            patch.setattr(module, "pause", lambda _number: None)
        patch.setattr(essential, "wait", None)
        patch.setattr(essential, "EssentialLog", SilentLog)
        patch.setattr(essential, "changes", list)
        patch.setattr(essential, "token", repr)
        patch.setattr(world, "LabourerCounts", SilentCounts)
        patch.setenv("SOSW_DEAD_TOPIC", "topic")
        patch.setattr("random.random", lambda: 0.0)
        yield patch
    logging.disable(logging.NOTSET)
