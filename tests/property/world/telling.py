"""Stories told by dice, and the setting that every story needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random

import pytest

from sosw import job_canceller, job_writer
from sosw.domain import slots
from tests.property.world.effects import LostError
from tests.property.world.play import ACTIONS, Action, Play
from tests.property.world.rough import ROUGH, RoughPlay


def tell(seed: int, length: int = 80) -> None:
    """The story of `length` actions that the die `seed` throws; raises when an invariant breaks."""
    _tell(seed, length, Play, ACTIONS)


def tell_rough(seed: int, length: int = 80) -> None:
    """The same in rough weather."""
    _tell(seed, length, RoughPlay, ROUGH)


def _tell(seed: int, length: int, kind: type[Play], actions: Mapping[str, Action]) -> None:
    die = Random(seed)
    with listening(), small(1 + seed % 2):
        play = kind(die.randrange)
        try:
            for _ in range(length):
                possible = [a for a in actions.values() if a.can(play)]
                (chosen,) = die.choices(possible, [a.weight for a in possible])
                chosen.act(play, die.randrange)
            play.come_to_rest()
        finally:
            play.stage.end()


@contextmanager
def small(row: int) -> Iterator[None]:
    """Rows of so few slots that a small limit needs several; batches so small that a small job needs several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "ROW_SLOTS", row)
        patch.setattr(job_writer, "BATCH", 2)
        patch.setattr(job_canceller, "STEP", 2)
        yield


@contextmanager
def listening() -> Iterator[None]:
    """What a role logs as an exception and goes on from must be of our making."""
    log, troubles = logging.getLogger("sosw"), _Troubles()
    log.addHandler(troubles)
    was_propagating, log.propagate = log.propagate, False
    try:
        yield
        assert not troubles.unexpected, troubles.unexpected
    finally:
        log.removeHandler(troubles)
        log.propagate = was_propagating


class _Troubles(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.unexpected: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, LostError):
            self.unexpected.append(error)
