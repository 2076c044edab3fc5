"""Carries out what operators order: pause, resume and limit, at once, with a line in the log of whom it is about."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sosw.domain.errors import SoswError, StaleRecord
from sosw.domain.orders import ControlOrder, called, said
from sosw.domain.records import Entry
from sosw.domain.standing import Control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sosw.domain.records import Record
    from sosw.domain.settings import EssentialSettings
    from sosw.ports import Clock, RecordStore

log = logging.getLogger(__name__)

ROUNDS = 8
"""Tries to write a record while the regulation writes it too."""


class Controls:
    """Writes the `control` of records, and nothing else of them."""

    def __init__(
        self,
        records: RecordStore,
        clock: Clock,
        settings: EssentialSettings,
        pause: Callable[[int], None] = lambda _number: None,
    ) -> None:
        """`pause(n)` waits for a random while before the retry after lost race number `n`, counted from 0."""
        self._records, self._clock, self._settings, self._pause = records, clock, settings, pause

    def answer(self, event: Any, dispatch: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
        """Carry out the order that `event` is; `dispatch` what it may let start. Raises `InvalidInput` for no order."""
        order = ControlOrder.from_event(event, self._settings)
        done = self.carry_out(order)
        return done | (self._dispatched(order, dispatch) if done["lets_more_start"] else {})

    def carry_out(self, order: ControlOrder) -> dict[str, Any]:
        """What came of it: `target`, `changed`, `said` (a sentence), `control` as it is then, `lets_more_start`.

        Ordered twice, it changes nothing the second time, and says so. The line in the log is written first: no order
        takes effect without one; where writing the record fails then, the line tells what was tried.
        """
        logged: Control | None = None
        for number in range(ROUNDS):
            record = self._records.read([order.key])[order.key]
            before, now = control_of(record), self._clock.now()
            after = order.applied(before, now)
            if after == before:
                return _done(order, before, after)
            if logged != before:
                self._records.note(Entry(owner=order.target, at=now, what=order.line(before)))
                logged = before
            try:
                self._records.write(replace(record, value={**record.value, "control": after.to_json()}))
            except StaleRecord:
                self._pause(number)  # the regulation wrote it, or another operator: look again
            else:
                log.info("order.carried_out", extra={"target": order.target, **order.line(before)})
                return _done(order, before, after)
        raise SoswError(f"{called(order.target)} is being changed by others at this moment: order it again")

    def _dispatched(
        self, order: ControlOrder, dispatch: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> dict[str, Any]:
        try:
            return {"started": dispatch(order.wake).get("started", {})}
        except Exception:
            # The order stands, and must not look as if it did not; the minute rule starts what can be started.
            log.exception("order.not_dispatched", extra={"target": order.target})
            return {}


def control_of(record: Record) -> Control:
    """What operators have ordered of the owner of a record `state`."""
    return Control.from_json(record.value.get("control", {}))


def _done(order: ControlOrder, before: Control, after: Control) -> dict[str, Any]:
    return {
        "target": order.target,
        "changed": before != after,
        "said": said(order, before, after),
        "control": after.to_json(),
        "lets_more_start": before != after and order.lets_more_start(before),
    }
