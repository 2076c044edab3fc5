"""Asks to be woken at moments to come: for what falls due then, and for tokens that will have come."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from sosw.domain.errors import InvokeUncertain
from sosw.domain.messages import Wake

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sosw.domain.task import LabourerName
    from sosw.ports import Clock, Reminder

log = logging.getLogger(__name__)

SECOND = timedelta(seconds=1)
HORIZON = timedelta(minutes=15)
"""What is due later than this is left to the minute rule: a reminder cannot wait longer."""
MAX_REMINDERS = 100
"""At a time: ten calls' worth."""


class Reminding:
    """Each second of a labourer once while this lives. A reminder may fail: the minute rule finds what is due too."""

    def __init__(self, reminder: Reminder, clock: Clock) -> None:
        self._reminder, self._clock = reminder, clock
        self._asked: set[tuple[datetime, LabourerName]] = set()

    def ask(self, later: Iterable[tuple[datetime, LabourerName]]) -> int:
        """For a wake of each labourer in the second after its moment; how many were asked for."""
        latest = self._clock.now() + HORIZON
        seconds = {(at.replace(microsecond=0) + SECOND, labourer) for at, labourer in later if at <= latest}
        new = sorted(seconds - self._asked)[:MAX_REMINDERS]
        if not new:
            return 0
        self._asked = {each for each in self._asked if each[0] > self._clock.now()} | set(new)
        try:
            self._reminder.remind([(at, Wake(ended={labourer: {}})) for at, labourer in new])
        except InvokeUncertain as error:
            log.warning("reminder.failed", extra={"why": str(error)})
        return len(new)
