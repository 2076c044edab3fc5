"""Writes slot rows on behalf of the Orchestrator and the sweep: frees slots under contention."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sosw.domain.errors import StaleRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.domain.slots import SlotRow
    from sosw.domain.task import LabourerName, TaskId
    from sosw.ports import SlotStore

log = logging.getLogger(__name__)

ROUNDS = 8


class SlotKeeper:
    """A `SlotStore` with the two ways of freeing slots. What cannot be freed now, the next sweep frees."""

    def __init__(self, slots: SlotStore, pause: Callable[[int], None] = lambda _number: None) -> None:
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self._slots, self._pause = slots, pause

    def rows(self, labourer: LabourerName) -> list[SlotRow]:
        """See `SlotStore.rows`."""
        return self._slots.rows(labourer)

    def write(self, row: SlotRow) -> SlotRow:
        """See `SlotStore.write`."""
        return self._slots.write(row)

    def drop(self, labourer: LabourerName, ended: Mapping[TaskId, int]) -> None:
        """From every row, the names older than the version at which the task was seen not running."""
        self._without(labourer, lambda _row: ended)

    def free(self, labourer: LabourerName, own: Mapping[int, Mapping[TaskId, int]]) -> None:
        """From each row only its own: names whose claim failed. Another row's name of that task may be alive."""
        self._without(labourer, lambda row: own.get(row, {}))

    def _without(self, labourer: LabourerName, ended: Callable[[int], Mapping[TaskId, int]]) -> None:
        for number in range(ROUNDS):
            is_lost = False
            for row in self._slots.rows(labourer):
                kept = row.without(ended(row.number))
                if kept == row:
                    continue
                try:
                    self._slots.write(kept)
                except StaleRow:
                    is_lost = True  # the other rows need not wait for this one
            if not is_lost:
                return
            self._pause(number)
        log.info("slots.contended", extra={"labourer": labourer})
