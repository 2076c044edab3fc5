"""The limits that an invocation of the Orchestrator works by."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from sosw.domain.errors import UnknownLimit
from sosw.domain.moments import EPOCH
from sosw.ports import Limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sosw.domain.settings import Labourer
    from sosw.domain.task import LabourerName
    from sosw.ports import Clock, Limits

log = logging.getLogger(__name__)

LIMIT_LIFE = timedelta(seconds=5)
"""So long a limit holds that was read: a pause or a cut reaches invocations that are at work."""


class StaticLimits:
    """`Limits` that are those of the settings, at version 0, for who keeps no records."""

    def tick(self) -> None:
        """There is nothing to look after."""

    def limits(self, labourers: Sequence[Labourer]) -> dict[LabourerName, Limit]:
        """See `Limits.limits`."""
        return {labourer.name: Limit(labourer.max_simultaneous_invocations) for labourer in labourers}


class LimitBook:
    """The limits of an invocation's labourers, read at once for all of them, and again when they are old."""

    def __init__(self, limits: Limits, labourers: Sequence[Labourer], clock: Clock) -> None:
        self._limits, self.labourers, self._clock = limits, labourers, clock
        self._known: dict[LabourerName, Limit] = {}
        self._fresh_until = EPOCH
        self._lock = Lock()

    def of(self, labourer: Labourer) -> Limit:
        """At most `LIMIT_LIFE` old; raises `UnknownLimit` when it cannot be told."""
        with self._lock:  # threads ask at once, and one reads for all
            now = self._clock.now()
            if now >= self._fresh_until:
                self._known, self._fresh_until = self._limits.limits(self.labourers), now + LIMIT_LIFE
            return self._told(labourer)

    def again(self, labourer: Labourer) -> Limit:
        """As of now; raises `UnknownLimit` when it cannot be told."""
        found = self._limits.limits([labourer])
        with self._lock:
            self._known = {**self._known, **found}
            return self._told(labourer)

    def _told(self, labourer: Labourer) -> Limit:
        if labourer.name not in self._known:
            raise UnknownLimit(labourer.name)
        return self._known[labourer.name]
